"""What a mailbox has asked us: the requests of its customer, and those that it takes part in. Who it is: customers.customer_session."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from tickets.models import Ticket

SHOWN = 100


def requests_of(address: str) -> QuerySet[Ticket]:
    """Tickets of the customer with this address, and those that it takes part in, the latest first."""
    mine = Q(customer__contact_points__kind="email", customer__contact_points__value=address)
    theirs = Q(participants__address__iexact=address, participants__removed_at=None)
    ids = Ticket.objects.filter(mine | theirs).values("pk")
    removed = Ticket.objects.filter(participants__address__iexact=address, participants__removed_at__isnull=False).values("pk")
    return Ticket.objects.filter(pk__in=ids, merged_into=None).exclude(pk__in=removed).select_related("assignee").order_by("-updated_at")


def any_of(address: str) -> bool:
    """Whether there is anything to show to this mailbox."""
    return requests_of(address).exists()
