"""What a date means that somebody named in a call: "since Monday" is a day of the calendar, "today" is nothing worth noting.

The engine hears every word for a time, because a question about it is answered by any of them. People are shown those that
tell something: each day once, as a date. English only, like the rest of what is heard in speech.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, timedelta

from django.utils import timezone
from django.utils.formats import date_format

from assist.models import CallSession

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_COUNTS = {word: n for n, word in enumerate(("one", "two", "three", "four", "five", "six"), 1)} | {"a": 1, "an": 1}
_PAST_DAY = re.compile(rf"^(?:since|from|last|since last) ({'|'.join(_DAYS)})$")
_AGO = re.compile(r"^(?:since |from )?(\w+) (day|week)s? ago$")
_ISO = re.compile(r"^(\d{4})-(\d{2})-(\d{2})$")
_DAY_MONTH = re.compile(r"^(\d{1,2})(?:st|nd|rd|th)?\.? (?:of )?([a-z]{3})[a-z]*(?: (\d{4}))?$")
_MONTH_DAY = re.compile(r"^([a-z]{3})[a-z]* (\d{1,2})(?:st|nd|rd|th)?(?:,? (\d{4}))?$")
_EMPTY = re.compile(
    rf"^(?:(?:since|on|this|from) )?(?:today|tonight|{'|'.join(_DAYS)}|morning|afternoon|evening|week|month)$"
    r"|(?:minute|hour)s? ago$|o'clock$"
)


def facts_of(session: CallSession) -> dict[str, tuple[str, str]]:
    """What a call's customer named: kind and what to show for it, by the key under which it is confirmed ("date:since monday")."""
    named = {f"{row.get('type')}:{row.get('value')}": (str(row.get("type")), str(row.get("value"))) for row in session.entities}
    days = telling((value for kind, value in named.values() if kind == "date"), timezone.localdate(session.started_at))
    shown = {key: (kind, days.get(value, "") if kind == "date" else value) for key, (kind, value) in named.items()}
    return {key: (kind, value) for key, (kind, value) in shown.items() if value}


def telling(words: Iterable[str], spoken: date) -> dict[str, str]:
    """The words that tell a time, each with what to show for it. Of several for one day the first stands for all."""
    shown: dict[str, str] = {}
    for one in words:
        said = " ".join(one.casefold().split())
        day = day_of(said, spoken)
        if day is None and _EMPTY.search(said):
            continue
        value = date_format(day, "j M Y") if day else one
        if value not in shown.values():
            shown[one] = value
    return shown


def day_of(said: str, spoken: date) -> date | None:
    """The day that is meant by somebody who speaks on `spoken`; None for a period, an event, or what cannot be."""
    if said.removeprefix("since ").removeprefix("from ").removeprefix("on ") in ("yesterday", "last night"):
        return spoken - timedelta(days=1)
    if found := _PAST_DAY.match(said):
        return spoken - timedelta(days=(spoken.weekday() - _DAYS.index(found[1]) - 1) % 7 + 1)
    if found := _AGO.match(said):
        count = _COUNTS.get(found[1]) or (int(found[1]) if found[1].isascii() and found[1].isdigit() else 0)
        return spoken - timedelta(days=count * (7 if found[2] == "week" else 1)) if 0 < count < 1000 else None  # noqa: PLR2004
    return _of_calendar(said, spoken)


def _of_calendar(said: str, spoken: date) -> date | None:
    """A date with its month. Without a year it is the last one that there was, as people tell what has happened."""
    if found := _ISO.match(said):
        return _day(int(found[1]), int(found[2]), int(found[3]))
    if found := _DAY_MONTH.match(said):
        day, month, year = found[1], found[2], found[3]
    elif found := _MONTH_DAY.match(said):
        month, day, year = found[1], found[2], found[3]
    else:
        return None
    number = _MONTHS.index(month) + 1 if month in _MONTHS else 0
    if year:
        return _day(int(year), number, int(day))
    this = _day(spoken.year, number, int(day))
    return _day(spoken.year - 1, number, int(day)) if this and this > spoken + timedelta(days=60) else this


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
