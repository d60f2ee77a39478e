"""Dates that were named in a call: those that tell something, each day once, as a date."""

from __future__ import annotations

from datetime import date

import pytest

from assist.calls import dates

WEDNESDAY = date(2026, 11, 25)


@pytest.mark.parametrize(
    ("said", "day"),
    [
        ("yesterday", date(2026, 11, 24)),
        ("since yesterday", date(2026, 11, 24)),
        ("since monday", date(2026, 11, 23)),
        ("last wednesday", date(2026, 11, 18)),
        ("two days ago", date(2026, 11, 23)),
        ("a week ago", date(2026, 11, 18)),
        ("3 weeks ago", date(2026, 11, 4)),
        ("2026-11-03", date(2026, 11, 3)),
        ("3rd of november", date(2026, 11, 3)),
        ("november 3", date(2026, 11, 3)),
        ("1 december", date(2026, 12, 1)),  # the near future is announced, the far one is last year
        ("30 june", date(2026, 6, 30)),
        ("december 31, 2025", date(2025, 12, 31)),
        ("15 october 2025", date(2025, 10, 15)),
        ("february 30", None),
        ("999999 days ago", None),
        ("since the update", None),
        ("last month", None),
        ("03/11/2026", None),  # nobody knows whether that is March or November
    ],
)
def test_a_named_day_is_a_day_of_the_calendar(said: str, day: date | None) -> None:
    assert dates.day_of(said, WEDNESDAY) == day


def test_only_what_tells_something_is_shown_and_each_day_once() -> None:
    heard = [
        "today",
        "sunday",
        "on monday",
        "this morning",
        "two hours ago",
        "yesterday",
        "since yesterday",
        "24 november",
        "since the update",
    ]
    assert dates.telling(heard, WEDNESDAY) == {"yesterday": "24 Nov 2026", "since the update": "since the update"}


def test_a_year_that_ends_is_the_last_one() -> None:
    assert dates.day_of("15 december", date(2027, 1, 10)) == date(2026, 12, 15)
    assert dates.day_of("29 february", date(2027, 1, 10)) is None
