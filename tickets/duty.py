"""Who is on duty at this moment: those who always are, those whose shift it is, and who stands in for them today."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Prefetch
from django.utils import timezone

from helpdesk.core.models import User
from helpdesk.core.zones import zone_of
from tickets.models import DutyDay, DutyShift, EscalationLevel

Days = Mapping[tuple[UUID, date], DutyDay]


@dataclass(frozen=True)
class OnDuty:
    """`instead_of`: for whom they stand in. `until`: when the shift ends; None for who always is."""

    person: User
    instead_of: User | None = None
    until: datetime | None = None


def roster(at: datetime | None = None) -> list[tuple[EscalationLevel, list[OnDuty]]]:
    """Every level that has duty at all, with who is on it. Four queries whatever is set up."""
    moment = at or timezone.now()
    near = (moment.date() - timedelta(days=1), moment.date() + timedelta(days=1))  # whatever the time zone
    days = Prefetch("days", DutyDay.objects.filter(day__range=near).select_related("person", "stand_in"))
    shifts = Prefetch("shifts", DutyShift.objects.select_related("person").order_by("person__name"))
    levels = EscalationLevel.objects.prefetch_related("on_duty", shifts, days)
    return [(level, list(_of(level, moment))) for level in levels if level.on_duty.all() or level.shifts.all()]


def at_level(slug: str, at: datetime | None = None) -> list[User]:
    """Whom an escalation to this level is told."""
    return next((list(dict.fromkeys(one.person for one in found)) for level, found in roster(at) if level.slug == slug), [])


def _of(level: EscalationLevel, at: datetime) -> Iterator[OnDuty]:
    days = {(one.person_id, one.day): one for one in level.days.all()}
    shifts = list(level.shifts.all())
    with_hours = {shift.person_id for shift in shifts}
    for person in level.on_duty.all():
        if person.pk not in with_hours:  # whose hours are known is not on duty outside them
            yield from _standing(person, at, zone_of(person.time_zone), days, None)
    for shift in shifts:
        hours = shift.as_hours()
        zone = zone_of(hours.zone)
        for begins, ends in hours.of(at.astimezone(zone).date()):
            if begins <= at < ends:
                yield from _standing(shift.person, at, zone, days, ends)


def _standing(person: User, at: datetime, zone: ZoneInfo, days: Days, until: datetime | None) -> Iterator[OnDuty]:
    """The person, or who stands in for them on this day. Who has left is on no duty."""
    changed = days.get((person.pk, at.astimezone(zone).date()))
    stands = changed.stand_in if changed else person
    if stands is not None and stands.is_active:
        yield OnDuty(stands, person if changed else None, until)
