"""When a reply is due. Plain targets by priority, around the clock; the clocks stop while we wait for the customer.

Business hours, targets by queue and tier, and the ledger of intervals come with the back-office; what lists and
cards read (`due_at` and the three due times on the ticket) stays the same.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tickets.models import Ticket

FIRST_REPLY = {"urgent": timedelta(minutes=30), "high": timedelta(hours=2), "normal": timedelta(hours=8), "low": timedelta(hours=24)}
NEXT_REPLY = FIRST_REPLY
RESOLVE = {"urgent": timedelta(hours=4), "high": timedelta(hours=24), "normal": timedelta(days=3), "low": timedelta(days=7)}
AT_RISK = timedelta(minutes=30)

RUNNING = ("new", "open")  # pending and on hold wait for somebody else


def reschedule(ticket: Ticket) -> None:
    """Set the ticket's due times from its present state. Changes the object only; the caller saves.

    A met target keeps its due time, so that "met in 4 min" can be shown; `due_at` is the nearest one still running.
    """
    ticket.first_reply_due_at = ticket.created_at + FIRST_REPLY[ticket.priority]
    ticket.resolve_due_at = ticket.created_at + RESOLVE[ticket.priority]
    ticket.next_reply_due_at = _next_reply_due(ticket)
    ticket.due_at = _nearest(ticket)


def _next_reply_due(ticket: Ticket) -> datetime | None:
    """A later message of the customer that nobody has answered yet starts this clock."""
    asked, answered = ticket.last_customer_message_at, ticket.last_agent_message_at
    if ticket.first_response_at is None or asked is None or (answered and answered >= asked):
        return None
    return asked + NEXT_REPLY[ticket.priority]


def _nearest(ticket: Ticket) -> datetime | None:
    if ticket.status not in RUNNING:
        return None
    first = ticket.first_reply_due_at if ticket.first_response_at is None else None
    return min(filter(None, (first, ticket.next_reply_due_at, ticket.resolve_due_at)))
