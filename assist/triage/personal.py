"""What we know of the customer that bears on what they ask: told back to them in a draft, by their leave."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q

from customers import memory
from customers.memory.confirming import UNSURE
from customers.memory.consent import INFUSION
from tickets.models import Ticket

from .framing import stems

TOLD_BY = ("message", "call", "customer", "crm")  # what colleagues noted about somebody is not for their eyes
MOST = 2


@dataclass(frozen=True)
class OnRecord:
    customer: str  # id
    attribute: str
    value: str
    since: str  # ISO date


def bearing_on(ticket: Ticket, text: str) -> tuple[OnRecord, ...]:
    """Sure facts that the customer's own words name. No fact that only another team's ticket knows. Three queries."""
    customer = ticket.customer
    if not memory.allows(customer, INFUSION, "Entity"):
        return ()
    team = Ticket.objects.filter(queue=ticket.queue_id, customer=customer).values("pk")
    rows = memory.facts(customer).filter(Q(ticket_ref=None) | Q(ticket_ref__in=team), source_kind__in=TOLD_BY, confidence__gte=UNSURE)
    words = stems(text)
    found = [row for row in rows if (named := stems(row.attribute)) and named <= words and stems(row.value) - words]
    return tuple(OnRecord(str(customer.pk), row.attribute, row.value, f"{row.starts_at:%Y-%m-%d}") for row in found[:MOST])
