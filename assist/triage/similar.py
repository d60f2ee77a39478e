"""Tickets that say the same: duplicates of one customer, and others' tickets that may already hold the answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from helpdesk.core.embeddings import get_embedder, store
from knowledge.nearest import approximately, as_halfvec
from tickets.models import Ticket

from .learned import Vectors
from .reading import Reading

KIND = "ticket"
MOST = 5
NEAR = 0.55  # cosine; below, tickets share little more than a topic
SAME = 0.88  # the same customer wrote this twice
SAME_WITHIN = timedelta(days=7)

# Permission and exclusion stand inside the scan, so that hidden neighbours cannot crowd out visible ones.
_NEAREST = """
    select object_id, 1 - (vector <=> %s::halfvec(384)) as closeness from core_embedding
    where object_kind = 'ticket' and model = %s and object_id in ({among})
    order by vector <=> %s::halfvec(384) limit {most}
"""


@dataclass(frozen=True)
class Similar:
    ticket_id: str  # number
    subject: str
    status: str
    category: str
    score: float
    duplicate: bool
    why: str


def find(reading: Reading, *, among: QuerySet[Ticket], customer_id: UUID | None = None, most: int = 0) -> tuple[Similar, ...]:
    """The nearest of these tickets. `among` says which may be shown; the ticket itself is left out by the caller."""
    if reading.vector is None:
        return ()
    near = {object_id: closeness for object_id, closeness in nearest(reading.vector, among, most or MOST) if closeness >= NEAR}
    if not near:
        return ()
    rows = Ticket.objects.filter(pk__in=near).select_related("category")
    return tuple(sorted((_similar(ticket, near[ticket.pk], customer_id) for ticket in rows), key=lambda one: -one.score))


def nearest(vector: Vectors, among: QuerySet[Ticket], most: int) -> list[tuple[UUID, float]]:
    """(ticket, cosine) of the `most` nearest of these tickets."""
    visible, parameters = among.order_by().values("pk").query.sql_with_params()
    asked = as_halfvec(vector)
    rows = approximately(_NEAREST.format(among=visible, most=most), [asked, get_embedder().name, *parameters, asked])
    return [(object_id, float(closeness)) for object_id, closeness in rows]


def _similar(ticket: Ticket, closeness: float, customer_id: UUID | None) -> Similar:
    mine = customer_id is not None and ticket.customer_id == customer_id
    duplicate = mine and closeness >= SAME and ticket.created_at >= timezone.now() - SAME_WITHIN
    if duplicate:
        why = "The same customer wrote nearly the same this week"
    else:
        why = "The same customer, close in meaning" if mine else "Close in meaning"
        why += ", already solved" if ticket.status in Ticket.DONE else ""
    category = ticket.category.slug if ticket.category else ""
    return Similar(ticket.number, ticket.subject, ticket.status, category, round(closeness, 3), duplicate, why)


def remember(ticket: Ticket, reading: Reading) -> None:
    """Keep the ticket's vector, so that later ones find it."""
    if reading.vector is not None:
        store.put(KIND, [store.Passage(ticket.pk, 0, reading.text)], [reading.vector])
