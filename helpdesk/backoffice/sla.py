"""Settings, promises: the policies in their order, and the calendars of business hours that they count in."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.db.models import Count, ProtectedError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from helpdesk.core.events import record
from tickets.models import BusinessHours, SlaPolicy
from tickets.sla import words
from tickets.sla.policies import PRIORITIES, STANDARD

from .people import supervisors_only
from .sla_forms import HoursForm, PolicyForm
from .weeks import DAYS

CLOSED_SHOWN = 12
LOOKED_AHEAD = 400  # days


@supervisors_only
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Every policy, in the order in which they are tried."""
    policies = list(SlaPolicy.objects.select_related("hours").prefetch_related("queues"))
    context = {
        "policies": [(one, _lines(one.targets)) for one in policies],
        "standard": None if any(one.is_default for one in policies) else _lines(STANDARD),
    }
    return render(request, "settings/sla.html", context)


@supervisors_only
def policy(request: HttpRequest, policy_id: Any = None) -> HttpResponse:
    """One policy; without an id a new one, with `?default=1` the one that takes every other ticket."""
    one = get_object_or_404(SlaPolicy, pk=policy_id) if policy_id else SlaPolicy(is_default=_wants_default(request))
    form = PolicyForm(request.POST or None, instance=one)
    if request.method == "POST" and form.is_valid():
        saved = form.keep(by=request.user)  # type: ignore[arg-type]
        messages.success(request, _("Saved: %(name)s. Open tickets are being worked out anew.") % {"name": saved})
        return redirect("sla")
    return render(request, "settings/sla_policy.html", {"form": form, "policy": one}, status=422 if form.errors else 200)


@require_POST
@supervisors_only
def remove_policy(request: HttpRequest, policy_id: str) -> HttpResponse:
    one = get_object_or_404(SlaPolicy, pk=policy_id)
    with transaction.atomic():
        record("policy.changed", subject=one, by=request.user, name=one.name, old={"name": one.name, "targets": one.targets}, new={})
        one.delete()
    messages.success(request, _("Removed: %(name)s.") % {"name": one})
    return redirect("sla")


@supervisors_only
@require_safe
def calendars(request: HttpRequest) -> HttpResponse:
    """Every calendar, with the week and the policies that count in it."""
    rows = BusinessHours.objects.annotate(used=Count("policies", distinct=True), closed=Count("holidays", distinct=True))
    shown = [(one, [(DAYS[number], words.day_text(day)) for number, day in enumerate(one.week)]) for one in rows]
    return render(request, "settings/hours.html", {"calendars": shown})


@supervisors_only
def calendar(request: HttpRequest, hours_id: Any = None) -> HttpResponse:
    """One calendar; without an id a new one, nine to five on working days."""
    one = get_object_or_404(BusinessHours, pk=hours_id) if hours_id else BusinessHours(week=[[[540, 1020]]] * 5 + [[], []])
    form = HoursForm(request.POST or None, request.FILES or None, instance=one)
    if request.method == "POST" and form.is_valid():
        saved = form.keep(by=request.user)  # type: ignore[arg-type]
        messages.success(request, _("Saved: %(name)s. Open tickets are being worked out anew.") % {"name": saved})
        return redirect("hours-one", saved.pk)
    context = {"form": form, "hours": one, "closed": _next_closed(one) if hours_id and not form.errors else []}
    return render(request, "settings/hours_one.html", context, status=422 if form.errors else 200)


@require_POST
@supervisors_only
def remove_calendar(request: HttpRequest, hours_id: str) -> HttpResponse:
    one = get_object_or_404(BusinessHours, pk=hours_id)
    try:
        with transaction.atomic():
            record("policy.changed", subject=one, by=request.user, name=one.name, old={"name": one.name, "week": one.week}, new={})
            one.delete()
    except ProtectedError:
        messages.warning(request, _("%(name)s is in use: give its policies other hours first.") % {"name": one})
    else:
        messages.success(request, _("Removed: %(name)s.") % {"name": one})
    return redirect("hours")


def _wants_default(request: HttpRequest) -> bool:
    return "default" in request.GET and not SlaPolicy.objects.filter(is_default=True).exists()


def _lines(targets: dict[str, Any]) -> list[tuple[str, list[str]]]:
    promised = [targets.get(priority, {}) for priority in PRIORITIES]
    return [
        (priority, [words.length_text(one.get(kind)) or "–" for kind in ("first_reply", "next_reply", "resolve")])
        for priority, one in zip(PRIORITIES, promised, strict=True)
    ]


def _next_closed(hours: BusinessHours) -> list[tuple[date, str]]:
    """The next days on which this calendar is closed although the week says otherwise."""
    calendar, own = hours.as_hours(), dict(hours.holidays.values_list("day", "name"))
    days = (timezone.localdate() + timedelta(days=number) for number in range(LOOKED_AHEAD))
    closed = [day for day in days if calendar.week[day.weekday()] and calendar.is_holiday(day)]
    return [(day, own.get(day) or calendar.holiday_name(day)) for day in closed[:CLOSED_SHOWN]]
