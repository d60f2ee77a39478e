"""Business hours as arithmetic: which stretches of time are open, how much of them lies between two instants, and where a count ends.

Pure: instants in, instants out. An hour is open when the wall clock of the calendar's zone says so; on the days on which clocks
change that is counted minute by minute, so an hour that exists twice counts twice and one that is skipped never.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

Span = tuple[datetime, datetime]  # from, until (not included)
Minutes = tuple[int, int]  # of a day: 540, 1020 is nine to five

WHOLE_DAY = 24 * 60
ROUND_THE_CLOCK: tuple[tuple[Minutes, ...], ...] = (((0, WHOLE_DAY),),) * 7
FURTHEST = timedelta(days=5 * 366)  # where nothing is open for so long, nothing is ever due
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


@lru_cache(maxsize=512)
def national_days(country: str, subdivision: str, year: int) -> dict[date, str]:
    """A country's public holidays of a year; none for a country that nobody knows."""
    import holidays  # noqa: PLC0415 - read only where a calendar names a country

    try:
        return dict(holidays.country_holidays(country, subdiv=subdivision or None, years=year))
    except NotImplementedError:
        return {}


@dataclass(frozen=True)
class Hours:
    """A calendar. `week` holds the open stretches of Monday to Sunday; `closed` names days that are closed whatever the week says."""

    zone: str = "UTC"
    week: tuple[tuple[Minutes, ...], ...] = ROUND_THE_CLOCK
    closed: frozenset[date] = frozenset()
    country: str = ""
    subdivision: str = ""
    name: str = ""
    _days: dict[date, tuple[Span, ...]] = field(default_factory=dict, compare=False, repr=False)

    @property
    def is_round_the_clock(self) -> bool:
        return self.week == ROUND_THE_CLOCK and not self.closed and not self.country

    def is_holiday(self, day: date) -> bool:
        return day in self.closed or bool(self.country and day in national_days(self.country, self.subdivision, day.year))

    def holiday_name(self, day: date) -> str:
        return national_days(self.country, self.subdivision, day.year).get(day, "") if self.country else ""

    def open_between(self, start: datetime, end: datetime) -> Iterator[Span]:
        """The open stretches within, in order."""
        if self.is_round_the_clock:
            if start < end:
                yield (start, end)
            return
        zone = ZoneInfo(self.zone)
        day, last = start.astimezone(zone).date(), end.astimezone(zone).date()
        while day <= last:
            for opens, closes in self.of(day):
                begin, finish = max(opens, start), min(closes, end)
                if begin < finish:
                    yield begin, finish
            day += DAY

    def is_open(self, at: datetime) -> bool:
        """Whether people work at this instant."""
        return self.is_round_the_clock or any(opens <= at < closes for opens, closes in self.of(at.astimezone(ZoneInfo(self.zone)).date()))

    def of(self, day: date) -> tuple[Span, ...]:
        """The open stretches of one local day."""
        if day not in self._days:
            self._days[day] = self._work_out(day)
        return self._days[day]

    def _work_out(self, day: date) -> tuple[Span, ...]:
        stretches = self.week[day.weekday()]
        if not stretches or self.is_holiday(day):
            return ()
        zone = ZoneInfo(self.zone)
        midnight, next_midnight = _local(day, 0, zone), _local(day, WHOLE_DAY, zone)
        if midnight.utcoffset() == next_midnight.utcoffset():
            offset = midnight.utcoffset() or timedelta()
            first = datetime(day.year, day.month, day.day, tzinfo=UTC) - offset
            return tuple((first + opens * MINUTE, first + closes * MINUTE) for opens, closes in stretches)
        return tuple(_by_the_minute(day, stretches, zone))


ALWAYS = Hours()


def _local(day: date, minutes: int, zone: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone) + timedelta(minutes=minutes)


def _by_the_minute(day: date, stretches: Sequence[Minutes], zone: ZoneInfo) -> Iterator[Span]:
    """For a day on which clocks change: look at the wall clock at each minute."""
    at = datetime(day.year, day.month, day.day, tzinfo=UTC) - 2 * DAY
    opened: datetime | None = None
    for _minute in range(5 * WHOLE_DAY):
        wall = at.astimezone(zone)
        minute = wall.hour * 60 + wall.minute
        is_open = wall.date() == day and any(opens <= minute < closes for opens, closes in stretches)
        if is_open and opened is None:
            opened = at
        elif not is_open and opened is not None:
            yield opened, at
            opened = None
        at += MINUTE


def without(spans: Iterable[Span], pauses: Sequence[Span]) -> Iterator[Span]:
    """What is left of the stretches when the pauses (in order, apart from each other) are cut out."""
    for start, end in spans:
        begin = start
        for stopped, resumed in pauses:
            if resumed <= begin or stopped >= end:
                continue
            if begin < stopped:
                yield begin, stopped
            begin = max(begin, resumed)
        if begin < end:
            yield begin, end


def counted(hours: Hours, start: datetime, end: datetime, pauses: Sequence[Span] = ()) -> timedelta:
    """How much open, unpaused time lies between two instants."""
    return sum((finish - begin for begin, finish in without(hours.open_between(start, end), pauses)), timedelta())


def reach(hours: Hours, start: datetime, target: timedelta, pauses: Sequence[Span] = (), until: datetime | None = None) -> datetime | None:
    """When so much open, unpaused time has passed since `start`; None if not by `until` (or within five years)."""
    end = until or start + target + FURTHEST
    left = target
    for begin, finish in without(hours.open_between(start, end), pauses):
        if finish - begin >= left:
            return begin + left
        left -= finish - begin
    return None
