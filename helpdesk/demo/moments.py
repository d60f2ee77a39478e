"""When things happened at the demonstration company: counted back from now, so that the story never grows old.

Past tickets count in working days (nobody answers on a Sunday), those that are open now in minutes.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

COMPANY_ZONE = ZoneInfo("Europe/Amsterdam")
SATURDAY = 5
MINUTES_A_DAY = 24 * 60
_MARK = re.compile(r"\{([tdh])([+-]\d+)?\}")


class Moments:
    """The calendar of one load."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.today = now.astimezone(COMPANY_ZONE).date()

    def ago(self, *, days: int = 0, minutes: int = 0) -> datetime:
        return self.now - timedelta(days=days, minutes=minutes)

    def in_ticket(self, story: dict[str, Any], after: int) -> datetime:
        """The moment `after` minutes into a ticket; never in the future."""
        if "minutes_ago" in story:
            return self.now - timedelta(minutes=story["minutes_ago"] - after)
        days, minutes = divmod(after, MINUTES_A_DAY)
        day = _later(_earlier(self.today, story["days_ago"]), days)
        moment = datetime.combine(day, time.fromisoformat(story["at"]), COMPANY_ZONE) + timedelta(minutes=minutes)
        while moment.weekday() >= SATURDAY:
            moment += timedelta(days=1)
        return min(moment.astimezone(UTC), self.now - timedelta(minutes=1))


def fill(text: str, at: datetime) -> str:
    """Put clock times ({t}, {t-6}: minutes; {h+2}: full hours) and dates ({d+5}: days) into a text that was written `at`."""

    def say(mark: re.Match[str]) -> str:
        shift, local = int(mark[2] or 0), at.astimezone(COMPANY_ZONE)
        if mark[1] == "t":
            return f"{local + timedelta(minutes=shift):%H:%M}"
        if mark[1] == "h":
            return f"{local + timedelta(hours=shift):%H}:00"
        there = local + timedelta(days=shift)
        return f"{there.day} {there:%B}"

    return _MARK.sub(say, text)


def _earlier(day: date, working_days: int) -> date:
    while working_days:
        day -= timedelta(days=1)
        working_days -= day.weekday() < SATURDAY
    return day


def _later(day: date, working_days: int) -> date:
    while working_days:
        day += timedelta(days=1)
        working_days -= day.weekday() < SATURDAY
    return day
