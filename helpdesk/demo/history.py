"""What the history of a demonstration ticket says: the events that its life would have recorded, none of which rings a bell."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Model

from helpdesk.core.models import Event
from tickets.models import Message, Ticket

from .company import Cast

UNDERSTOOD_AFTER = timedelta(seconds=4)
TAKEN_BEFORE_REPLY = timedelta(minutes=1)


class _Book:
    """Events of one ticket as they are noted; the same shape that `core.events.record` writes."""

    def __init__(self, ticket: Ticket) -> None:
        self.ticket = ticket
        self.events: list[Event] = []

    def note(self, kind: str, when: datetime, by: Any = None, subject: Model | None = None, **data: Any) -> None:
        about = subject or self.ticket
        self.events.append(
            Event(
                kind=kind,
                subject_type=str(about._meta.model_name),
                subject_id=str(about.pk),
                ticket_ref=self.ticket.pk,
                data=data,
                actor_kind=getattr(by, "actor_kind", "system"),
                actor_id=str(getattr(by, "pk", "") or ""),
                actor_name=str(by or "")[:150],
                occurred_at=when,
            )
        )

    def change(self, what: str, when: datetime, old: object, new: object, by: Any = None, **more: Any) -> None:
        self.note(f"ticket.{what}", when, by, old=str(old), new=str(new), **{"reason": "", **more})


def history(ticket: Ticket, story: dict[str, Any], messages: list[Message], cast: Cast) -> list[Event]:
    book = _Book(ticket)
    _opened(book, messages[0])
    _understood(book, cast)
    _taken(book, story, messages)
    status = Ticket.Status.NEW.value
    for message in messages:
        _said(book, message)
        status = _moved(book, message, status, _status_after(story, messages, message, status))
    _ended(book, status)
    book.events.sort(key=lambda event: event.occurred_at)  # stable: what was noted first at one moment stays first
    return book.events


def _opened(book: _Book, first: Message) -> None:
    book.note("ticket.created", book.ticket.created_at, first.customer, channel=first.channel, automatic=False, verified=first.verified)


def _understood(book: _Book, cast: Cast) -> None:
    """What triage did on arrival; for those that wait untouched it is done live, after loading."""
    ticket, when = book.ticket, book.ticket.created_at + UNDERSTOOD_AFTER
    if ticket.status == Ticket.Status.NEW:
        return
    book.change("category_changed", when, "", ticket.category or "", reason="triage")
    if ticket.priority != Ticket.Priority.NORMAL:
        book.change("priority_changed", when, Ticket.Priority.NORMAL.value, ticket.priority, reason="triage")
    if ticket.queue != cast.queues["general"]:
        book.change("queue_changed", when, cast.queues["general"], ticket.queue, reason="triage")


def _taken(book: _Book, story: dict[str, Any], messages: list[Message]) -> None:
    """The assignee takes the ticket a minute before anyone first answers, and tags it."""
    ticket = book.ticket
    first = next((message.created_at for message in messages if message.user_id), ticket.created_at)
    when = max(ticket.created_at + UNDERSTOOD_AFTER, first - TAKEN_BEFORE_REPLY)
    if ticket.assignee:
        book.change("assigned", when, "", ticket.assignee, ticket.assignee, old_id=None, new_id=str(ticket.assignee.pk))
    for tag in story.get("tags", ()):
        book.note("ticket.tagged", when, ticket.assignee, tag=tag)
    if ticket.snoozed_until:
        book.note("ticket.snoozed", messages[-1].created_at, ticket.assignee, until=ticket.snoozed_until.isoformat())


def _said(book: _Book, message: Message) -> None:
    if message.is_note:
        book.note("note.added", message.created_at, message.user, message)
    elif message.user:
        book.note("message.sent", message.created_at, message.user, message, channel=message.channel)
    else:
        opens = message.created_at == book.ticket.created_at
        data = {"channel": message.channel, "automatic": False, "verified": message.verified, "opens_ticket": opens}
        book.note("message.received", message.created_at, message.customer, message, **data)


def _status_after(story: dict[str, Any], messages: list[Message], message: Message, status: str) -> str:
    """A reply opens the ticket, or leaves it as the story ends; a customer's answer opens what was waiting."""
    if message.is_note:
        return status
    if message.user is None:
        return Ticket.Status.OPEN if status in (Ticket.Status.PENDING, Ticket.Status.ON_HOLD) else status
    replies = [one for one in messages if one.user and not one.is_note]
    waits = story["status"] in (Ticket.Status.PENDING, Ticket.Status.ON_HOLD)
    return story["status"] if waits and message is replies[-1] else Ticket.Status.OPEN


def _moved(book: _Book, message: Message, old: str, new: str) -> str:
    if old != new:
        book.change(
            "status_changed",
            message.created_at,
            old,
            new,
            message.user or message.customer,
            reason="" if message.user else "customer replied",
        )
    return new


def _ended(book: _Book, status: str) -> None:
    ticket = book.ticket
    if ticket.resolved_at:
        book.change("status_changed", ticket.resolved_at, status, Ticket.Status.RESOLVED.value, ticket.assignee)
    if ticket.closed_at:
        book.change(
            "status_changed", ticket.closed_at, Ticket.Status.RESOLVED.value, Ticket.Status.CLOSED.value, reason="no further answer"
        )
