"""The assistant in the back office: what was thought and what became of it; the scripts and rules of calls."""

from __future__ import annotations

from typing import Any

from django.contrib import admin

from assist.models import AgentAction, CallPolicy, CallScript, CallSession, Draft, Product, ScriptStep, Suggestion, TriageRun, TriageStep
from helpdesk.core.admin_rights import BackOfficeAdmin, ReadOnlyAdmin


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


class ScriptStepInline(admin.TabularInline[Any, Any]):
    model = ScriptStep
    extra = 1
    fields = ("position", "text", "phrases", "required")


@admin.register(CallScript)
class CallScriptAdmin(BackOfficeAdmin):
    list_display = ("name", "queue", "is_active")
    list_filter = ("is_active", "queue")
    list_select_related = ("queue",)
    inlines = (ScriptStepInline,)


@admin.register(CallPolicy)
class CallPolicyAdmin(BackOfficeAdmin):
    list_display = ("queue", "needs_consent")
    list_select_related = ("queue",)


@admin.register(Product)
class ProductAdmin(BackOfficeAdmin):
    """The names by which products are recognised in calls."""

    list_display = ("name", "aliases", "is_active")
    list_filter = ("is_active",)
    search_fields = ("name",)


@admin.register(CallSession)
class CallSessionAdmin(ReadOnlyAdmin):
    list_display = ("started_at", "provider", "call_id", "status", "agent", "customer", "queue", "ticket_id")
    list_filter = ("status", "provider", "disposition")
    list_select_related = ("agent", "customer", "queue")


@admin.register(AgentAction)
class AgentActionAdmin(ReadOnlyAdmin):
    list_display = ("timestamp", "agent_name", "action_type", "processing_time_ms", "confidence", "engine", "error")
    list_filter = ("agent_name", "engine")
