"""Categories, articles and the state of our systems in the back office."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from helpdesk.core.admin_rights import BackOfficeAdmin, ReadOnlyAdmin
from helpdesk.core.errors import HelpdeskError
from knowledge import editing, publishing
from knowledge.models import Article, ArticleVote, Category, Component, Deployment, ImportRun, Incident


@admin.register(Category)
class CategoryAdmin(BackOfficeAdmin):
    list_display = ("name", "slug", "description", "position")
    list_editable = ("position",)
    search_fields = ("name", "description")


@admin.register(Article)
class ArticleAdmin(BackOfficeAdmin):
    """Many articles at once: who owns them, where they stand, when they are looked at again. The text is written in the editor,
    which keeps versions; the status is changed by actions, which tell the search index."""

    list_display = ("title", "category", "status", "audience", "language", "owner", "review_due", "helpful_count", "not_helpful_count")
    list_filter = ("status", "audience", "category", "language", "owner")
    list_select_related = ("category", "owner")
    search_fields = ("title", "slug")
    date_hierarchy = "review_due"
    fields = ("title", "editor", "slug", "status", "category", "keywords", "language", "audience", "owner", "review_due", "published_at")
    readonly_fields = ("title", "editor", "slug", "status", "published_at")
    actions = ("publish", "archive", "review_in_90_days")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # a new article starts in the editor

    @admin.display(description=_("text"))
    def editor(self, article: Article) -> str:
        return format_html('<a href="{}">{}</a>', reverse("knowledge-edit", args=[article.pk]), _("Open the editor"))

    def save_model(self, request: HttpRequest, obj: Article, form: Any, change: bool) -> None:
        publishing.revise(Article.objects.get(pk=obj.pk), by=request.user, **{name: form.cleaned_data[name] for name in form.changed_data})

    @admin.action(description=_("Publish the newest version"))
    def publish(self, request: HttpRequest, articles: QuerySet[Article]) -> None:
        self._each(request, articles, lambda article, user: editing.publish_newest(article, by=user))

    @admin.action(description=_("Archive"))
    def archive(self, request: HttpRequest, articles: QuerySet[Article]) -> None:
        self._each(request, articles, lambda article, user: editing.archive(article, by=user))

    @admin.action(description=_("Review again in 90 days"))
    def review_in_90_days(self, request: HttpRequest, articles: QuerySet[Article]) -> None:
        due = timezone.localdate() + timedelta(days=90)
        self._each(request, articles, lambda article, user: publishing.revise(article, by=user, review_due=due))

    def _each(self, request: HttpRequest, articles: QuerySet[Article], verb: Callable[[Article, Any], object]) -> None:
        """Do it to every chosen article; one that refuses says why and stops none of the others."""
        done = 0
        for article in articles:
            try:
                verb(article, request.user)
                done += 1
            except HelpdeskError as refused:
                self.message_user(request, f"{article}: {refused.detail}", messages.WARNING)
        self.message_user(request, ngettext("%(n)s article done.", "%(n)s articles done.", done) % {"n": done}, messages.SUCCESS)


@admin.register(ArticleVote)
class ArticleVoteAdmin(ReadOnlyAdmin):
    list_display = ("article", "helpful", "reason", "created_at")
    list_filter = ("helpful",)
    list_select_related = ("article",)
    search_fields = ("article__title", "reason")
    exclude = ("visitor",)


@admin.register(ImportRun)
class ImportRunAdmin(ReadOnlyAdmin):
    list_display = ("name", "state", "started_by", "started_at", "finished_at")
    list_filter = ("state",)
    list_select_related = ("started_by",)


@admin.register(Component)
class ComponentAdmin(BackOfficeAdmin):
    list_display = ("name", "state", "position")
    list_editable = ("state",)


@admin.register(Incident)
class IncidentAdmin(BackOfficeAdmin):
    list_display = ("reference", "title", "status", "impact", "started_at", "resolved_at")
    list_filter = ("status", "impact")
    search_fields = ("reference", "title")
    filter_horizontal = ("components",)


@admin.register(Deployment)
class DeploymentAdmin(BackOfficeAdmin):
    list_display = ("component", "version", "summary", "deployed_at")
    list_select_related = ("component",)
