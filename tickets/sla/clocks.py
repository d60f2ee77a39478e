"""A ticket's clocks: when a promise is due, given under which calendars it ran and when it stood still. Pure.

What a ticket keeps of its clocks is one small record (`Record`, JSON in `Ticket.clocks`): which policy held from when, the
pauses, and what was already told. Every due time follows from it, so the ledger that explains one cannot differ from it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from .hours import ALWAYS, Hours, Span, counted, reach

FIRST_REPLY, NEXT_REPLY, RESOLVE = "first_reply", "next_reply", "resolve"
KINDS = (FIRST_REPLY, NEXT_REPLY, RESOLVE)
MOST = 200  # pauses and changes that are kept one by one

Calendars = Mapping[str, Hours]  # by id; "" is round the clock


@dataclass(frozen=True)
class Stretch:
    """From `at` on, this policy held, with these targets (in minutes; None: nothing is promised)."""

    at: datetime
    policy: str = ""
    name: str = ""
    hours: str = ""
    priority: str = ""
    targets: Mapping[str, int | None] = field(default_factory=dict)

    def same_terms(self, other: Stretch) -> bool:
        return (self.policy, self.hours, self.priority, dict(self.targets)) == (
            other.policy,
            other.hours,
            other.priority,
            dict(other.targets),
        )


@dataclass
class Record:
    """What a ticket remembers of its clocks."""

    stretches: list[Stretch] = field(default_factory=list)
    pauses: list[tuple[datetime, datetime | None]] = field(default_factory=list)  # None: it stands still now
    asked: datetime | None = None  # the first message of the customer that nobody has answered yet
    told: dict[str, str] = field(default_factory=dict)  # "first_reply.warned": the due time of which it was told

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> Record:
        stretches = [Stretch(_at(one["at"]), one["policy"], one["name"], one["hours"], one["priority"], one["targets"])
                     for one in stored.get("stretches", ())]  # fmt: skip
        pauses = [(_at(start), _at(end) if end else None) for start, end in stored.get("pauses", ())]
        asked = stored.get("asked")
        return cls(stretches, pauses, _at(asked) if asked else None, dict(stored.get("told", {})))

    def write(self) -> dict[str, Any]:
        return {
            "stretches": [
                {
                    "at": one.at.isoformat(),
                    "policy": one.policy,
                    "name": one.name,
                    "hours": one.hours,
                    "priority": one.priority,
                    "targets": dict(one.targets),
                }
                for one in self.stretches
            ],
            "pauses": [[start.isoformat(), end.isoformat() if end else None] for start, end in self.pauses],
            "asked": self.asked.isoformat() if self.asked else None,
            "told": self.told,
        }

    @property
    def finished_pauses(self) -> list[Span]:
        return [(start, end) for start, end in self.pauses if end is not None]

    @property
    def is_paused(self) -> bool:
        return bool(self.pauses) and self.pauses[-1][1] is None

    def pause(self, at: datetime) -> None:
        if self.is_paused:
            return
        last = self.pauses[-1][1] if self.pauses else None
        self.pauses.append((max(at, last) if last else at, None))  # a wall clock that was set back makes no pause longer
        self._shorten()

    def resume(self, at: datetime) -> None:
        if self.is_paused:
            started = self.pauses[-1][0]
            self.pauses[-1] = (started, max(at, started))

    def follow(self, terms: Stretch) -> None:
        """From now on these terms hold; the first ones hold from the ticket's beginning."""
        if self.stretches and self.stretches[-1].same_terms(terms):
            return
        self.stretches.append(terms)
        while len(self.stretches) > MOST:  # somebody plays with the priority: the oldest go, the first calendar stays
            del self.stretches[1]

    def _shorten(self) -> None:
        """More pauses than anybody reads: the two oldest become one of the same length."""
        while len(self.pauses) > MOST:
            (start, first_end), (second_start, second_end) = self.pauses[0], self.pauses[1]
            if first_end is None or second_end is None:
                return
            self.pauses[0:2] = [(start, first_end + (second_end - second_start))]


def target_of(record: Record, kind: str) -> timedelta | None:
    """What is promised now."""
    minutes = record.stretches[-1].targets.get(kind) if record.stretches else None
    return timedelta(minutes=minutes) if minutes else None


def due(record: Record, kind: str, start: datetime, calendars: Calendars) -> datetime | None:
    """When the promise is due that began at `start`. Time counted under earlier calendars stays counted (carry-over)."""
    left = target_of(record, kind)
    if left is None:
        return None
    pauses = record.finished_pauses
    for begin, end, hours in parts(record, start, calendars):
        if end is None:
            return reach(hours, begin, left, pauses)
        if found := reach(hours, begin, left, pauses, until=end):
            return found
        left -= counted(hours, begin, end, pauses)
    return None


def parts(record: Record, start: datetime, calendars: Calendars) -> list[tuple[datetime, datetime | None, Hours]]:
    """From `start` on, which calendar counted from when until when; the last part has no end."""
    found: list[tuple[datetime, datetime | None, Hours]] = []
    for stretch, following in zip(record.stretches, [*record.stretches[1:], None], strict=True):
        begin = start if stretch is record.stretches[0] else max(start, stretch.at)
        end = following.at if following else None
        if end is not None and end <= begin:
            continue
        hours = calendars.get(stretch.hours, ALWAYS)
        if found and found[-1][2] == hours:
            found[-1] = (found[-1][0], end, hours)
        else:
            found.append((begin, end, hours))
    return found


def used(record: Record, start: datetime, now: datetime, calendars: Calendars) -> timedelta:
    """How much of a promise's time has passed."""
    pauses: Sequence[Span] = [(begin, end or max(now, begin)) for begin, end in record.pauses]
    spent = timedelta()
    for begin, end, hours in parts(record, start, calendars):
        spent += counted(hours, begin, min(end or now, now), pauses)
    return spent


def _at(value: str) -> datetime:
    return datetime.fromisoformat(value)
