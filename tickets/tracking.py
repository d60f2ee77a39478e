"""The customer's own view of a request, by a link that only its mailbox knows (security.md T20).

The link is 32 random bytes, stored hashed, good for 30 days, revocable, and goes out only inside our replies: who
merely typed an address into the form never sees what we answer to it.
"""

from __future__ import annotations

from datetime import timedelta

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from helpdesk.core.accounts.links import absolute
from helpdesk.core.models import OneTimeToken
from tickets import merging
from tickets.models import Message, Ticket

LIFETIME = timedelta(days=30)
TRACKING = OneTimeToken.Purpose.TRACKING


def link_for(ticket: Ticket, address: str) -> str:
    """A new link to this ticket for one participant's mailbox."""
    _token, secret = OneTimeToken.issue(TRACKING, lifetime=LIFETIME, email=address, data={"ticket": str(ticket.pk)})
    return absolute(reverse("request", args=(secret,)))


def opened_by(secret: str) -> tuple[Ticket, str] | None:
    """The ticket and address behind a live link; None for every other string, and once the address takes no part any more."""
    token = OneTimeToken.find(TRACKING, secret)
    if token is None:
        return None
    ticket = Ticket.objects.filter(pk=token.data.get("ticket")).select_related("customer", "assignee").first()
    if ticket is None:
        return None
    ticket = merging.survivor(ticket)
    if ticket.participants.filter(address__iexact=token.email, removed_at__isnull=False).exists():
        return None
    return ticket, token.email


def revoke(ticket: Ticket, address: str) -> int:
    """End every link of one address to this ticket; how many there were."""
    links = OneTimeToken.objects.filter(purpose=TRACKING, email__iexact=address, data__ticket=str(ticket.pk), revoked_at__isnull=True)
    return links.update(revoked_at=timezone.now())


def shown(ticket: Ticket) -> QuerySet[Message]:
    """The messages a customer may read: never a note."""
    return ticket.messages.public().in_order().prefetch_related("attachments")
