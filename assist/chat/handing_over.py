"""From the assistant to people: the chat becomes a ticket in the right queue, with all that was said, why, and what is still open.

hand_over → briefing (thinks, nothing is held) → the session is locked → ticket, note, escalation, state → the visitor is told

The visitor's press and the engine's rule may come at once: the session's row decides, and whoever is second finds it done.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from assist.models import ChatMessage, ChatSession, WidgetSite
from assist.widget import hours
from customers import identity
from helpdesk.core.errors import Conflict
from helpdesk.core.models import Event
from tickets import merging
from tickets.models import Message, Participant, Queue, Ticket

from . import attending, availability, briefing, filing, lines, waiting
from .briefing import Briefing
from .words import say, spoken

State = ChatSession.State
LONGEST_REASON = 300  # characters
Announce = Callable[[ChatSession, Ticket], None]  # the session is held meanwhile
ADDRESS = re.compile(r"[\w.+-]{1,64}@(?:[\w-]{1,63}\.){1,5}[A-Za-z]{2,24}\b")


def hand_over(session: ChatSession, reason: str, *, announce: Announce | None = None) -> Ticket:
    """Ask for a person, once; whoever asks again gets the same ticket. `reason` is one of `briefing.REASONS`, or words.

    From now on the assistant keeps quiet. `announce` says so to the visitor, once it is certain. `session` is brought up to date. Raises
    Conflict when the chat has ended.
    """
    session.refresh_from_db()
    brief = briefing.brief(session, list(session.messages.in_order()), reason) if session.with_assistant else None
    with transaction.atomic():
        held = lines.locked(session)
        if held.state == State.ENDED:
            raise Conflict(_("This chat has ended."))
        if held.with_assistant:
            _write(held, brief or briefing.brief(held, list(held.messages.in_order()), reason), announce)
    session.refresh_from_db()
    return ticket_of(session)


def _write(session: ChatSession, brief: Briefing, announce: Announce | None) -> None:
    if not session.messages.filter(role=ChatMessage.Role.USER).exists():  # the press of the button is all that was said
        with spoken(session.language):
            lines.add(session, ChatMessage.Role.USER, say("wants_person"))
    queue = brief.queue or Queue.objects.default()
    ticket = filing.file(session, queue=queue.slug)
    session.handoff_reason = brief.reason[:LONGEST_REASON]
    session.agent, session.queue = None, ticket.queue
    attending.change(session, State.WAITING, ticket)
    _note(ticket, brief)
    _escalate(ticket, brief)
    told = {"state": session.state, "reason": session.handoff_reason, "queue": ticket.queue.slug}
    ticket.record("chat.handed_over", by=session.customer, subject=session, session=str(session.pk), **told)
    if announce is not None:
        announce(session, ticket)
    back = _back(session)
    if back or not availability.anybody_for(ticket.queue):
        _nobody_here(session, back)
    waiting.moved(ticket.queue_id)


def _back(session: ChatSession) -> tuple[datetime, str] | None:
    """Outside the hours of the website's people: when they are back, and the website's time zone; None in their hours."""
    key = str(session.metadata.get("site", ""))
    site = WidgetSite.objects.named(key) if key else None
    back = hours.back_at(site) if site else None
    return (back, hours.of(site).zone) if site and back else None


def _by_their_clock(when: datetime, zone: str) -> str:
    return f"{date_format(when.astimezone(ZoneInfo(zone)), 'l j F, H:i')} ({zone})"


def _nobody_here(session: ChatSession, back: tuple[datetime, str] | None) -> None:
    """Says so, when somebody is, and how the answer will come."""
    with spoken(session.language):
        answer = say("answer_by_mail", address=address) if (address := address_of(session)) else say("leave_address")
        opens = say("back_on", when=_by_their_clock(*back)) if back else ""
        words = " ".join(filter(None, (say("nobody_here"), opens, answer)))
    filing.keep_in_step(session, lines.add(session, ChatMessage.Role.ASSISTANT, words, metadata={"nobody_here": True}))


def take_address(session: ChatSession, content: str) -> str:
    """The e-mail address that somebody who waits gives, so that the answer reaches them when they have left. "" for none, or a second one.

    It proves nothing: it is where this ticket's answers go, and leads to no other customer.
    """
    found = ADDRESS.search(content)
    if found is None or session.ticket is None or address_of(session):
        return ""
    address = identity.normal_email(found[0])
    with transaction.atomic():
        held = lines.locked(session)
        held.email = address
        if held.identity == ChatSession.Identity.ANONYMOUS:
            held.identity = ChatSession.Identity.GIVEN
        held.save(update_fields=["email", "identity"])
        ticket = ticket_of(held)
        Participant.objects.get_or_create(ticket=ticket, address=address, defaults={"role": Participant.Role.REQUESTER})
        with spoken(held.language):
            words = say("address_taken", address=address)
        filing.keep_in_step(held, lines.add(held, ChatMessage.Role.ASSISTANT, words))
    session.refresh_from_db()
    return address


def address_of(session: ChatSession) -> str:
    """Where an answer reaches the visitor who has left."""
    return session.email or session.customer.email


def ticket_of(session: ChatSession) -> Ticket:
    if session.ticket is None:
        raise Conflict(_("This chat has no ticket yet."))
    return merging.survivor(session.ticket)


def _note(ticket: Ticket, brief: Briefing) -> None:
    """For whoever takes it: an internal note beside the chat."""
    message = Message.objects.create(
        ticket=ticket,
        author_kind=Message.AuthorKind.ASSISTANT,
        author_name=_("Assistant"),
        visibility=Message.Visibility.INTERNAL,
        channel=Ticket.Channel.CHAT,
        body_text="\n".join(brief.lines),
        automatic=True,
    )
    ticket.record("note.added", by=None, subject=message)


def _escalate(ticket: Ticket, brief: Briefing) -> None:
    """As triage does: the level and a briefing on the ticket, the event once for a level."""
    reasons = list(dict.fromkeys((brief.reason, *brief.reasons)))
    found = {"level": brief.level, "also": list(brief.also), "reasons": reasons, "briefing": brief.lines}
    ticket.metadata = {**ticket.metadata, "escalation": found}
    ticket.touch("metadata")
    if not Event.objects.filter(ticket_ref=ticket.pk, kind="ticket.escalated", data__level=brief.level).exists():
        ticket.record("ticket.escalated", level=brief.level, reasons=reasons)
