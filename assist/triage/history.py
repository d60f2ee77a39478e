"""What this customer went through with us lately: a step of workflows that look deeper."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db.models import Count, Q
from django.utils import timezone

from helpdesk.core.models import Event
from tickets.models import Ticket

LATELY = timedelta(days=90)


@dataclass(frozen=True)
class History:
    tickets: int = 0  # of the last 90 days, this one left out
    still_open: int = 0
    unhappy: int = 0
    escalated: int = 0


NONE = History()


def look_back(customer_id: UUID | None, *, besides: str) -> History:
    """Two queries. `besides` is the number of the ticket at hand."""
    if customer_id is None:
        return NONE
    since = timezone.now() - LATELY
    recent = Ticket.objects.filter(customer=customer_id, created_at__gte=since).exclude(number=besides)
    unhappy = Q(sentiment__in=(Ticket.Sentiment.NEGATIVE, Ticket.Sentiment.VERY_NEGATIVE))
    counted = recent.aggregate(tickets=Count("pk"), still_open=Count("pk", Q(status__in=Ticket.ACTIVE)), unhappy=Count("pk", unhappy))
    escalated = Event.objects.filter(kind="ticket.escalated", ticket_ref__in=recent.values("pk")).values("ticket_ref").distinct()
    return History(**counted, escalated=escalated.count())
