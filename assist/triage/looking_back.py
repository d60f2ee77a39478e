"""When an incident begins, customers have often written already: open tickets of the last hours that mean the same are linked."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from helpdesk.core.embeddings import get_embedder
from knowledge.models import Incident
from tickets import linking
from tickets.models import StatusLink, Ticket

from . import similar
from .system_status import LINK_FROM

BEFORE = timedelta(hours=3)  # people notice before we write it down
MOST = 200


def link_earlier(incident_id: UUID | str) -> int:
    """How many tickets were linked. Safe to repeat. Raises EmbeddingUnavailable: the event comes again."""
    incident = Incident.objects.filter(pk=incident_id).first()
    if incident is None or not incident.is_open:
        return 0
    vector = get_embedder().embed([incident.words[:1000]])[0]
    near = {pk: score for pk, score in similar.nearest(vector, _candidates(incident), MOST) if score >= LINK_FROM}
    linked = 0
    for ticket in Ticket.objects.filter(pk__in=near):
        why = "Written around the time it began, close in meaning"
        how: dict[str, Any] = {"origin": StatusLink.Origin.LOOKING_BACK, "score": round(near[ticket.pk], 3), "why": why}
        linked += linking.link(ticket, incident, by=None, **how)
    return linked


def _candidates(incident: Incident) -> QuerySet[Ticket]:
    return Ticket.objects.active().filter(created_at__gte=incident.started_at - BEFORE)
