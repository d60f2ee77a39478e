"""The numbers of tickets: counted once for each day, team and channel, and added up in whatever way a screen asks for."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils import timezone

from .rollup import COLUMNS, FACTS
from .scope import Scope, start_of, zone

COUNTS = ("created", "negative", "positive", "felt", "escalated", "solved", "met", "missed")
# Past days as they were counted, today as it is.
_ROWS = f"""
    WITH rows AS (
        SELECT {COLUMNS} FROM helpdesk_dayfigures WHERE day >= %(first)s AND day <= %(last)s AND day < %(today)s
        UNION ALL SELECT * FROM ({FACTS}) live WHERE %(live)s
    )
"""  # noqa: S608
_NARROWED = "(%(queue)s::uuid IS NULL OR queue_id = %(queue)s) AND (%(channel)s = '' OR channel = %(channel)s)"
_COUNTED = f"{_ROWS} SELECT day, queue_id, channel, topics, {', '.join(COUNTS)} FROM rows WHERE {_NARROWED}"  # noqa: S608
_WAITED = """
    {rows} SELECT count(*), avg(seconds)::float, percentile_cont(ARRAY[0.5, 0.9, 0.95]) WITHIN GROUP (ORDER BY seconds), {by}
    FROM rows, unnest({what}) seconds WHERE {narrowed} GROUP BY GROUPING SETS ((), {sets})
"""
WAITS = {
    ("first_reply", "business"): "first_replies_open",
    ("first_reply", "wall"): "first_replies",
    ("resolution", "business"): "resolutions_open",
    ("resolution", "wall"): "resolutions",
}
SPLITS = ("day", "queue_id", "channel")


@dataclass(frozen=True)
class Counted:
    """Rows of (day, queue, channel) with their numbers."""

    rows: list[tuple[date, UUID, str, Counter[str]]]
    topics: list[tuple[date, Counter[str]]] = field(default_factory=list)  # created, by category's id

    def total(self, keep: Callable[[date], bool] = lambda _day: True) -> Counter[str]:
        found: Counter[str] = Counter()
        for day, _queue, _channel, numbers in self.rows:
            if keep(day):
                found.update(numbers)
        return found

    def by(self, what: str, keep: Callable[[date], bool] = lambda _day: True) -> dict[Any, Counter[str]]:
        found: dict[Any, Counter[str]] = {}
        for row in self.rows:
            if keep(row[0]):
                found.setdefault(row[SPLITS.index(what)], Counter()).update(row[3])
        return found


@dataclass(frozen=True)
class Wait:
    """How long people waited, in seconds. `n` is of how many."""

    n: int = 0
    mean: float | None = None
    p50: float | None = None
    p90: float | None = None
    p95: float | None = None


@dataclass(frozen=True)
class Waited:
    whole: Wait = Wait()
    parts: dict[Hashable, Wait] = field(default_factory=dict)  # by day (a date), team (an id) or channel (a word): none is another's key


def counted(scope: Scope) -> Counted:
    """One statement."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNTED, _given(scope))
        rows = cursor.fetchall()
    numbers = [(row[0], row[1], row[2], Counter(dict(zip(COUNTS, map(int, row[4:]), strict=True)))) for row in rows]
    return Counted(numbers, [(row[0], Counter(json.loads(row[3]))) for row in rows])


def waited(what: str, scope: Scope, *by: str) -> Waited:
    """Exact percentiles of the whole, and of each day, team (`queue_id`) or channel, or of several of them. One statement."""
    by = by or ("day",)
    if not set(by) <= set(SPLITS):
        raise ValueError(by)
    sets = ", ".join(f"({one})" for one in by)
    statement = _WAITED.format(rows=_ROWS, by=", ".join(by), sets=sets, what=WAITS[what, scope.clock], narrowed=_NARROWED)
    whole, parts = Wait(), {}
    with connection.cursor() as cursor:
        cursor.execute(statement, _given(scope))
        for n, mean, marks, *keys in cursor.fetchall():
            wait = Wait(n, mean, *(marks or (None, None, None)))
            part = next((key for key in keys if key is not None), None)  # no column of them is ever NULL by itself
            if part is None:
                whole = wait
            else:
                parts[part] = wait
    return Waited(whole, parts)


def waits(what: str, scope: Scope, first: date, *by: str) -> tuple[Waited, Waited]:
    """Of the scope, split `by`; and by day from `first` on. One statement where that is the same time, else two."""
    if first == scope.first:
        found = waited(what, scope, "day", *by)
        return found, found
    return waited(what, scope, *by), waited(what, replace(scope, first=first), "day")


@dataclass(frozen=True)
class Hour:
    """One hour of a day."""

    created: int = 0
    negative: int = 0
    positive: int = 0
    felt: int = 0
    solved: int = 0


_HOURS = """
    SELECT (moment AT TIME ZONE %(zone)s)::date, extract(hour FROM moment AT TIME ZONE %(zone)s)::int,
           count(*) FILTER (WHERE what = 'created'), count(*) FILTER (WHERE sentiment IN ('negative', 'very_negative')),
           count(*) FILTER (WHERE sentiment IN ('positive', 'very_positive')), count(*) FILTER (WHERE sentiment <> ''),
           count(*) FILTER (WHERE what = 'solved'),
           count(*) FILTER (WHERE what = 'created' AND moment <= ends - (%(left)s * interval '1 second'))
    FROM unnest(%(starts)s::timestamptz[], %(ends)s::timestamptz[]) AS span(starts, ends) CROSS JOIN LATERAL (
        SELECT 'created' AS what, created_at AS moment, sentiment FROM tickets_ticket
        WHERE created_at >= starts AND created_at < ends AND merged_into_id IS NULL AND {narrowed}
        UNION ALL SELECT 'solved', resolved_at, '' FROM tickets_ticket
        WHERE resolved_at >= starts AND resolved_at < ends AND merged_into_id IS NULL AND {narrowed}
    ) happened GROUP BY 1, 2
"""


def hours(scope: Scope, days: Sequence[date]) -> tuple[dict[tuple[date, int], Hour], dict[date, int]]:
    """Of days, hour by hour; and how many tickets each had got by this time of day (in all, if the scope's is over). One statement."""
    statement = _HOURS.format(narrowed=_NARROWED)
    today = timezone.localdate(timezone=zone())
    left = (start_of(today + timedelta(days=1)) - timezone.now()).total_seconds() if scope.last == today else 0
    spans = {"starts": [start_of(day) for day in days], "ends": [start_of(day + timedelta(days=1)) for day in days]}
    given = _given(scope) | spans | {"left": left}
    found: dict[tuple[date, int], Hour] = {}
    by_now: dict[date, int] = dict.fromkeys(days, 0)
    with connection.cursor() as cursor:
        cursor.execute(statement, given)
        for day, hour, created, negative, positive, felt, solved, early in cursor.fetchall():
            found[day, hour] = Hour(created, negative, positive, felt, solved)
            by_now[day] = by_now.get(day, 0) + early
    return found, by_now


def _given(scope: Scope) -> dict[str, Any]:
    today = timezone.localdate(timezone=zone())
    return {
        "first": scope.first,
        "last": scope.last,
        "today": today,
        "live": scope.first <= today <= scope.last,
        "since": start_of(today),
        "until": start_of(today + timedelta(days=1)),
        "zone": str(zone()),
        "queue": scope.queue_id,
        "channel": scope.channel,
    }
