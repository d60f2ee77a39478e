"""The learning page: how well the engine does on the company's own work, what it learned lately, and what it may do by itself."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from assist.actions import funnel as actions
from assist.copilot import funnel
from assist.evaluation import charts
from assist.learning import bars, examples, policy, progress
from assist.models import ActionPolicy, LabelledExample, Learnt, ShadowSwitch
from helpdesk.core.errors import HelpdeskError
from helpdesk.core.models import User
from helpdesk.core.requests import AgentRequest
from tickets.models import Ticket

PAGE = 50
SHARE = {"class": "input", "min": "0", "max": "1", "step": "0.05"}


@login_required
@require_safe
def index(request: AgentRequest) -> HttpResponse:
    """What is evaluated: for now what was learned."""
    _overseer(request)
    shown = [(field, label, progress.above(field)) for field, label in progress.MEASURED]
    return render(request, "assist/evaluation/index.html", {"shown": shown})


@login_required
@require_safe
def drafts(request: AgentRequest) -> HttpResponse:
    """What became of reply drafts. `?days=` how far back. Five queries."""
    _overseer(request)
    days = next((days for days in funnel.PERIODS if str(days) == request.GET.get("days")), funnel.PERIODS[1])
    tables = [
        ("engine", _("By engine"), funnel.by("engine", days)),
        ("category", _("By category"), funnel.by("category", days)),
        ("week", _("By week"), funnel.by("week", days)),
    ]
    context = {"days": days, "periods": funnel.PERIODS, "whole": funnel.whole(days), "tables": tables, "actions": actions.by_kind(days)}
    return render(request, "assist/evaluation/drafts.html", context)


@login_required
@require_safe
def learning(request: AgentRequest) -> HttpResponse:
    """`?field=` category, priority, queue, assignee, escalation or article; `?days=` how far back."""
    _overseer(request)
    field = _field(request)
    days = next((days for days in progress.PERIODS if str(days) == request.GET.get("days")), progress.PERIODS[1])
    found = progress.of(field, days=days)
    points = [(float(number), week.accuracy) for number, week in enumerate(found.weeks, 1)]
    context = {
        "field": field,
        "fields": progress.MEASURED,
        "days": days,
        "periods": progress.PERIODS,
        "progress": found,
        "curve": charts.curve(_("Right first guesses, week by week"), points, below=_("weeks")) if len(points) > 1 else "",
        "calibration": charts.calibration(_("How sure against how often right"), found.buckets) if found.buckets else "",
    }
    return render(request, "assist/evaluation/learning.html", context)


@login_required
@require_safe
def cell(request: AgentRequest, field: str) -> HttpResponse:
    """The tickets behind one cell of the matrix: `?actual=&label=`."""
    _overseer(request)
    actual, label = request.GET.get("actual", "")[:64], request.GET.get("label", "")[:64]
    tickets = progress.tickets_of(field, actual=actual, label=label, viewer=request.user).select_related("customer", "queue", "category")
    page = Paginator(tickets, PAGE).get_page(request.GET.get("page"))
    context = {"page": page, "field": field, "actual": actual, "label": label, "query": f"actual={actual}&label={label}"}
    return render(request, "assist/evaluation/cell.html", context)


@login_required
@require_POST
def undo(request: AgentRequest, pk: int) -> HttpResponse:
    """Take one lesson back."""
    _overseer(request)
    example = get_object_or_404(LabelledExample, pk=pk, ticket__in=Ticket.objects.visible_to(request.user))
    try:
        examples.undo(example, by=request.user)
        messages.success(request, _("It no longer counts."))
    except HelpdeskError as refused:
        messages.warning(request, refused.detail)
    return redirect(f"/evaluation/learning/?field={example.field}#latest")


@login_required
@require_http_methods(["GET", "POST"])
def policies(request: AgentRequest) -> HttpResponse:
    """What the engine may do by itself, with what each threshold would have meant so far."""
    _overseer(request)
    forms_ = [PolicyForm(request.POST or None, prefix=action, instance=row) for action, row in policy.rows().items()]
    if request.method == "POST" and all([form.is_valid() for form in forms_]):
        for form in forms_:
            if form.has_changed():
                form.instance.changed_by, form.instance.changed_at = request.user, timezone.now()
                form.save()
        policy.forget_here()
        messages.success(request, _("Saved. It holds within seconds."))
        return redirect("assist-policies")
    status = 422 if request.method == "POST" else 200
    switch = ShadowSwitch.objects.select_related("changed_by").first()
    context: dict[str, Any] = {"rows": [_shown(form) for form in forms_], "switch": switch}
    context["fewest"] = bars.FEWEST
    return render(request, "assist/evaluation/policies.html", context, status=status)


@login_required
@require_POST
def shadow(request: AgentRequest) -> HttpResponse:
    """`on=yes`: everything is only predicted and measured, until it is switched off again."""
    on = request.POST.get("on") == "yes"
    policy.everything_in_shadow(on=on, by=_overseer(request))
    messages.success(request, _("Shadow mode is on: nothing is done or shown.") if on else _("Shadow mode is off."))
    return redirect("assist-policies")


class PolicyForm(forms.ModelForm[ActionPolicy]):
    class Meta:
        model = ActionPolicy
        fields = ("mode", "act_from", "propose_from", "by_measure")
        widgets = {
            "mode": forms.Select(attrs={"class": "input"}),
            "act_from": forms.NumberInput(attrs=SHARE),
            "propose_from": forms.NumberInput(attrs=SHARE),
        }


def _shown(form: PolicyForm) -> dict[str, Any]:
    """A row of the page: what is set, which bars hold, by how much they were chosen, and what they would have meant so far."""
    row = form.instance
    holds = policy.in_force(row)
    return {
        "form": form,
        "label": ActionPolicy.LABELS[row.action],
        "holds": holds,
        "never": holds.act_from > 1,
        "measured": row.by_measure and row.measured_act_from is not None,
        "chosen": row.action in bars.WANTED,
        "settled": progress.above(row.action),
        "above": progress.above(row.action, holds.act_from if row.action != "article" else holds.propose_from),
        "wanted": bars.WANTED.get(row.action),
    }


def _field(request: AgentRequest) -> str:
    asked = request.GET.get("field")
    return next((field for field, _label in progress.MEASURED if field == asked), Learnt.CATEGORY)


def _overseer(request: AgentRequest) -> User:
    if not request.user.oversees:
        raise PermissionDenied
    return request.user
