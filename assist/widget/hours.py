"""When people are there: a calendar of the company's, as promises are counted by; else the site's own lines such as
"Mon-Fri 09:00-17:30" in its time zone. Neither: always."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta

from django.utils import timezone

from assist.models import WidgetSite
from tickets.sla.hours import ALWAYS, WHOLE_DAY, Hours

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LINE = re.compile(r"(?P<first>[a-z]{3})(?:\s*[-–]\s*(?P<last>[a-z]{3}))?\s+(?P<opens>\d\d?:\d\d)\s*[-–]\s*(?P<ends>\d\d?:\d\d)")
MIDNIGHT = "24:00"
LOOKED_AHEAD = timedelta(days=60)


def read(text: str, zone: str = "UTC") -> Hours:
    """The lines as a calendar. Raises ValueError, whose text is the line that nobody can read."""
    week: list[list[tuple[int, int]]] = [[] for _ in DAYS]
    for line in filter(None, (one.strip() for one in text.splitlines())):
        days, stretch = _read(line)
        for day in days:
            week[day].append(stretch)
    return Hours(zone=zone, week=tuple(tuple(sorted(day)) for day in week)) if any(week) else ALWAYS


def of(site: WidgetSite) -> Hours:
    """Two statements for a calendar, none for lines."""
    return site.calendar.as_hours() if site.calendar else read(site.hours, site.time_zone)


def is_open(site: WidgetSite, at: datetime | None = None) -> bool:
    """Are people there now, or then?"""
    return back_at(site, at) is None


def back_at(site: WidgetSite, at: datetime | None = None) -> datetime | None:
    """When people come back; None while they are there. A calendar that is closed for two months says its last day of them."""
    now = at or timezone.now()
    opens = next((begin for begin, _end in of(site).open_between(now, now + LOOKED_AHEAD)), now + LOOKED_AHEAD)
    return opens if opens > now else None


def _read(line: str) -> tuple[list[int], tuple[int, int]]:
    """Days (0 is Monday), and minutes of the day."""
    found = LINE.fullmatch(line.lower())
    if found is None or found["first"] not in DAYS or (found["last"] or found["first"]) not in DAYS:
        raise ValueError(line)
    first, last = DAYS.index(found["first"]), DAYS.index(found["last"] or found["first"])
    try:
        opens, ends = _minutes(found["opens"]), WHOLE_DAY if found["ends"] == MIDNIGHT else _minutes(found["ends"])
    except ValueError as error:
        raise ValueError(line) from error
    if ends <= opens:
        raise ValueError(line)
    return [*range(first, last + 1)] if first <= last else [*range(first, 7), *range(last + 1)], (opens, ends)


def _minutes(text: str) -> int:
    hour, _colon, minute = text.partition(":")
    at = time(int(hour), int(minute))
    return at.hour * 60 + at.minute
