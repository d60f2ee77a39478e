"""When a reply is due: targets by policy, counted in business hours; the clocks stop while we wait for somebody else.

    hours.py     open time as arithmetic        policies.py  which policy takes a ticket
    clocks.py    due times, pauses, carry-over   ledger.py    why it is due then
    watching.py  warnings and breaches, told once

Lists and cards read `due_at` and the three due times on the ticket; `reschedule` keeps them true.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.utils import timezone

from . import clocks, policies
from .clocks import FIRST_REPLY as FIRST
from .clocks import NEXT_REPLY as NEXT
from .clocks import RESOLVE as SOLVED
from .clocks import Calendars, Record, Stretch

if TYPE_CHECKING:
    from tickets.models import Ticket

AT_RISK = timedelta(minutes=30)
RUNNING = ("new", "open")  # pending and on hold wait for somebody else
FIELDS = (
    "first_reply_due_at",
    "next_reply_due_at",
    "resolve_due_at",
    "due_at",
    "clocks",
    "sla_check_at",
    "first_reply_took",
    "solving_took",
)

FIRST_REPLY = {priority: timedelta(minutes=targets[FIRST] or 0) for priority, targets in policies.STANDARD.items()}
NEXT_REPLY = FIRST_REPLY


def reschedule(ticket: Ticket, *, at: datetime | None = None) -> None:
    """Set the ticket's due times from its present state, as of `at` (now). Changes the object only; the caller saves `FIELDS`.

    A met target keeps its due time, so that "met in 4 min" can be shown; `due_at` is the nearest one still running.
    """
    now = at or timezone.now()
    record = Record.read(ticket.clocks)
    policy, calendars = policies.in_force(ticket, {one.hours for one in record.stretches})
    since = now if record.stretches else ticket.created_at
    record.follow(Stretch(since, policy.id, policy.name, policy.hours, ticket.priority, policy.targets_of(ticket.priority)))
    if ticket.status in RUNNING:
        record.resume(now)
    else:
        record.pause(now)
    record.asked = _asked(ticket, record)
    _set_due_times(ticket, record, calendars)
    ticket.first_reply_took = _took(ticket, ticket.first_response_at, ticket.first_reply_took, record, calendars)
    ticket.solving_took = _took(ticket, ticket.resolved_at, ticket.solving_took, record, calendars)
    record.told = {key: value for key, value in record.told.items() if _still_true(key, value, ticket, now)}
    ticket.sla_check_at = next_check(ticket, record, policy.warn_percent)
    ticket.clocks = {**record.write(), "warn_percent": policy.warn_percent}


def _asked(ticket: Ticket, record: Record) -> datetime | None:
    """The first message that nobody has answered; a second one of an impatient customer does not move the promise."""
    asked, answered = ticket.last_customer_message_at, ticket.last_agent_message_at
    if ticket.first_response_at is None or asked is None or (answered and answered >= asked):
        return None
    return record.asked if record.asked and not (answered and answered >= record.asked) else asked


def _set_due_times(ticket: Ticket, record: Record, calendars: Calendars) -> None:
    if ticket.first_response_at is None or ticket.first_reply_due_at is None:  # what is met stays as it was promised
        ticket.first_reply_due_at = clocks.due(record, FIRST, ticket.created_at, calendars)
    if ticket.resolved_at is None or ticket.resolve_due_at is None:
        ticket.resolve_due_at = clocks.due(record, SOLVED, ticket.created_at, calendars)
    ticket.next_reply_due_at = clocks.due(record, NEXT, record.asked, calendars) if record.asked else None
    running = running_clocks(ticket)
    ticket.due_at = min(running.values()) if running else None


def _took(ticket: Ticket, ended: datetime | None, known: int | None, record: Record, calendars: Calendars) -> int | None:
    """Open, unpaused seconds from the customer's first words to an end. What was counted once stays, whatever calendars become."""
    if ended is None:
        return None
    return round(clocks.used(record, ticket.created_at, ended, calendars).total_seconds()) if known is None else known


def running_clocks(ticket: Ticket) -> dict[str, datetime]:
    """The promises that are neither kept nor at rest, with their due times."""
    if ticket.status not in RUNNING:
        return {}
    found = {
        FIRST: ticket.first_reply_due_at if ticket.first_response_at is None else None,
        NEXT: ticket.next_reply_due_at,
        SOLVED: ticket.resolve_due_at,
    }
    return {kind: due for kind, due in found.items() if due is not None}


def broken(ticket: Ticket) -> list[str]:
    """The promises that were not kept in time, or are not kept yet although they are due."""
    now = timezone.now()
    late = {
        FIRST: (ticket.first_reply_due_at, ticket.first_response_at),
        SOLVED: (ticket.resolve_due_at, ticket.resolved_at),
    }
    kept_late = {kind for kind, (due, met) in late.items() if due and met and met > due}
    return [kind for kind in clocks.KINDS if kind in kept_late or running_clocks(ticket).get(kind, now) < now]


def started_at(ticket: Ticket, kind: str) -> datetime:
    """When a promise began."""
    asked = ticket.clocks.get("asked") if kind == NEXT else None
    return datetime.fromisoformat(asked) if asked else ticket.created_at


def warning_at(ticket: Ticket, record: Record, kind: str, due: datetime, percent: int) -> datetime:
    """When it is told that the time is running out: as much wall time before as is the given share of the target."""
    target = clocks.target_of(record, kind) or timedelta()
    return max(due - target * percent / 100, started_at(ticket, kind))


def next_check(ticket: Ticket, record: Record, percent: int) -> datetime | None:
    """When somebody must look at the clocks again: the next warning or breach that was not told yet."""
    times = []
    for kind, due in running_clocks(ticket).items():
        if f"{kind}.breached" not in record.told:
            times.append(due)
            if percent and f"{kind}.warned" not in record.told:
                times.append(warning_at(ticket, record, kind, due, percent))
    return min(times, default=None)


def _still_true(key: str, told_of: str, ticket: Ticket, now: datetime) -> bool:
    """What was told holds until the promise is over, or is moved to a later time."""
    kind = key.partition(".")[0]
    if kind == NEXT and ticket.next_reply_due_at is None:
        return False
    due = {FIRST: ticket.first_reply_due_at, NEXT: ticket.next_reply_due_at, SOLVED: ticket.resolve_due_at}[kind]
    return due is not None and not (due > datetime.fromisoformat(told_of) and due > now)
