"""Categories, articles and the state of our systems in the back office."""

from __future__ import annotations

from django.contrib import admin

from helpdesk.core.admin_rights import BackOfficeAdmin
from knowledge.models import Article, Category, Component, Deployment, Incident


@admin.register(Category)
class CategoryAdmin(BackOfficeAdmin):
    list_display = ("name", "slug", "description", "position")
    list_editable = ("position",)
    search_fields = ("name", "description")


@admin.register(Article)
class ArticleAdmin(BackOfficeAdmin):
    list_display = ("title", "category", "status", "audience", "language", "review_due", "helpful_count", "not_helpful_count")
    list_filter = ("status", "audience", "category", "language")
    list_select_related = ("category",)
    search_fields = ("title", "slug")
    prepopulated_fields = {"slug": ("title",)}
    exclude = ("search",)


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
