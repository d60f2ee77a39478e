"""Chat and ticket are one object: a ticket is made from a conversation, which then stands in it line by line, and goes on in it."""

from __future__ import annotations

from dataclasses import replace

from django.db import transaction

from assist.models import ChatMessage, ChatSession
from helpdesk.core.errors import Invalid
from tickets import intake, transcripts
from tickets.channels.chat import VisitorLine, translate
from tickets.models import Message, Participant, Ticket

from . import lines, wording

MARK = "chat"  # key of the ticket's metadata that says: a conversation stands behind this
TELLING, FEWEST_WORDS = ("question", "problem", "complaint"), 4
AUTHOR = {
    ChatMessage.Role.USER: transcripts.BY_CUSTOMER,
    ChatMessage.Role.ASSISTANT: transcripts.BY_ASSISTANT,
    ChatMessage.Role.AGENT: transcripts.BY_AGENT,
}


def file(session: ChatSession, *, subject: str = "", queue: str = "", anew: bool = False, words: str = "") -> Ticket:
    """The ticket of this conversation, made now if there is none; `anew`: for another matter (`words`), the old one is left behind.

    Two who ask at once get the same ticket. Raises Invalid when the visitor has not said a word.
    """
    with transaction.atomic():
        held = lines.locked(session)
        if held.ticket is not None and not anew:
            session.ticket = held.ticket
            return held.ticket
        said = list(held.messages.filter(message=None).select_related("user").in_order())
        opening = next((line for line in reversed(said) if line.role == ChatMessage.Role.USER), None)
        if opening is None:  # what was said stands in the ticket before
            return _another(session, held, subject=subject, words=words)
        about = subject or _matter(said)
        message = intake.receive(translate(_line(held, opening, subject=about, queue=queue)))
        _answer_to(held, message.ticket)
        _set_down(message.ticket, [line for line in said if line != opening])
        _joined(opening, message)
        held.ticket, held.queue = message.ticket, message.ticket.queue
        held.save(update_fields=["ticket", "queue"])
    session.ticket, session.queue = held.ticket, held.queue
    return message.ticket


def _another(session: ChatSession, held: ChatSession, *, subject: str, words: str) -> Ticket:
    """A ticket of its own for one more matter; what is said from now on goes into it."""
    last = held.messages.filter(role=ChatMessage.Role.USER).order_by("-n").first()
    if last is None or not words:
        raise Invalid("There is nothing in this chat that a ticket could be made of")
    line = _line(held, last, subject=subject or wording.subject_of(words))
    message = intake.receive(translate(replace(line, text=words, reference=f"{line.reference}-again")))
    _answer_to(held, message.ticket)
    session.ticket = held.ticket = message.ticket
    session.queue = held.queue = message.ticket.queue
    held.save(update_fields=["ticket", "queue"])
    return message.ticket


def keep_in_step(session: ChatSession, line: ChatMessage) -> None:
    """A line that was said now stands in the ticket too. `session` is held; nothing to do while there is no ticket."""
    if session.ticket is None or line.message_id:
        return
    if line.role == ChatMessage.Role.USER:
        message = intake.receive(translate(_line(session, line)))
        if message.ticket_id != session.ticket_id:  # a closed ticket goes on in a new one
            session.ticket = message.ticket
            session.save(update_fields=["ticket"])
    else:
        message = transcripts.assistant_says(session.ticket, _transcribed(line))
    _joined(line, message)


def _matter(said: list[ChatMessage]) -> str:
    """What the conversation is about: the visitor's latest question or problem that can stand alone, else their last word."""
    theirs = [line for line in said if line.role == ChatMessage.Role.USER]
    telling = [line for line in theirs if line.metadata.get("act") in TELLING and len(line.content.split()) >= FEWEST_WORDS]
    return wording.subject_of((telling or theirs)[-1].content)


def _line(session: ChatSession, line: ChatMessage, *, subject: str = "", queue: str = "") -> VisitorLine:
    new = session.ticket is None or bool(subject)  # another matter
    return VisitorLine(
        reference=_reference(line),
        customer_id=session.customer_id,
        text=line.content,
        name=str(session.slots.get("name") or ""),
        verified=session.identity == ChatSession.Identity.VERIFIED,
        subject=subject,
        queue=queue,
        said_at=line.created_at,
        ticket_number="" if new or session.ticket is None else session.ticket.number,
        metadata={MARK: {"session": str(session.pk), "state": session.state}} if new else {},
    )


def _answer_to(session: ChatSession, ticket: Ticket) -> None:
    """The address that a stranger gave gets our answers in this ticket. It leads to no customer: whoever claims it proves nothing."""
    if session.email and not session.customer.email:
        Participant.objects.get_or_create(ticket=ticket, address=session.email, role=Participant.Role.REQUESTER)


def _set_down(ticket: Ticket, said: list[ChatMessage]) -> None:
    kept = transcripts.set_down(ticket, [_transcribed(line) for line in said])
    for line in said:
        _joined(line, kept[_reference(line)])


def _transcribed(line: ChatMessage) -> transcripts.Line:
    return transcripts.Line(
        reference=_reference(line),
        by=AUTHOR[ChatMessage.Role(line.role)],
        text=line.content,
        at=line.created_at,
        user=line.user,
        metadata={"sources": line.sources} if line.sources else None,
    )


def _joined(line: ChatMessage, message: Message) -> None:
    line.message = message
    line.save(update_fields=["message"])


def _reference(line: ChatMessage) -> str:
    return f"chat-{line.pk}"
