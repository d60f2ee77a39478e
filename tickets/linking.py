"""Tying a ticket to the incident or deployment it comes of, and untying it. The engine never ties again what a person untied."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone

from helpdesk.core.models import ApiKey, User
from knowledge.models import Deployment, Incident
from tickets.models import StatusLink, Ticket

Target = Incident | Deployment


def link(
    ticket: Ticket,
    to: Target,
    *,
    by: User | ApiKey | None,
    origin: str = StatusLink.Origin.PERSON,
    score: float | None = None,
    why: str = "",
) -> bool:
    """Whether it is news: tied before, or untied by a person while the engine asks, changes nothing.

    Raises NotAllowed for who only reads along.
    """
    person = by if isinstance(by, User) else None
    with transaction.atomic():
        Ticket.objects.select_for_update(of=("self",)).get(pk=ticket.pk).allow(by)
        fresh: dict[str, Any] = {"origin": origin, "score": score, "why": why[:300], "by": person}
        row, made = StatusLink.objects.get_or_create(ticket=ticket, **_named(to), defaults=fresh)
        if not made and (row.removed_at is None or by is None):
            return False
        if not made:
            fresh |= {"removed_at": None, "removed_by": None, "created_at": timezone.now()}
            StatusLink.objects.filter(pk=row.pk).update(**fresh)
        ticket.record("ticket.linked", by=by, score=score or 0.0, reason=why, **_told(to))
    return True


def unlink(ticket: Ticket, from_: Target, *, by: User | ApiKey) -> bool:
    """Whether there was something to untie. Raises NotAllowed for who only reads along."""
    with transaction.atomic():
        ticket.allow(by)
        tied = StatusLink.objects.present().filter(ticket=ticket, **_named(from_))
        if not tied.update(removed_at=timezone.now(), removed_by=by if isinstance(by, User) else None):
            return False
        ticket.record("ticket.unlinked", by=by, **_told(from_))
    return True


def tickets_of(incident: Incident, viewer: Any) -> Any:
    """The tickets tied to an incident that the viewer may see."""
    tied = StatusLink.objects.present().filter(incident=incident).values("ticket")
    return Ticket.objects.visible_to(viewer).filter(pk__in=tied)


def _named(to: Target) -> dict[str, Any]:
    return {"incident": to} if isinstance(to, Incident) else {"deployment": to}


def _told(to: Target) -> dict[str, Any]:
    if isinstance(to, Incident):
        return {"what": "incident", "target": str(to.pk), "reference": to.reference, "title": to.title}
    return {"what": "deployment", "target": str(to.pk), "reference": f"{to.component.slug} {to.version}", "title": to.summary[:200]}
