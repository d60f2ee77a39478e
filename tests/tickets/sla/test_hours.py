"""The arithmetic of business hours, against a counter that looks at the wall clock minute by minute."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tickets.sla.hours import ALWAYS, Hours, counted, reach

ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia", "America/Sao_Paulo")
CHANGES = [  # days around which clocks change somewhere
    datetime(2026, 3, 28, tzinfo=UTC),
    datetime(2026, 10, 24, tzinfo=UTC),
    datetime(2026, 3, 7, tzinfo=UTC),
    datetime(2026, 10, 31, tzinfo=UTC),
    datetime(2026, 4, 4, tzinfo=UTC),
    datetime(2011, 12, 29, tzinfo=UTC),  # Samoa left out a day
]
MINUTE = timedelta(minutes=1)


@st.composite
def stretches(draw: st.DrawFn) -> tuple[tuple[int, int], ...]:
    edges = sorted(draw(st.sets(st.integers(0, 1440), min_size=0, max_size=6)))
    return tuple(zip(edges[0::2], edges[1::2], strict=False))


@st.composite
def calendars(draw: st.DrawFn) -> Hours:
    week = tuple(draw(stretches()) for _day in range(7))
    closed = draw(st.frozensets(st.dates(date(2026, 3, 25), date(2026, 4, 5)), max_size=3))
    return Hours(draw(st.sampled_from(ZONES)), week, closed)


instants = st.builds(lambda base, minutes: base + timedelta(minutes=minutes), st.sampled_from(CHANGES), st.integers(0, 4 * 1440))
lengths = st.integers(0, 2 * 1440).map(lambda minutes: timedelta(minutes=minutes))
targets = st.integers(1, 1500).map(lambda minutes: timedelta(minutes=minutes))


@st.composite
def pauses_after(draw: st.DrawFn, start: datetime) -> list[tuple[datetime, datetime]]:
    edges = sorted(draw(st.sets(st.integers(0, 4000), max_size=6)))
    found = zip(edges[0::2], edges[1::2], strict=False)
    return [(start + one * MINUTE, start + other * MINUTE) for one, other in found]


def brute(hours: Hours, start: datetime, end: datetime, pauses: list[tuple[datetime, datetime]] = []) -> timedelta:  # noqa: B006
    zone, total, at = ZoneInfo(hours.zone), 0, start
    while at < end:
        wall = at.astimezone(zone)
        minute = wall.hour * 60 + wall.minute
        is_open = any(a <= minute < b for a, b in hours.week[wall.weekday()]) and wall.date() not in hours.closed
        total += is_open and not any(a <= at < b for a, b in pauses)
        at += MINUTE
    return timedelta(minutes=total)


@settings(max_examples=60, deadline=None)
@given(calendars(), instants, lengths, st.data())
def test_it_counts_what_the_wall_clock_shows(hours: Hours, start: datetime, length: timedelta, data: st.DataObject) -> None:
    pauses = data.draw(pauses_after(start))
    assert counted(hours, start, start + length, pauses) == brute(hours, start, start + length, pauses)


@settings(max_examples=100, deadline=None)
@given(calendars(), instants, targets, st.data())
def test_the_due_time_is_where_the_target_is_counted_in_full_and_lies_in_no_closed_time(
    hours: Hours, start: datetime, target: timedelta, data: st.DataObject
) -> None:
    pauses = data.draw(pauses_after(start))
    due = reach(hours, start, target, pauses)
    if due is None:
        assert not any(hours.week)
        return
    assert counted(hours, start, due, pauses) == target
    assert counted(hours, due - MINUTE, due, pauses) == MINUTE  # the last minute was open and ran: it ends with it


@settings(max_examples=100, deadline=None)
@given(calendars(), instants, targets, targets)
def test_it_is_monotone_and_additive(hours: Hours, start: datetime, one: timedelta, other: timedelta) -> None:
    first, both = reach(hours, start, one), reach(hours, start, one + other)
    if first is None or both is None:
        return
    assert start < first < both
    assert reach(hours, first, other) == both
    later = reach(hours, start + timedelta(hours=1), one)
    assert later is not None and later >= first


@settings(max_examples=100, deadline=None)
@given(calendars(), instants, targets, st.data())
def test_a_pause_moves_the_due_time_by_exactly_the_open_time_that_it_covers(
    hours: Hours, start: datetime, target: timedelta, data: st.DataObject
) -> None:
    plain, pauses = reach(hours, start, target), data.draw(pauses_after(start))
    moved = reach(hours, start, target, pauses)
    if plain is None or moved is None:
        return
    covered = sum((counted(hours, a, min(b, moved)) for a, b in pauses if a < moved), timedelta())
    assert counted(hours, start, moved) == target + covered
    assert moved >= plain


@given(instants, targets)
def test_round_the_clock_it_is_plain_addition(start: datetime, target: timedelta) -> None:
    assert reach(ALWAYS, start, target) == start + target


NINE_TO_FIVE = tuple(((540, 1020),) if day < 5 else () for day in range(7))


def at(text: str, zone: str = "Europe/Berlin") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


@pytest.mark.parametrize(
    ("start", "minutes", "due"),
    [
        ("2026-11-26T16:30", 60, "2026-11-27T09:30"),  # over night
        ("2026-11-27T16:30", 60, "2026-11-30T09:30"),  # over the weekend
        ("2026-11-28T12:00", 480, "2026-11-30T17:00"),  # from closed time, a whole day
        ("2026-12-24T16:00", 120, "2026-12-28T10:00"),  # Christmas Day and a weekend
    ],
)
def test_a_working_week_with_a_countrys_holidays(start: str, minutes: int, due: str) -> None:
    hours = Hours("Europe/Berlin", NINE_TO_FIVE, country="DE")
    assert reach(hours, at(start), timedelta(minutes=minutes)) == at(due)


def test_nothing_is_due_where_nothing_is_ever_open() -> None:
    assert reach(Hours(week=((),) * 7), at("2026-11-26T16:30"), timedelta(minutes=1)) is None


def test_the_hour_that_exists_twice_counts_twice() -> None:
    night = Hours("Europe/Berlin", (((120, 180),),) * 7)  # two to three
    assert counted(night, at("2026-10-25T00:00"), at("2026-10-25T23:00")) == timedelta(hours=2)
    assert counted(night, at("2026-03-29T00:00"), at("2026-03-29T23:00")) == timedelta(0)
