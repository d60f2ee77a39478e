"""Once a ticket is solved, the day is set on which the customer is to be asked how it went; reopened, it is taken back."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from tickets.models import Ticket


def set_date(ticket_id: UUID) -> None:
    """Bring the date of the follow-up in line with the ticket's state. Safe to repeat."""
    with transaction.atomic():
        ticket = Ticket.objects.select_for_update(of=("self",)).filter(pk=ticket_id).first()
        plan = ticket.metadata.get("follow_up") if ticket else None
        if ticket is None or not plan or not plan.get("due"):
            return
        wanted = _date(ticket, plan["after_hours"])
        if plan.get("at") == wanted:
            return
        ticket.metadata = {**ticket.metadata, "follow_up": {**plan, "at": wanted}}
        ticket.touch("metadata")
        if wanted:
            ticket.record("ticket.follow_up_planned", at=wanted, reason=plan["why"])


def _date(ticket: Ticket, after_hours: int) -> str | None:
    if ticket.is_active:
        return None
    return ((ticket.resolved_at or timezone.now()) + timedelta(hours=after_hours)).isoformat()
