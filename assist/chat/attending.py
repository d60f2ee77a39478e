"""An agent in a chat: joining, answering, handing back, ending. The assistant is silent meanwhile.

Locks are taken in one order everywhere: the session, then its ticket.
"""

from __future__ import annotations

import contextlib
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from assist.models import ChatMessage, ChatSession
from helpdesk.core.errors import Conflict
from helpdesk.core.events import record
from helpdesk.core.models import ApiKey, User
from tickets import conversing, merging, rating
from tickets.models import Message, Rating, Ticket
from tickets.models.ticket import Actor

from . import lines, presence, waiting

State = ChatSession.State


def of_ticket(ticket: Ticket) -> ChatSession | None:
    """The chat behind a ticket: the one that is going on, else the newest."""
    chats = ChatSession.objects.select_related("agent", "customer").filter(ticket=ticket)
    return chats.exclude(state=State.ENDED).order_by("-started_at").first() or chats.order_by("-started_at").first()


def is_there(session: ChatSession) -> bool:
    """Would the visitor read an answer now?"""
    return session.state != State.ENDED and presence.is_here(session.pk)


def join(session: ChatSession, *, by: User, instead: bool = False) -> ChatSession:
    """Take the chat: it and its ticket are `by`'s, the assistant falls silent. Raises Conflict when it has ended, or a colleague is in it.

    `instead` takes it from a colleague.
    """
    with transaction.atomic():
        session = lines.locked(session)
        if session.state == State.ENDED:
            raise Conflict(_("This chat has ended."))
        if session.state == State.WITH_AGENT and session.agent_id == by.pk:
            return session
        if session.state == State.WITH_AGENT and session.agent and not instead:
            raise Conflict(_("%(name)s is in this chat.") % {"name": session.agent.name})
        ticket = _ticket_of(session)
        session.agent = by
        change(session, State.WITH_AGENT, ticket)
        ticket.assign(to=by, by=by)
        if ticket.status == Ticket.Status.NEW:
            ticket.set_status(Ticket.Status.OPEN, by=by)
        _record("chat.joined", session, ticket, by, agent=by.name)
        waiting.moved(ticket.queue_id)
        lines.tell(session)
    return session


def hand_back(session: ChatSession, *, by: User) -> ChatSession:
    """The assistant goes on. Raises Conflict when nobody is in the chat."""
    with transaction.atomic():
        session = lines.locked(session)
        if session.state not in (State.WITH_AGENT, State.WAITING):
            raise Conflict(_("The assistant is in this chat."))
        ticket = _ticket_of(session)
        session.agent = None
        session.failures = 0
        change(session, State.ASSISTANT, ticket)
        _record("chat.handed_back", session, ticket, by, agent=by.name)
        waiting.moved(ticket.queue_id)
        lines.tell(session)
    return session


def end(session: ChatSession, *, by: Actor) -> ChatSession:
    """Over, whoever says so; the visitor is asked how it was. The ticket stays as it is. Safe to repeat."""
    with transaction.atomic():
        session = lines.locked(session)
        if session.state == State.ENDED:
            return session
        ticket = _ticket_of(session) if session.ticket_id else None
        session.ended_at = timezone.now()
        change(session, State.ENDED, ticket)
        _record("chat.ended", session, ticket, by)
        if ticket is not None:
            waiting.moved(ticket.queue_id)
        lines.tell(session)
    return session


def rate(session: ChatSession, score: int, comment: str = "") -> None:
    """What the visitor thought of it, 1 to 5; of a chat with a ticket it is the ticket's rating, with all that follows from a low one."""
    with transaction.atomic():
        session = lines.locked(session)
        session.rating, session.rating_comment, session.rated_at = score, comment, timezone.now()
        session.save(update_fields=["rating", "rating_comment", "rated_at"])
        if session.ticket is not None:
            ticket = merging.survivor(session.ticket)
            with contextlib.suppress(Conflict):  # the ticket was rated long ago, and that stands
                words = comment[: rating.LONGEST_COMMENT] or None
                rating.rate(ticket=ticket, score=score, comment=words, source=Rating.Source.CHAT, by=session.customer)


# -- answers from the composer ---------------------------------------------------------------------------------


class Attended:
    """A chat that somebody answers: see `tickets.conversing`."""

    def __init__(self, session: ChatSession) -> None:
        self.session = session
        self.is_there = is_there(session)

    def carry(self, message: Message) -> None:
        """The agent's words stand in the chat, in the transaction that writes them, and are on the visitor's screen after it."""
        lines.add(self.session, ChatMessage.Role.AGENT, message.body_text, user=message.user, message=message)


def take_back(message: Message) -> None:
    """A reply that had not left was withdrawn: it is gone from the chat too."""
    for line in ChatMessage.objects.select_related("session").filter(message=message):
        line.delete()
        lines.tell(line.session)


def enter(ticket: Ticket, by: User | ApiKey) -> Attended | None:
    """Hold the chat of this ticket for an answer. A person who answers joins, unless a colleague is in it already."""
    known = of_ticket(ticket)
    if known is None:
        return None
    session = lines.locked(known)
    if isinstance(by, User) and session.state in (State.ASSISTANT, State.WAITING):
        session = join(session, by=by)
    return Attended(session)


conversing.register(enter, take_back)


# -- small parts -----------------------------------------------------------------------------------------------


def change(session: ChatSession, state: str, ticket: Ticket | None) -> None:
    """The session's new state, which its ticket shows too."""
    session.state = state
    if state == State.WAITING:
        session.handed_over_at = timezone.now()
    session.save(
        update_fields=["state", "agent", "queue", "failures", "handed_over_at", "ended_at", "handoff_reason", "ticket", "metadata"]
    )
    if ticket is not None:
        mark(ticket, session)


def mark(ticket: Ticket, session: ChatSession) -> None:
    """What lists of tickets show of the chat."""
    with transaction.atomic():
        ticket.refresh_from_db(from_queryset=Ticket.objects.select_for_update(of=("self",)))
        since = session.handed_over_at.isoformat() if session.state == State.WAITING and session.handed_over_at else ""
        ticket.metadata = {**ticket.metadata, conversing.MARK: {"session": str(session.pk), "state": session.state, "since": since}}
        ticket.touch("metadata")


def unmark(ticket: Ticket, session: ChatSession) -> None:
    """The chat has gone elsewhere."""
    with transaction.atomic():
        ticket.refresh_from_db(from_queryset=Ticket.objects.select_for_update(of=("self",)))
        if ticket.metadata.get(conversing.MARK, {}).get("session") == str(session.pk):
            ticket.metadata = {key: value for key, value in ticket.metadata.items() if key != conversing.MARK}
            ticket.touch("metadata")


def _ticket_of(session: ChatSession) -> Ticket:
    if session.ticket is None:
        raise Conflict(_("This chat has no ticket yet."))
    return merging.survivor(session.ticket)


def _record(kind: str, session: ChatSession, ticket: Ticket | None, by: Actor, **data: Any) -> None:
    given = {"session": str(session.pk), "state": session.state, **data}
    if ticket is not None:
        ticket.record(kind, by=by, subject=session, **given)
    else:
        record(kind, by=by, subject=session, customer=session.customer, **given)
