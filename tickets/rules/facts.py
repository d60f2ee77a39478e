"""What conditions look at: a ticket as it stands, and the event that told of it, as one flat dict."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, QuerySet
from django.utils import timezone

from helpdesk.core.models import Event
from tickets.models import Message, Tag, Ticket

from .calendars import Calendars


def readable(tickets: QuerySet[Ticket]) -> QuerySet[Ticket]:
    """With everything that facts are made of, in one query."""
    tags = Tag.objects.filter(tickets=OuterRef("pk")).order_by("name").values("name")
    people = ("customer__organisation", "queue", "assignee", "category", "organisation")
    return tickets.select_related(*people).defer("analysis").annotate(tag_names=ArraySubquery(tags))


def of(ticket: Ticket, event: Event | None = None, message: Message | None = None, *, now: datetime | None = None) -> dict[str, Any]:
    """The facts of a ticket from `readable`. No query."""
    customer, organisation = ticket.customer, ticket.customer.organisation
    now = now or timezone.now()
    facts: dict[str, Any] = {
        "now": now,
        "calendars": Calendars(),
        "own_hours": _own_hours(ticket),
        "status": ticket.status,
        "priority": ticket.priority,
        "queue": str(ticket.queue_id),
        "assignee": str(ticket.assignee_id or ""),
        "category": str(ticket.category_id or ""),
        "tag": frozenset(ticket.tag_names),  # type: ignore[attr-defined]
        "subject": ticket.subject,
        "channel": ticket.channel,
        "language": ticket.language,
        "sentiment": ticket.sentiment,
        "frustration": ticket.frustration,
        "tier": frozenset(filter(None, (customer.tier, organisation.tier if organisation else ""))),
        "organisation": organisation.name if organisation else "",
        "escalated": "escalation" in ticket.metadata,
        "snoozed": ticket.snoozed_until is not None and ticket.snoozed_until > now,
        "answered": ticket.first_response_at is not None,
        "created": ticket.created_at,
        "status_since": ticket.status_since,
        "customer_wrote": ticket.last_customer_message_at,
        "agent_wrote": ticket.last_agent_message_at,
        "updated": ticket.updated_at,
        "due": ticket.due_at,
    }
    return {**facts, **_happened(event), **_said(message)}


def _own_hours(ticket: Ticket) -> str:
    """The calendar in which the ticket's clocks run: its id; "" round the clock."""
    stretches = ticket.clocks.get("stretches") or [{}]
    return str(stretches[-1].get("hours") or "")


def message_of(event: Event) -> Message | None:
    """The message that an event tells of; else the customer's newest. One query."""
    messages = Message.objects.defer("body_html", "quoted_text")
    if event.subject_type == "message":
        try:
            return messages.filter(pk=UUID(event.subject_id)).first()
        except ValueError:
            return None
    spoken = messages.filter(ticket=event.ticket_ref, author_kind=Message.AuthorKind.CUSTOMER).public()
    return spoken.order_by("-created_at", "-id").first()


def _happened(event: Event | None) -> dict[str, Any]:
    if event is None:
        return {}
    old = str(event.data.get("old") or "")
    return {
        "actor": event.actor_kind if event.actor_kind != "assistant" else "system",
        "was_status": old if event.kind == "ticket.status_changed" else "",
        "was_priority": old if event.kind == "ticket.priority_changed" else "",
        "rating": event.data.get("score", event.data.get("rating")),
    }


def _said(message: Message | None) -> dict[str, Any]:
    if message is None:
        return {}
    return {"message": message.body_text, "message_channel": message.channel, "automatic": message.automatic}
