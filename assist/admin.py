"""Triage runs and suggestions in the back office: what was thought, how long it took, what became of it."""

from __future__ import annotations

from typing import Any

from django.contrib import admin

from assist.models import Draft, Suggestion, TriageRun, TriageStep
from helpdesk.core.admin_rights import ReadOnlyAdmin


class StepInline(admin.TabularInline[Any, Any]):
    model = TriageStep
    extra = 0
    can_delete = False
    fields = readonly_fields = ("position", "name", "engine", "ms", "output", "error")


@admin.register(TriageRun)
class TriageRunAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "ticket", "state", "engine", "total_ms", "applied")
    list_filter = ("state", "engine", "workflow")
    list_select_related = ("ticket",)
    inlines = (StepInline,)


@admin.register(Suggestion)
class SuggestionAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "suggestion_type", "title", "confidence_score", "shown_to_agent", "agent_clicked", "agent_feedback")
    list_filter = ("suggestion_type", "agent_feedback", "shown_to_agent")


@admin.register(Draft)
class DraftAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "ticket", "state", "confidence", "tone", "engine", "edit_distance")
    list_filter = ("state", "engine")
    list_select_related = ("ticket",)
