"""What tickets and messages add to the memory of their customer, by their leave. Safe to repeat: a source is stored once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from customers import memory
from customers.memory import Observed, Source
from customers.memory.drawing import draw
from helpdesk.core.models import Event
from tickets.models import Message, Ticket

LONGEST = 4_000  # characters of a message that are remembered; the message itself stays in its ticket


def visible_tickets(viewer: Any, tickets: Iterable[UUID]) -> set[UUID]:
    """Of these tickets, those that the viewer may see."""
    return set(Ticket.objects.visible_to(viewer).filter(pk__in=list(tickets)).values_list("pk", flat=True))


def ticket_numbered(number: str) -> UUID | None:
    if "\x00" in number:
        return None
    return Ticket.objects.filter(number=number.strip().lstrip("#").upper()).values_list("pk", flat=True).first()


def remember_message(message_id: UUID | str, *, now: bool = True) -> None:
    """What a customer wrote, and the facts in it. Nothing of automatic mail, notes, or senders who were not proven."""
    message = Message.objects.from_customer().public().select_related("ticket__category", "customer").filter(pk=message_id).first()
    if message is None or message.customer is None or message.automatic or message.verified == "fail":
        return
    customer, ticket, text = message.customer, message.ticket, message.body_text.strip()[:LONGEST]
    if text and memory.allows(customer, "storage", "Observation"):
        seen = Observed(
            "Observation",
            "SupportInteraction",
            text,
            {"observation_type": "SupportInteraction", "text": text, "subject_id": str(customer.pk), "observer_id": ""},
            starts=message.created_at,
            learned=message.created_at,
            channel=message.channel,
            category=_category(ticket),
            ticket=ticket.pk,
            metadata=_metadata(ticket, message.channel),
        )
        memory.observe([customer], seen, source=Source("message", str(message.pk)), now=now)
    if memory.allows(customer, "storage", "Entity"):
        for fact in draw(message.body_text):
            source = Source("message", str(message.pk), fact.quote, ticket.pk)
            memory.learn(customer, fact.attribute, fact.value, source=source, since=message.created_at, learned=message.created_at)


def remember_ticket(event: Event, *, now: bool = True) -> None:
    """That a customer asked for something, and that it was solved."""
    ticket = Ticket.objects.select_related("customer", "category").filter(pk=event.ticket_ref).first() if event.ticket_ref else None
    solved = event.kind == "ticket.status_changed"
    if ticket is None or (solved and event.data.get("new") != Ticket.Status.RESOLVED):
        return
    if not memory.allows(ticket.customer, "storage", "Event"):
        return
    title = f"Resolved: {ticket.subject}" if solved else f"Asked for help: {ticket.subject}"
    people = [{"entity_id": str(ticket.customer_id), "role": "customer"}]
    content = {"event_type": "SupportTicket", "title": title, "description": ticket.number, "participants": people}
    seen = Observed(
        "Event",
        "SupportTicket",
        title,
        content,
        starts=event.occurred_at,
        learned=event.occurred_at,
        channel=ticket.channel,
        category=_category(ticket),
        ticket=ticket.pk,
        metadata=_metadata(ticket, ticket.channel),
    )
    memory.observe([ticket.customer], seen, source=Source("ticket", f"{ticket.pk}:{event.pk}"), now=now)


def _category(ticket: Ticket) -> str:
    return ticket.category.slug if ticket.category else ""


def _metadata(ticket: Ticket, channel: str) -> dict[str, Any]:
    return {"importance": 0.5, "channel": channel, "ticket_id": str(ticket.pk), "category": _category(ticket)}
