"""Settings, escalations, duty: the weekly shifts of one level, and the days on which somebody stands in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST

from helpdesk.core.events import record
from helpdesk.core.models import User
from tickets import duty
from tickets.models import DutyDay, DutyShift, EscalationLevel
from tickets.models.escalation import STANDARD
from tickets.sla import words

from .people import supervisors_only
from .weeks import DAYS, WeekForm, zone_box

MOST_DAYS = 60  # coming ones that are listed


def colleagues() -> Any:
    return User.objects.filter(is_active=True).order_by("name")


class ShiftForm(WeekForm[DutyShift]):
    class Meta:
        model = DutyShift
        fields = ("person", "time_zone")
        widgets = {"time_zone": zone_box()}
        help_texts = {"time_zone": _("Empty: the colleague's own.")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["person"].queryset = colleagues()  # type: ignore[attr-defined]


class DayForm(forms.ModelForm[DutyDay]):
    class Meta:
        model = DutyDay
        fields = ("day", "person", "stand_in")
        widgets = {"day": forms.DateInput(attrs={"type": "date"})}
        help_texts = {"day": _("By the clock of their shift.")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["person"].queryset = colleagues()  # type: ignore[attr-defined]
        self.fields["person"].label = _t("Is not on duty")  # type: ignore[assignment]
        self.fields["stand_in"].queryset = colleagues()  # type: ignore[attr-defined]
        self.fields["stand_in"].empty_label = _t("Nobody")  # type: ignore[attr-defined]


@supervisors_only
@require_http_methods(["GET", "POST"])
def index(request: HttpRequest, level_slug: str) -> HttpResponse:
    """One level's shifts and days. POST: a colleague's shift, new or instead of the one they have (`?person=` shows that)."""
    level = _level(level_slug)
    chosen = request.POST.get("person") if request.method == "POST" else request.GET.get("person")
    form = ShiftForm(request.POST or None, instance=_shift(level, chosen))
    if request.method == "POST" and form.is_valid():
        with _told(level, request):
            shift = form.save()
        messages.success(request, _t("Saved: %(name)s.") % {"name": shift.person.name})
        return redirect("duty", level.slug)
    return _page(request, level, form, DayForm())


@require_POST
@supervisors_only
def day(request: HttpRequest, level_slug: str) -> HttpResponse:
    """Somebody is not on duty on a day; said anew, it holds instead."""
    level = _level(level_slug)
    form = DayForm(request.POST, instance=DutyDay(level=level))
    if not form.is_valid():
        return _page(request, level, ShiftForm(instance=DutyShift(level=level)), form)
    said = form.cleaned_data
    with _told(level, request):
        level.days.update_or_create(day=said["day"], person=said["person"], defaults={"stand_in": said["stand_in"]})
    messages.success(request, _t("Saved: %(name)s.") % {"name": said["person"].name})
    return redirect("duty", level.slug)


@require_POST
@supervisors_only
def remove(request: HttpRequest, level_slug: str, what: str, row_id: int) -> HttpResponse:
    """Take a shift or a day away; what is gone already is no error."""
    level = _level(level_slug)
    rows: Any = DutyShift.objects if what == "shift" else DutyDay.objects
    with _told(level, request):
        rows.filter(level=level.slug, pk=row_id).delete()
    messages.success(request, _t("Removed."))
    return redirect("duty", level.slug)


@contextmanager
def _told(level: EscalationLevel, request: HttpRequest) -> Iterator[None]:
    """A change of a level's duty, in one transaction with the event that tells of it."""
    with transaction.atomic():
        if level._state.adding:
            level.save()  # shifts hang on its row
        before = duty_data(level)
        yield
        record("escalation_level.changed", subject=level, by=request.user, name=str(level), old=before, new=duty_data(level))


def duty_data(level: EscalationLevel) -> dict[str, Any]:
    shifts = {shift.person.name: [shift.zone, shift.week] for shift in level.shifts.select_related("person")}
    days = [[str(one.day), one.person.name, str(one.stand_in or "")] for one in level.days.select_related("person", "stand_in")]
    return {"shifts": shifts, "days": days}


def _level(slug: str) -> EscalationLevel:
    if slug not in STANDARD:
        raise Http404
    return EscalationLevel.of(slug)


def _shift(level: EscalationLevel, person: str | None) -> DutyShift:
    """The shift that a colleague has there, or a new one."""
    try:
        found = level.shifts.select_related("person").filter(person=UUID(person or "")).first() if not level._state.adding else None
    except ValueError:
        found = None
    return found or DutyShift(level=level)


def _week(week: list[Any]) -> list[tuple[Any, Any, str]]:
    """(first day, last day, hours) of neighbouring days that are alike; days without hours are left out."""
    found: list[tuple[int, int, str]] = []
    for number, text in enumerate(words.day_text(day) for day in week):
        if found and found[-1][1:] == (number - 1, text):
            found[-1] = (found[-1][0], number, text)
        elif text:
            found.append((number, number, text))
    return [(DAYS[first], DAYS[last] if last > first else "", text) for first, last, text in found]


def _page(request: HttpRequest, level: EscalationLevel, form: ShiftForm, days: DayForm) -> HttpResponse:
    is_set = not level._state.adding
    coming = level.days.filter(day__gte=timezone.localdate() - timedelta(days=1)) if is_set else DutyDay.objects.none()
    shifts = level.shifts.select_related("person").order_by("person__name") if is_set else ()
    context = {
        "level": level,
        "form": form,
        "day_form": days,
        "shifts": [(one, _week(one.week)) for one in shifts],
        "days": coming.select_related("person", "stand_in")[:MOST_DAYS],
        "now": next((found for one, found in duty.roster() if one.slug == level.slug), []),
        "always": level.on_duty.order_by("name") if is_set else (),
    }
    return render(request, "settings/duty.html", context, status=422 if form.errors or days.errors else 200)
