"""When people are there: lines such as "Mon-Fri 09:00-17:30" in the site's own time zone. No line: always."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, time
from zoneinfo import ZoneInfo

from django.utils import timezone

from assist.models import WidgetSite

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LINE = re.compile(r"(?P<first>[a-z]{3})(?:\s*[-–]\s*(?P<last>[a-z]{3}))?\s+(?P<opens>\d\d?:\d\d)\s*[-–]\s*(?P<ends>\d\d?:\d\d)")
MIDNIGHT = "24:00"


@dataclass(frozen=True)
class Span:
    """On these days (0 is Monday), from one time until before another; `ends` None: until midnight."""

    days: frozenset[int]
    opens: time
    ends: time | None


def read(text: str) -> list[Span]:
    """Raises ValueError, whose text is the line that nobody can read."""
    return [_span(line.strip()) for line in text.splitlines() if line.strip()]


def is_open(site: WidgetSite, at: datetime | None = None) -> bool:
    """Are people there now, or then?"""
    spans = read(site.hours)
    local = (at or timezone.now()).astimezone(ZoneInfo(site.time_zone))
    now = local.time()
    return not spans or any(local.weekday() in s.days and s.opens <= now and (s.ends is None or now < s.ends) for s in spans)


def _span(line: str) -> Span:
    found = LINE.fullmatch(line.lower())
    if found is None or found["first"] not in DAYS or (found["last"] or found["first"]) not in DAYS:
        raise ValueError(line)
    first, last = DAYS.index(found["first"]), DAYS.index(found["last"] or found["first"])
    days = range(first, last + 1) if first <= last else [*range(first, 7), *range(last + 1)]
    try:
        opens = _time(found["opens"])
        ends = None if found["ends"] == MIDNIGHT else _time(found["ends"])
    except ValueError as error:
        raise ValueError(line) from error
    if ends is not None and ends <= opens:
        raise ValueError(line)
    return Span(frozenset(days), opens, ends)


def _time(text: str) -> time:
    hour, _colon, minute = text.partition(":")
    return time(int(hour), int(minute))
