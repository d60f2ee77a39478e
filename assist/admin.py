"""The assistant in the back office: what was thought and what became of it; the scripts and rules of calls."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from assist.models import (
    AgentAction,
    CallPolicy,
    CallScript,
    CallSession,
    Draft,
    EscalationRule,
    Experiment,
    ExperimentArm,
    FrustrationIndicator,
    OwnWorkflow,
    PriorityRule,
    Product,
    ScriptStep,
    Suggestion,
    TriageRun,
    TriageStep,
)
from assist.triage import trying
from helpdesk.core.admin_rights import BackOfficeAdmin, ReadOnlyAdmin
from helpdesk.core.errors import HelpdeskError


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


class RuleAdmin(BackOfficeAdmin):
    """Who changed what stands in the history of each rule. An action says how many past tickets a rule would have met."""

    list_display_links = ("name",)
    list_editable = ("position", "is_active")
    list_filter = ("is_active",)
    actions = ("try_on_past_tickets",)

    @admin.action(description=_("Count the past tickets that it meets"))
    def try_on_past_tickets(self, request: HttpRequest, rules: QuerySet[Any]) -> None:
        for rule in rules:
            met, tried = trying.count(rule.when)
            self.message_user(request, _("%(rule)s: %(met)s of the last %(tried)s") % {"rule": rule, "met": met, "tried": tried})


@admin.register(EscalationRule)
class EscalationRuleAdmin(RuleAdmin):
    list_display = ("name", "reason", "level", "at_least", "position", "is_active")


@admin.register(PriorityRule)
class PriorityRuleAdmin(RuleAdmin):
    list_display = ("name", "reason", "effect", "value", "position", "is_active")


@admin.register(FrustrationIndicator)
class FrustrationIndicatorAdmin(BackOfficeAdmin):
    list_display = ("reason", "pattern", "weight", "is_active")
    list_editable = ("weight", "is_active")
    list_filter = ("is_active",)
    search_fields = ("reason", "pattern")


class OwnWorkflowForm(forms.ModelForm[OwnWorkflow]):
    try_on = forms.CharField(required=False, max_length=24, label=_("Try it on ticket"), help_text=_("A number: nothing is saved then"))

    def clean(self) -> dict[str, Any] | None:
        entered = super().clean() or {}
        number = str(entered.get("try_on") or "").strip().upper()
        if number and not self.errors:
            try:
                steps = trying.walk(OwnWorkflow(**{k: v for k, v in entered.items() if k != "try_on"}), number)
            except HelpdeskError as error:
                raise forms.ValidationError(error.detail) from error
            raise forms.ValidationError(_("Not saved yet. %(number)s would take: %(steps)s") % {"number": number, "steps": steps})
        return entered


@admin.register(OwnWorkflow)
class OwnWorkflowAdmin(BackOfficeAdmin):
    form = OwnWorkflowForm
    list_display = ("title", "name", "position", "is_active")
    list_editable = ("position", "is_active")


class ExperimentArmInline(admin.TabularInline[Any, Any]):
    model = ExperimentArm
    extra = 0
    can_delete = False
    fields = readonly_fields = ("position", "name", "engine", "model", "prompt_number", "weight", "stopped_at", "stopped_why")


@admin.register(Experiment)
class ExperimentAdmin(ReadOnlyAdmin):
    """To look up. They are written, started and decided under AI evaluation, where the numbers stand beside the button."""

    list_display = ("name", "state", "feature", "metric", "unit", "started_at", "winner", "created_by")
    list_filter = ("state", "feature", "metric")
    list_select_related = ("winner", "created_by")
    inlines = (ExperimentArmInline,)
