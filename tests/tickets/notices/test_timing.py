"""When a mail leaves: gathered, and never in quiet hours, by the person's own clock."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from tickets.notices.timing import AT_ONCE, DAILY, GATHER, HOURLY, due

NOON = datetime(2026, 3, 4, 12, 20, tzinfo=UTC)
NIGHT = {"quiet_from": time(22), "quiet_until": time(7)}


def test_a_burst_is_gathered_for_a_moment() -> None:
    assert due(NOON) == NOON + GATHER


def test_hourly_mail_leaves_on_the_hour_and_daily_mail_at_its_time() -> None:
    assert due(NOON, digest=HOURLY) == datetime(2026, 3, 4, 13, tzinfo=UTC)
    assert due(NOON, digest=DAILY, daily_at=time(8)) == datetime(2026, 3, 5, 8, tzinfo=UTC)
    assert due(NOON, digest=DAILY, daily_at=time(18)) == datetime(2026, 3, 4, 18, tzinfo=UTC)


def test_quiet_hours_over_midnight_end_in_the_morning_of_the_persons_clock() -> None:
    late = datetime(2026, 3, 4, 23, 0, tzinfo=UTC)
    assert due(late, **NIGHT) == datetime(2026, 3, 5, 7, tzinfo=UTC)
    assert due(late, zone="Europe/Copenhagen", **NIGHT) == datetime(2026, 3, 5, 6, tzinfo=UTC)
    assert due(late, zone="America/New_York", **NIGHT) == late + GATHER  # evening there
    assert due(late, zone="Nowhere/At_All", **NIGHT) == datetime(2026, 3, 5, 7, tzinfo=UTC)


clocks = st.times().map(lambda clock: clock.replace(tzinfo=None))
moments = st.datetimes(min_value=datetime(2026, 1, 1), max_value=datetime(2026, 12, 31)).map(lambda at: at.replace(tzinfo=UTC))  # noqa: DTZ001
zones = st.sampled_from(["UTC", "Europe/Copenhagen", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"])


@given(moments, zones, st.sampled_from([AT_ONCE, HOURLY, DAILY]), st.tuples(clocks, clocks, clocks))
def test_never_early_and_within_two_days(at, zone, digest, times) -> None:
    found = due(at, digest=digest, zone=zone, daily_at=times[0], quiet_from=times[1], quiet_until=times[2])
    assert at <= found <= at + timedelta(days=2, hours=2)


@given(moments, zones, st.sampled_from([AT_ONCE, HOURLY, DAILY]))
def test_never_in_quiet_hours(at, zone, digest) -> None:
    local = due(at, digest=digest, zone=zone, daily_at=time(8), **NIGHT).astimezone(ZoneInfo(zone))
    assert time(7) <= local.time() < time(22)
