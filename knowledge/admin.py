"""Categories, articles and the state of our systems in the back office."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from helpdesk.core.admin_rights import BackOfficeAdmin, ReadOnlyAdmin
from helpdesk.core.decoding import decoded
from helpdesk.core.errors import HelpdeskError
from helpdesk.core.models import User
from knowledge import editing, publishing, synonyms
from knowledge.models import Alert, Article, ArticleVote, Category, Component, Deployment, ImportRun, Incident, StatusHook, SynonymGroup


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


class SynonymsForm(forms.Form):
    file = forms.FileField(label=_("file"), required=False)
    lines = forms.CharField(label=_("or lines"), required=False, max_length=synonyms.MOST_BYTES, widget=forms.Textarea(attrs={"rows": 8}))

    def clean(self) -> dict[str, Any]:
        entered = super().clean() or {}
        file = entered.get("file")
        try:
            said = decoded(file.name, file.read(synonyms.MOST_BYTES + 1), synonyms.MOST_BYTES)[0] if file else ""
        except HelpdeskError as unreadable:
            raise ValidationError(unreadable.detail) from unreadable
        entered["text"] = f"{said}\n{entered.get('lines', '')}".strip()
        if not entered["text"]:
            raise ValidationError(_("Choose a file or write some lines."))
        return entered


@admin.register(SynonymGroup)
class SynonymGroupAdmin(BackOfficeAdmin):
    """What the company calls the same thing. Search knows it from the next question on."""

    list_display = ("__str__", "one_way", "note")
    list_filter = ("one_way",)
    search_fields = ("terms", "note")
    change_list_template = "admin/knowledge/synonymgroup/change_list.html"

    def get_urls(self) -> list[Any]:
        return [path("import/", self.admin_site.admin_view(self.bring_in), name="knowledge_synonymgroup_import"), *super().get_urls()]

    def bring_in(self, request: HttpRequest) -> HttpResponse:
        """Synonyms from a text file: what was taken, and what was not and why."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = SynonymsForm(request.POST, request.FILES) if request.method == "POST" else SynonymsForm()
        report = synonyms.read(form.cleaned_data["text"]) if form.is_bound and form.is_valid() else None
        context = {
            **self.admin_site.each_context(request),
            "title": _("Import synonyms"),
            "form": form,
            "report": report,
            "opts": self.opts,
        }
        return TemplateResponse(request, "admin/knowledge/synonymgroup/import.html", context)


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
class IncidentAdmin(ReadOnlyAdmin):
    """The whole record. Incidents are opened, told of and resolved in the console, which tells everybody else."""

    list_display = ("reference", "title", "status", "impact", "source", "is_public", "started_at", "resolved_at")
    list_filter = ("status", "impact", "source")
    search_fields = ("reference", "title")


@admin.register(Alert)
class AlertAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "firing", "starts_at", "ends_at", "incident")
    list_filter = ("firing",)
    list_select_related = ("incident",)


@admin.register(StatusHook)
class StatusHookAdmin(BackOfficeAdmin):
    """Addresses for systems that cannot send an API key. The address is shown once, when it is made."""

    list_display = ("name", "kind", "is_active", "last_used_at")
    fields = ("name", "kind", "is_active", "last_used_at")
    readonly_fields = ("last_used_at",)
    runs_by = (User.Role.ADMIN,)
    actions = ("renew",)

    def save_model(self, request: HttpRequest, obj: StatusHook, form: Any, change: bool) -> None:
        token = "" if change else obj.renew()
        super().save_model(request, obj, form, change)
        if token:
            self._show(request, obj, token)

    @admin.action(description=_("Give a new address; the old one ends"))
    def renew(self, request: HttpRequest, hooks: QuerySet[StatusHook]) -> None:
        for hook in hooks:
            token = hook.renew()
            hook.save(update_fields=["token_hash"])
            self._show(request, hook, token)

    def _show(self, request: HttpRequest, hook: StatusHook, token: str) -> None:
        address = f"{settings.SITE_URL}{reverse('api-status-hook', args=[token])}"
        self.message_user(request, _("%(name)s posts to %(address)s (shown once)") % {"name": hook, "address": address})


@admin.register(Deployment)
class DeploymentAdmin(BackOfficeAdmin):
    list_display = ("component", "version", "summary", "deployed_at")
    list_select_related = ("component",)
