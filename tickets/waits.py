"""How long customers waited in business hours, for tickets that were answered or solved before that was counted.

What a ticket remembers of its clocks decides, as for any other. One older than clocks has today's policy from its beginning on, and
the pauses that its history tells of. Nothing that was counted is counted anew, and the ticket's version stays: nobody changed it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from helpdesk.core.models import Event
from tickets import sla
from tickets.models import Ticket
from tickets.sla import clocks, policies
from tickets.sla.clocks import Record, Stretch

AT_ONCE = 500  # tickets
ENDS = {"first_reply_took": "first_response_at", "solving_took": "resolved_at"}


def uncounted() -> QuerySet[Ticket]:
    """Those with an end whose wait is not known."""
    lacking = Q()
    for wait, end in ENDS.items():
        lacking |= Q(**{f"{end}__isnull": False, f"{wait}__isnull": True})
    return Ticket.objects.filter(lacking)


def fill(said: Callable[[int], None] = lambda _done: None) -> int:
    """Count what is uncounted; how many tickets. May be stopped and begun again; what is answered meanwhile keeps its own count."""
    done = 0
    for ticket in _each():
        counted = _counted(ticket)
        for wait, seconds in counted.items():
            Ticket.objects.filter(pk=ticket.pk, **{wait: None, ENDS[wait]: getattr(ticket, ENDS[wait])}).update(**{wait: seconds})
        done += bool(counted)
        said(done)
    return done


def _each() -> Iterator[Ticket]:
    """In the order of ids, some hundred at a time: no cursor stands open for as long as a million of them take."""
    last: Any = None
    while True:
        left = uncounted().order_by("pk")
        some = list((left.filter(pk__gt=last) if last else left)[:AT_ONCE])
        if not some:
            return
        yield from some
        last = some[-1].pk


def _counted(ticket: Ticket) -> dict[str, int]:
    record = Record.read(ticket.clocks)
    policy, calendars = policies.in_force(ticket, {one.hours for one in record.stretches})
    if not record.stretches:
        terms = policy.targets_of(ticket.priority)
        record.follow(Stretch(ticket.created_at, policy.id, policy.name, policy.hours, ticket.priority, terms))
        _tell_pauses(record, ticket)
    found = {}
    for wait, end in ENDS.items():
        at: datetime | None = getattr(ticket, end)
        if at is not None and getattr(ticket, wait) is None:
            found[wait] = round(clocks.used(record, ticket.created_at, at, calendars).total_seconds())
    return found


def _tell_pauses(record: Record, ticket: Ticket) -> None:
    """From the events of its status: it stood still while somebody else was waited for."""
    changes = Event.objects.filter(ticket_ref=ticket.pk, kind="ticket.status_changed").order_by("pk")
    for at, status in changes.values_list("occurred_at", "data__new"):
        if status in sla.RUNNING:
            record.resume(at)
        else:
            record.pause(at)
