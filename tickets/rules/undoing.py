"""Taking back what a rule did: each field goes back where nobody has changed it since. Notes and what was sent stay."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from helpdesk.core.errors import Conflict, HelpdeskError
from helpdesk.core.models import User
from tickets import escalating
from tickets.models import Queue, RuleFiring, Ticket

from .actions import state
from .firing import locked


def undo(firing: RuleFiring, *, by: User) -> list[str]:
    """Returns the names of the fields that somebody changed since, which stay. Raises Conflict when it was taken back before."""
    with transaction.atomic():
        free = RuleFiring.objects.filter(pk=firing.pk, undone_at=None).update(undone_at=timezone.now(), undone_by=by)
        ticket = locked(firing.ticket_id)
        if not free or ticket is None:
            raise Conflict("This was taken back before, or the ticket is no more")
        now, kept = state(ticket), []
        for name, change in firing.changes.items():
            if name != "tags" and now[name][0] != change["new"]:
                kept.append(name)
                continue
            try:
                with transaction.atomic():
                    _BACK[name](ticket, change, by)
            except HelpdeskError:
                ticket.refresh_from_db()
                kept.append(name)
    return kept


def _status(ticket: Ticket, change: dict[str, Any], by: User) -> None:
    ticket.set_status(change["old"], by=by, reason="rule taken back")


def _priority(ticket: Ticket, change: dict[str, Any], by: User) -> None:
    ticket.set_priority(change["old"], by=by, reason="rule taken back")


def _queue(ticket: Ticket, change: dict[str, Any], by: User) -> None:
    queue = Queue.objects.filter(pk=change["old"]).first()
    if queue is None:
        raise Conflict("This team is no more")
    ticket.move(queue=queue, by=by, reason="rule taken back")


def _assignee(ticket: Ticket, change: dict[str, Any], by: User) -> None:
    agent = User.objects.filter(pk=change["old"]).first() if change["old"] else None
    ticket.assign(to=agent, by=by)


def _tags(ticket: Ticket, change: dict[str, Any], by: User) -> None:
    for name in set(change["new"]) - set(change["old"]):
        ticket.untag(name, by=by)
    for name in set(change["old"]) - set(change["new"]):
        ticket.tag(name, by=by)


def _snooze(ticket: Ticket, change: dict[str, Any], by: User) -> None:
    until = parse_datetime(change["old"]) if change["old"] else None
    ticket.snooze(until=until if until and until > timezone.now() else None, by=by)


def _escalation(ticket: Ticket, change: dict[str, Any], by: User) -> None:
    if not escalating.take_back(ticket, level=change["new"], reason=f"rule taken back by {by}"):
        raise Conflict("Somebody looks after this escalation")


_BACK = {
    "status": _status,
    "priority": _priority,
    "queue": _queue,
    "assignee": _assignee,
    "tags": _tags,
    "snoozed_until": _snooze,
    "escalation": _escalation,
}
