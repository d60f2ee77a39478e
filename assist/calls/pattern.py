"""A pattern: several customers wrote of the same this week. One call is a question, seven are a fault that somebody should report."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone

from assist.models import CallSession
from assist.triage import similar
from helpdesk.core.embeddings import EmbeddingUnavailable, get_embedder
from helpdesk.core.models import User
from tickets.models import Ticket

DAYS = 7
FEWEST = 3  # other customers
NEAR = 0.6  # cosine: about the same matter, not only the same topic
MOST = 50  # tickets that are looked at
LONGEST = 1_200  # characters: what the model reads


@dataclass(frozen=True)
class Pattern:
    """How many tickets of how many customers, and what most of them were filed under ("" when nothing stands out)."""

    tickets: int
    customers: int
    category: str
    example: Ticket


def pattern_of(call: CallSession, viewer: User, said: str) -> Pattern | None:
    """Of the tickets that the viewer may see. `said`: the caller's words. Two queries; None when it stands alone, or nothing embeds."""
    if len(said.split()) < FEWEST:
        return None
    try:
        vector = get_embedder().embed([said[-LONGEST:]])[0]
    except EmbeddingUnavailable:
        return None
    since = timezone.now() - timedelta(days=DAYS)
    among = Ticket.objects.visible_to(viewer).filter(created_at__gte=since).exclude(number=call.ticket_id or "")
    if call.customer_id:
        among = among.exclude(customer=call.customer_id)
    near = [pk for pk, closeness in similar.nearest(vector, among, MOST) if closeness >= NEAR]
    if len(near) < FEWEST:
        return None
    found = list(Ticket.objects.filter(pk__in=near).select_related("category"))
    customers = {ticket.customer_id for ticket in found}
    if len(customers) < FEWEST:
        return None
    name, times = Counter(ticket.category.name if ticket.category else "" for ticket in found).most_common(1)[0]
    nearest = next(ticket for pk in near for ticket in found if ticket.pk == pk)
    return Pattern(len(found), len(customers), name if times * 2 > len(found) else "", nearest)
