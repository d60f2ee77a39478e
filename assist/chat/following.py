"""What is done to a ticket holds for the chat behind it: solved ends it, taken joins it, moved and merged go along. Safe to repeat."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from assist.models import ChatSession
from helpdesk.core.errors import Conflict
from helpdesk.core.models import Event, User
from tickets import conversing, merging
from tickets.models import Ticket

from . import attending, lines, waiting

State = ChatSession.State


def solved(event: Event) -> None:
    """The chat of a ticket that is done has ended. One that was reopened meanwhile goes on."""
    ticket = _with_chat(event.ticket_ref)
    if ticket is None or ticket.is_active or ticket.merged_into_id:
        return
    for session in ChatSession.objects.running().filter(ticket=ticket):
        attending.end(session, by=_person(event))


def taken(event: Event) -> None:
    """Whoever takes the ticket of somebody who waits, is in the chat."""
    person = _person(event)
    ticket = _with_chat(event.ticket_ref)
    if person is None or ticket is None or ticket.assignee_id != person.pk:
        return
    for session in ChatSession.objects.waiting().filter(ticket=ticket):
        try:
            attending.join(session, by=person)
        except Conflict:  # a colleague was quicker, or it has ended
            return


def moved(event: Event) -> None:
    """Another queue, another line; the place in it is by how long one waits."""
    ticket = _with_chat(event.ticket_ref)
    for session in ChatSession.objects.running().filter(ticket=ticket).exclude(queue=ticket.queue) if ticket else ():
        with transaction.atomic():
            held = lines.locked(session)
            before, held.queue = held.queue_id, ticket.queue  # type: ignore[union-attr]
            held.save(update_fields=["queue"])
            for queue in filter(None, (before, held.queue_id)):
                waiting.moved(queue)
            lines.tell(held)


def merged(event: Event) -> None:
    """The chat goes on in the kept ticket; when the merge is undone, back in its own."""
    ticket = _with_chat(event.ticket_ref)
    if ticket is None:
        return
    home = merging.survivor(ticket)
    mark = str(ticket.metadata[conversing.MARK].get("session", ""))
    for session in ChatSession.objects.filter(pk=mark).exclude(ticket=home):
        with transaction.atomic():
            held = lines.locked(session)
            left, held.ticket = held.ticket, home
            held.save(update_fields=["ticket"])
            attending.mark(home, held)
            if left is not None and left.pk != ticket.pk:
                attending.unmark(left, held)


def _with_chat(ticket_id: UUID | None) -> Ticket | None:
    if ticket_id is None:
        return None
    return Ticket.objects.select_related("queue", "merged_into").filter(pk=ticket_id, metadata__has_key=conversing.MARK).first()


def _person(event: Event) -> User | None:
    """Whoever did it, if it was one of us."""
    return User.objects.filter(pk=event.actor_id).first() if event.actor_kind == User.actor_kind else None
