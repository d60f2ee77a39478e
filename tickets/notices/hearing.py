"""Of what happens, who is told: kind of event by kind of event. Nobody is told of what they did themselves."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from helpdesk.core.kinds import KINDS
from helpdesk.core.models import Event, User
from tickets import duty
from tickets.models import Message, Notice, QueueMembership, Ticket

from . import telling

LOW = 2  # of five: a rating that somebody should look at
Kind = Notice.Kind


def hear(event: Event) -> None:
    """Tell whoever this concerns; safe to repeat."""
    if event.kind == "customers.imported":
        return _imported(event)
    ticket = Ticket.objects.select_related("queue").filter(pk=event.ticket_ref).first() if event.ticket_ref else None
    if ticket is not None and ticket.merged_into_id is None:
        _HEARD[event.kind](event, ticket)


def mentioned(text: str, people: Iterable[User]) -> list[User]:
    """Whom a note names: @ and the full name, what stands before the @ of their address, or a first name that only one has."""
    if "@" not in text:
        return []
    names: dict[str, list[User]] = {}
    for person in people:
        for name in {person.name.lower(), person.email.partition("@")[0].lower(), person.first_name.lower()} - {""}:
            names.setdefault(name, []).append(person)
    only = {name: owners[0] for name, owners in names.items() if len(owners) == 1}
    longest_first = "|".join(re.escape(name) for name in sorted(only, key=len, reverse=True))
    named = re.findall(rf"(?<![\w.])@({longest_first})(?!\w)", text, re.IGNORECASE) if only else []
    return list(dict.fromkeys(only[name.lower()] for name in named))


def _assigned(event: Event, ticket: Ticket) -> None:
    new = event.data.get("new_id")
    if new:
        _tell(event, ticket, [UUID(new)], Kind.ASSIGNED)


def _wrote(event: Event, ticket: Ticket) -> None:
    if event.data.get("opens_ticket"):
        return
    if ticket.assignee_id:
        _tell(event, ticket, [ticket.assignee_id], Kind.REPLIED, message_ref=UUID(event.subject_id))
    telling.post_to_team(ticket, Kind.REPLIED, source=_source(event))


def _arrived(event: Event, ticket: Ticket) -> None:
    _tell(event, ticket, _team(ticket), Kind.NEW)
    telling.post_to_team(ticket, Kind.NEW, source=_source(event))


def _noted(event: Event, ticket: Ticket) -> None:
    note = Message.objects.filter(pk=event.subject_id).first()
    if note is not None and "@" in note.body_text:
        people = mentioned(note.body_text, User.objects.filter(is_active=True).only("id", "name", "email"))
        _tell(event, ticket, [person.pk for person in people], Kind.MENTIONED, message_ref=note.pk)


def _escalated(event: Event, ticket: Ticket) -> None:
    overseers = User.objects.filter(is_active=True, role__in=(User.Role.SUPERVISOR, User.Role.ADMIN)).values_list("pk", flat=True)
    on_duty = [person.pk for person in duty.at_level(str(event.data.get("level")))]
    own = [ticket.assignee_id] if ticket.assignee_id else []
    _tell(event, ticket, [*overseers, *on_duty, *own], Kind.ESCALATED)
    telling.post_to_team(ticket, Kind.ESCALATED, source=_source(event))


def _sla(event: Event, ticket: Ticket) -> None:
    """Whose ticket it is; of nobody's, the whole team."""
    _tell(event, ticket, [ticket.assignee_id] if ticket.assignee_id else _team(ticket), Kind.SLA)
    telling.post_to_team(ticket, Kind.SLA, source=_source(event))


def _imported(event: Event) -> None:
    """Whoever started it asked for it and went away meanwhile."""
    if event.actor_kind == "agent" and event.actor_id:
        words = _("Your import of customers is done")
        telling.tell([UUID(event.actor_id)], Kind.READY, source=_source(event), text=words, link=f"/customers/import/{event.subject_id}/")


def _rated(event: Event, ticket: Ticket) -> None:
    score = event.data.get("score")
    if isinstance(score, int) and score <= LOW:
        overseers = User.objects.filter(is_active=True, role=User.Role.SUPERVISOR).values_list("pk", flat=True)
        _tell(event, ticket, [*overseers, *([ticket.assignee_id] if ticket.assignee_id else [])], Kind.RATED)
        telling.post_to_team(ticket, Kind.RATED, source=_source(event))


_ALL: dict[str, Callable[[Event, Ticket], None]] = {
    "ticket.assigned": _assigned,
    "message.received": _wrote,
    "ticket.created": _arrived,
    "note.added": _noted,
    "ticket.escalated": _escalated,
    "escalation.timed_out": _escalated,
    "sla.warned": _sla,
    "sla.breached": _sla,
    "rating.given": _rated,
}
_HEARD = {kind: told for kind, told in _ALL.items() if kind in KINDS}
HEARD = (*_HEARD, "customers.imported")


def _team(ticket: Ticket) -> list[UUID]:
    return list(QueueMembership.objects.filter(queue=ticket.queue_id).values_list("user_id", flat=True))


def _tell(event: Event, ticket: Ticket, people: Iterable[UUID], kind: str, **fields: Any) -> None:
    doer = UUID(event.actor_id) if event.actor_kind == "agent" and event.actor_id else None
    others = [person for person in people if person != doer]
    if others:
        telling.tell(others, kind, source=_source(event), ticket=ticket, actor_id=doer, **fields)


def _source(event: Event) -> str:
    return f"event:{event.pk}"
