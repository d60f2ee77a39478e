"""A ticket that is done is told to every connected CRM; one that comes back, too."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from customers.crm import cases
from customers.crm.base import Case
from tickets.models import Ticket

LONGEST = 8_000  # characters of the conversation: a summary for people, not an archive
MESSAGES = 30


def tell(ticket_id: UUID) -> int:
    """Note for the outbox how this ticket stands; returns to how many CRMs. Nothing is told of tickets that never were done."""
    with transaction.atomic():
        tickets = Ticket.objects.select_related("customer").prefetch_related("customer__contact_points")
        ticket = tickets.filter(pk=ticket_id).first()
        if ticket is None or not (ticket.status in Ticket.DONE or cases.were_told(ticket.number)):
            return 0
        return cases.keep(ticket.customer, case_of(ticket))


def case_of(ticket: Ticket) -> Case:
    """The ticket as a CRM is told of it: what was asked, what was answered, no internal notes."""
    rows = ticket.messages.public().in_order().values_list("author_kind", "body_text")[:MESSAGES]
    said = [(kind, text.strip()) for kind, text in rows if text.strip()]
    answers = [text for kind, text in said if kind != "customer"]
    customer = ticket.customer
    return Case(
        number=ticket.number,
        subject=ticket.subject[:300],
        description="\n\n".join(f"{kind.capitalize()}: {text}" for kind, text in said)[:LONGEST],
        status=ticket.status,
        priority=ticket.priority,
        channel=ticket.channel,
        url=f"{settings.SITE_URL}{reverse('ticket', args=[ticket.number])}",
        comment=answers[-1][:LONGEST] if answers else "",
        person={"name": customer.name, "email": customer.email, "phone": customer.phone},
    )
