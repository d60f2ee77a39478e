"""Why is this due at 14:05? The stretches that were counted, the pauses, the changes: read from the same record as the due time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from django.utils import timezone

from . import clocks, policies, started_at
from .clocks import FIRST_REPLY, KINDS, NEXT_REPLY, Calendars, Record, Stretch
from .hours import ALWAYS, DAY, FURTHEST, Hours, counted, without

if TYPE_CHECKING:
    from tickets.models import Ticket

SHOWN = 40  # lines; a promise of a year has hundreds


@dataclass(frozen=True)
class Line:
    """One line: `open` (counted), `pause`, `holiday`, `change` or `start`."""

    kind: str
    at: datetime
    until: datetime | None = None
    length: timedelta = timedelta()
    total: timedelta = timedelta()
    terms: Stretch | None = None
    day: date | None = None
    name: str = ""


@dataclass
class Account:
    """One promise and everything that its due time rests on."""

    kind: str
    started: datetime
    target: timedelta | None
    due: datetime | None
    met: datetime | None
    state: str  # met | late | running | breached | paused | none
    policy: str
    hours: Hours
    used: timedelta = timedelta()
    lines: list[Line] = field(default_factory=list)
    left_out: int = 0  # lines in the middle

    @property
    def left(self) -> timedelta:
        return max(timedelta(), (self.target or timedelta()) - self.used)


def accounts(ticket: Ticket, now: datetime | None = None) -> list[Account]:
    """The promises of a ticket that were made so far, in order."""
    record, calendars = _known(ticket)
    begun = [kind for kind in KINDS if kind != NEXT_REPLY or record.asked]
    return [_account(ticket, kind, record, calendars, now or timezone.now()) for kind in begun]


def _known(ticket: Ticket) -> tuple[Record, Calendars]:
    record = Record.read(ticket.clocks)
    _policy, calendars = policies.in_force(ticket, {one.hours for one in record.stretches})
    if not record.stretches:  # written before there were policies
        record.follow(Stretch(ticket.created_at, "", _policy.name, "", ticket.priority, _policy.targets_of(ticket.priority)))
    return record, calendars


def _account(ticket: Ticket, kind: str, record: Record, calendars: Calendars, now: datetime) -> Account:
    started, target = started_at(ticket, kind), clocks.target_of(record, kind)
    met = {FIRST_REPLY: ticket.first_response_at, NEXT_REPLY: None}.get(kind, ticket.resolved_at)
    due = getattr(ticket, f"{kind}_due_at")
    last = record.stretches[-1]
    account = Account(
        kind, started, target, due, met, _state(ticket, due, met, now), last.name, calendars.get(last.hours, ALWAYS),
        clocks.used(record, started, met or now, calendars),
    )  # fmt: skip
    lines = list(_lines(record, calendars, kind, started, met or due or now))
    if len(lines) > SHOWN:
        account.left_out = len(lines) - SHOWN
        lines = [*lines[: SHOWN // 2], *lines[-SHOWN // 2 :]]
    account.lines = lines
    return account


def _state(ticket: Ticket, due: datetime | None, met: datetime | None, now: datetime) -> str:
    if due is None:
        return "none"
    if met:
        return "met" if met <= due else "late"
    if ticket.clock_stopped:
        return "paused"
    return "breached" if due < now else "running"


def _lines(record: Record, calendars: Calendars, kind: str, started: datetime, end: datetime) -> Iterable[Line]:
    found = [Line("start", started, terms=record.stretches[0])]
    pauses = [(begin, finish or end) for begin, finish in record.pauses]
    for begin, until, hours in clocks.parts(record, started, calendars):
        finish = min(until or end, end)
        found += [Line("open", a, b, b - a) for a, b in without(hours.open_between(begin, finish), pauses)]
        found += _holidays(hours, begin, finish)
        for stopped, resumed in pauses:
            if (first := max(stopped, begin)) < (last := min(resumed, finish)):
                found.append(Line("pause", first, last, counted(hours, first, last)))
    found += [Line("change", one.at, terms=one) for one in _changes(record, kind, started, end)]
    total = timedelta()
    for line in sorted(_whole_days(found), key=lambda line: (line.at, line.kind != "start")):
        total += line.length if line.kind == "open" else timedelta()
        yield Line(line.kind, line.at, line.until, line.length, total, line.terms, line.day, line.name)


def _changes(record: Record, kind: str, started: datetime, end: datetime) -> list[Stretch]:
    """Where the terms of this promise became others."""
    pairs = zip(record.stretches, record.stretches[1:], strict=False)
    other = [after for before, after in pairs if (before.targets.get(kind), before.hours) != (after.targets.get(kind), after.hours)]
    return [one for one in other if started <= one.at <= end]


def _whole_days(lines: list[Line]) -> list[Line]:
    """Stretches that touch each other are one: round the clock is not told midnight by midnight."""
    merged: list[Line] = []
    for line in sorted(lines, key=lambda one: (one.kind, one.at)):
        last = merged[-1] if merged else None
        if last and line.kind == last.kind == "open" and last.until == line.at:
            merged[-1] = Line("open", last.at, line.until, last.length + line.length)
        else:
            merged.append(line)
    return merged


def _holidays(hours: Hours, begin: datetime, end: datetime) -> list[Line]:
    """Days on which the week would be open, and the calendar is not."""
    if not (hours.closed or hours.country) or end - begin > FURTHEST:
        return []
    zone, found = ZoneInfo(hours.zone), []
    day, last = begin.astimezone(zone).date(), end.astimezone(zone).date()
    while day <= last:
        if hours.week[day.weekday()] and hours.is_holiday(day):
            found.append(Line("holiday", datetime(day.year, day.month, day.day, tzinfo=zone), day=day, name=hours.holiday_name(day)))
        day += DAY
    return found
