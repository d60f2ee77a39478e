"""What tickets and messages add to the memory of their customer, by their leave. Safe to repeat: a source is stored once."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext as _

from customers import memory
from customers.memory import Observed, Source
from customers.memory.drawing import draw, known_products
from customers.models import Customer, MemoryNode
from helpdesk.core.errors import Invalid
from helpdesk.core.models import Event
from tickets.models import Message, Rating, Ticket
from tickets.models.message import MessageQuerySet

OLD_MESSAGES = 300  # read at most when leave comes late
TICKET_EVENTS = ("ticket.created", "ticket.status_changed", "rating.given")
OLD_EVENTS = 300
OURS = re.compile(r"TKT-\d{8}-\d{4,}")
LONGEST = 4_000  # characters of a message that are remembered; the message itself stays in its ticket


def visible_tickets(viewer: Any, tickets: Iterable[UUID]) -> set[UUID]:
    """Of these tickets, those that the viewer may see."""
    return set(Ticket.objects.visible_to(viewer).filter(pk__in=list(tickets)).values_list("pk", flat=True))


def ticket_numbered(number: str) -> UUID | None:
    """The ticket of that number; None for another system's. Raises Invalid for one in our form that is not there.

    A slip of the pen must not make of a ticket's memory one that everybody may see.
    """
    if "\x00" in number:
        return None
    written = number.strip().lstrip("#").upper()
    found = Ticket.objects.filter(number=written).values_list("pk", flat=True).first()
    if found is None and OURS.fullmatch(written):
        raise Invalid(_("There is no ticket of this number."))
    return found


def remember_message(message_id: UUID | str, *, now: bool = True) -> None:
    """What a customer wrote, and the facts in it. Nothing of automatic mail, notes, or senders who were not proven."""
    message = _whole(Message.objects.from_customer()).filter(pk=message_id).first()
    if message is None or message.customer is None or message.automatic or message.verified == "fail":
        return
    _observe(message, message.customer, now=now)
    if memory.allows(message.customer, "storage", "Entity"):
        for fact in draw(message.body_text, known_products()):
            source = Source("message", str(message.pk), fact.quote, message.ticket_id)
            memory.learn(message.customer, fact.attribute, fact.value, source=source, since=message.created_at, learned=message.created_at)


def remember_reply(message_id: UUID | str, *, now: bool = True) -> None:
    """What an agent answered: an interaction with the ticket's customer, without facts."""
    message = _whole(Message.objects.filter(author_kind=Message.AuthorKind.AGENT)).filter(pk=message_id).first()
    if message is not None and not message.automatic:
        _observe(message, message.ticket.customer, now=now)


def forget_reply(message_id: UUID | str) -> None:
    """A reply that was taken back before it left was never said."""
    MemoryNode.objects.filter(source_kind="message", source_id=str(message_id)).delete()


def catch_up(event: Event) -> None:
    """A customer agrees to be remembered: their latest messages and tickets from before are read too, their meaning in the background."""
    if not event.data.get("granted") or "storage" not in event.data.get("purposes", ()):
        return
    theirs = Q(customer_id=event.customer_ref) | Q(author_kind=Message.AuthorKind.AGENT, ticket__customer_id=event.customer_ref)
    latest = Message.objects.filter(theirs).public().order_by("-created_at").values_list("pk", "author_kind")[:OLD_MESSAGES]
    for pk, author in reversed(latest):  # the oldest first, as they came
        recall = remember_reply if author == Message.AuthorKind.AGENT else remember_message
        recall(pk, now=False)
    told = Event.objects.filter(kind__in=TICKET_EVENTS, ticket_ref__in=Ticket.objects.filter(customer=event.customer_ref).values("pk"))
    for old in reversed(told.order_by("-id")[:OLD_EVENTS]):
        remember = remember_rating if old.kind == "rating.given" else remember_ticket
        remember(old, now=False)


def _whole(messages: MessageQuerySet) -> MessageQuerySet:
    return messages.public().select_related("ticket__category", "ticket__customer", "customer")


def _observe(message: Message, customer: Customer, *, now: bool) -> None:
    ticket, text = message.ticket, message.body_text.strip()[:LONGEST]
    if not text or not memory.allows(customer, "storage", "Observation"):
        return
    observer = str(message.user_id or "")
    seen = Observed(
        "Observation",
        "SupportInteraction",
        text,
        {"observation_type": "SupportInteraction", "text": text, "subject_id": str(customer.pk), "observer_id": observer},
        starts=message.created_at,
        learned=message.created_at,
        channel=message.channel,
        category=_category(ticket),
        ticket=ticket.pk,
        metadata=_metadata(ticket, message.channel),
    )
    memory.observe([customer], seen, source=Source("message", str(message.pk)), now=now)


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


def remember_rating(event: Event, *, now: bool = True) -> None:
    """What the customer thought of it. A change of mind is another observation: both were said."""
    given = Rating.objects.select_related("ticket__customer", "ticket__category").filter(pk=event.subject_id).first()
    if given is None or not memory.allows(given.ticket.customer, "storage", "Observation"):
        return
    ticket, words = given.ticket, given.comment[:LONGEST] if event.data.get("commented") else ""
    text = _("Rated “{subject}” with {score} of 5").format(subject=ticket.subject, score=event.data["score"])
    text = f"{text}: {words}" if words else text
    content = {"observation_type": "CustomerFeedback", "text": text, "subject_id": str(ticket.customer_id), "observer_id": ""}
    seen = Observed(
        "Observation",
        "CustomerFeedback",
        text,
        content,
        starts=event.occurred_at,
        learned=event.occurred_at,
        channel=ticket.channel,
        category=_category(ticket),
        ticket=ticket.pk,
        metadata=_metadata(ticket, ticket.channel),
    )
    memory.observe([ticket.customer], seen, source=Source("rating", f"{given.pk}:{event.pk}"), now=now)


def _category(ticket: Ticket) -> str:
    return ticket.category.slug if ticket.category else ""


def _metadata(ticket: Ticket, channel: str) -> dict[str, Any]:
    return {"importance": 0.5, "channel": channel, "ticket_id": str(ticket.pk), "category": _category(ticket)}
