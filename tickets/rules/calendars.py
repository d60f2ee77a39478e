"""The calendars of business hours that conditions ask about: read once for a rule's turn, and only when a condition asks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cached_property

from tickets.models import BusinessHours
from tickets.sla.hours import Hours


class Calendars(Mapping[str, Hours]):
    """By id. One statement, at the first question."""

    @cached_property
    def _known(self) -> dict[str, Hours]:
        return {str(one.pk): one.as_hours() for one in BusinessHours.objects.prefetch_related("holidays")}

    def __getitem__(self, key: str) -> Hours:
        return self._known[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)


def is_open(calendars: Mapping[str, Hours], calendar: str, at: datetime) -> bool:
    """A calendar that is no more is round the clock, as for the SLA's clocks."""
    hours = calendars.get(calendar) if calendar else None
    return hours is None or hours.is_open(at)


def closed(calendars: Mapping[str, Hours], at: datetime) -> list[str]:
    """Those in which nobody works at this moment."""
    return [key for key, hours in calendars.items() if not hours.is_open(at)]
