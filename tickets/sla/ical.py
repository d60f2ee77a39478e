"""Holidays from an iCalendar file: the days that its events cover, and what they are called."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta

MOST_DAYS = 2_000
LONGEST = 1_000_000  # characters
LONGEST_EVENT = 60  # days: a school holiday; what is longer is no holiday
YEARS_AHEAD = 5  # that a yearly event is written out for
_DATE = re.compile(r"^(\d{4})(\d{2})(\d{2})(T\d{6}Z?)?$")


def days(text: str, *, today: date) -> dict[date, str]:
    """Each covered day with its name. Raises ValueError for what is no calendar or holds no event."""
    if "BEGIN:VCALENDAR" not in text[:LONGEST].upper():
        raise ValueError("no calendar")
    found: dict[date, str] = {}
    for event in _events(text[:LONGEST]):
        for start in _starts(event, today):
            for day in _covered(event, start):
                if len(found) < MOST_DAYS:
                    found.setdefault(day, event.get("SUMMARY", "")[:120])
    if not found:
        raise ValueError("no event")
    return found


def _events(text: str) -> Iterator[dict[str, str]]:
    fields: dict[str, str] | None = None
    for line in re.sub(r"\r?\n[ \t]", "", text).splitlines():
        name, _sep, value = line.partition(":")
        key = name.partition(";")[0].strip().upper()
        if key == "BEGIN" and value.strip().upper() == "VEVENT":
            fields = {}
        elif key == "END" and value.strip().upper() == "VEVENT" and fields is not None:
            yield fields
            fields = None
        elif fields is not None:
            fields.setdefault(key, re.sub(r"\\([,;\\])", r"\1", value.replace("\\n", " ")).strip().replace("\x00", ""))


def _starts(event: dict[str, str], today: date) -> Iterator[date]:
    first = _day(event.get("DTSTART", ""))
    if first is None:
        return
    yield first
    if "FREQ=YEARLY" in event.get("RRULE", "").upper():
        for year in range(max(first.year + 1, today.year), today.year + YEARS_AHEAD + 1):
            try:
                yield first.replace(year=year)
            except ValueError:  # 29 February
                continue


def _covered(event: dict[str, str], start: date) -> Iterator[date]:
    first, end = _day(event.get("DTSTART", "")), _day(event.get("DTEND", ""))
    length = (end - first).days if first and end else 1
    for number in range(min(max(length, 1), LONGEST_EVENT)):
        yield start + timedelta(days=number)


def _day(value: str) -> date | None:
    match = _DATE.match(value.strip())
    try:
        return date(int(match[1]), int(match[2]), int(match[3])) if match else None
    except ValueError:
        return None
