"""Settings, alerts and reports: what is open, the rules behind it, and who gets the figures by mail."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from helpdesk.core.errors import HelpdeskError
from helpdesk.models import Alert, AlertRule, ReportSubscription
from tickets.models import Queue

from . import alerts
from .people import supervisors_only

SHOWN = 20  # alerts that are over


@supervisors_only
@require_http_methods(["GET", "POST"])
def index(request: HttpRequest) -> HttpResponse:
    """What is open, the rules, and my report. POST makes a rule."""
    return _page(request, None)


@supervisors_only
@require_http_methods(["GET", "POST"])
def rule(request: HttpRequest, alert_rule: UUID) -> HttpResponse:
    """One rule to change. POST saves it, or removes it (`remove`)."""
    found = get_object_or_404(AlertRule, pk=alert_rule)
    if request.method == "POST" and "remove" in request.POST:
        alerts.remove_rule(found, by=_me(request))
        messages.success(request, _("Removed."))
        return redirect("alerts")
    return _page(request, found)


@require_POST
@supervisors_only
def seen(request: HttpRequest, alert_id: UUID) -> HttpResponse:
    """I take care of it."""
    alerts.acknowledge(get_object_or_404(Alert, pk=alert_id), by=_me(request))
    return redirect("alerts")


def _page(request: HttpRequest, found: AlertRule | None) -> HttpResponse:
    refused: HelpdeskError | None = None
    given: Any = request.POST if request.method == "POST" else _as_given(found)
    if request.method == "POST":
        try:
            alerts.save_rule({**request.POST.dict(), "is_on": "is_on" in request.POST}, by=_me(request), rule=found)
            messages.success(request, _("Saved. The figure was looked at."))
            return redirect("alerts")
        except HelpdeskError as error:
            refused = error
    mine = ReportSubscription.objects.filter(user=_me(request)).first()
    context = {
        "rule": found,
        "given": given,
        "refused": refused,
        "open": Alert.objects.open().select_related("rule__queue", "acknowledged_by"),
        "over": Alert.objects.exclude(closed_at=None).select_related("rule", "acknowledged_by").order_by("-closed_at")[:SHOWN],
        "rules": AlertRule.objects.select_related("queue"),
        "queues": Queue.objects.all(),
        "metrics": AlertRule.Metric.choices,
        "directions": AlertRule.Direction.choices,
        "severities": AlertRule.Severity.choices,
        "report_choices": ReportSubscription.Often.choices,
        "often": mine.often if mine else ReportSubscription.Often.NEVER,
    }
    return render(request, "settings/alerts.html", context, status=422 if refused else 200)


def _as_given(found: AlertRule | None) -> dict[str, Any]:
    if found is None:
        return {
            "metric": "first_response",
            "direction": "above",
            "limit": 300,
            "hours": 24,
            "at_least": 5,
            "severity": "warning",
            "is_on": True,
        }
    values = {name: getattr(found, name) for name in ("name", "metric", "direction", "limit", "hours", "at_least", "severity", "is_on")}
    return values | {"queue": found.queue.slug if found.queue else "", "limit": f"{found.limit:g}"}


def _me(request: HttpRequest) -> Any:
    return request.user
