"""What a visitor says is stored first; then the assistant thinks; then its answer is stored and told.

answer = conversation.say(session, "How do I reset my password?")
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from assist.models import ChatMessage, ChatSession
from helpdesk.core.errors import Conflict, HelpdeskError, Invalid
from tickets.models import Ticket

from . import filing, handing_over, lines, summarising, wording, words
from .thinking import think
from .thought import Thought
from .understanding import Understood

log = logging.getLogger(__name__)

LONGEST = 50_000  # characters of one line
MOST_LINES, A_MINUTE = 40, 60  # of one conversation in so many seconds


class TooLong(Invalid):
    """One message can have at most 50,000 characters."""

    code = "message-too-long"
    status = 413


class TooFast(HelpdeskError):
    """Too many messages in a minute. Wait a moment; this one was not taken."""

    code = "too-many-messages"
    status = 429


@dataclass(frozen=True)
class Answer:
    """What became of a line: `line` is our answer to `said`, None while a person is asked for or speaks."""

    session: ChatSession
    said: ChatMessage
    line: ChatMessage | None = None

    @property
    def text(self) -> str:
        if self.line:
            return self.line.content
        with words.spoken(self.session.language):
            return words.say("with_our_team")

    @property
    def metadata(self) -> dict[str, Any]:
        return (self.line or self.said).metadata


def say(session: ChatSession, content: str, *, client_id: str = "") -> Answer:
    """The visitor says something. The same `client_id` twice is one line with one answer. Raises Invalid, TooLong."""
    began = time.perf_counter()
    said, known = _taken(session, checked(content), client_id)
    if known is not None or not session.with_assistant:
        if known is None and session.state == ChatSession.State.WAITING:
            handing_over.take_address(session, said.content)
        return Answer(session, said, known)
    read, thought = think(session, said)
    answered = _Answered(session, said, read, thought, began)
    return answered.passed_on() if thought.escalate else answered.said_here()


def hear(session: ChatSession, content: str, *, client_id: str = "") -> ChatMessage:
    """Store the visitor's words, in the ticket too where there is one."""
    return _taken(session, content, client_id)[0]


def _taken(session: ChatSession, content: str, client_id: str) -> tuple[ChatMessage, ChatMessage | None]:
    """The line, and our answer to it where it came a second time."""
    with transaction.atomic():
        held = lines.locked(session)
        known = held.messages.filter(client_id=client_id).first() if client_id else None
        line = known or lines.add(held, ChatMessage.Role.USER, content, client_id=client_id)
        if known is None:
            if held.lines > MOST_LINES and _said_lately(held) > MOST_LINES:
                raise TooFast  # and the line is not kept
            filing.keep_in_step(held, line)
    _as_held(session, held)
    return line, ChatMessage.objects.filter(answers=line).first() if known else None


def _said_lately(held: ChatSession) -> int:
    since = timezone.now() - timedelta(seconds=A_MINUTE)
    return held.messages.filter(role=ChatMessage.Role.USER, created_at__gt=since).count()


class _Answered:
    """A line that was thought about: what is said to it is written once, whoever else was at it meanwhile."""

    def __init__(self, session: ChatSession, said: ChatMessage, read: Understood, thought: Thought, began: float) -> None:
        self.session, self.said, self.read, self.thought, self.began = session, said, read, thought, began
        self.line: ChatMessage | None = None

    def said_here(self) -> Answer:
        with transaction.atomic():
            held = lines.locked(self.session)
            self.line = ChatMessage.objects.filter(answers=self.said).first()
            if self.line is None and held.with_assistant:  # else a person came meanwhile, and speaks
                self._write(held)
        _as_held(self.session, held)
        return Answer(self.session, self.said, self.line)

    def passed_on(self) -> Answer:
        """A person is asked for, and the visitor hears of it in the same moment."""
        try:
            handing_over.hand_over(self.session, self.thought.escalate, announce=self._announce)
        except Conflict:  # it has ended meanwhile
            log.info("chat_ended_meanwhile", extra={"chat": str(self.session.pk)})
        return Answer(self.session, self.said, self.line)

    def _announce(self, held: ChatSession, ticket: Ticket) -> None:
        self.thought.ticket_created = ticket
        with words.spoken(self.read.language):
            self.thought.text = wording.pass_on(ticket.number, why=self.thought.escalate, mood=self.read.mood.sentiment)
        self._write(held)

    def _write(self, held: ChatSession) -> None:
        thought, read = self.thought, self.read
        metadata = _metadata(read, thought, (time.perf_counter() - self.began) * 1000)
        thought.slots["shown"] = [one["id"] for one in thought.sources]
        held.slots, held.failures, held.mood, held.language = thought.slots, thought.failures, self.session.mood, read.language
        given: dict[str, Any] = {"answers": self.said, "sources": thought.sources, "metadata": metadata}
        self.line = lines.add(held, ChatMessage.Role.ASSISTANT, thought.text, also=("slots", "failures", "mood", "language"), **given)
        filing.keep_in_step(held, self.line)
        said = self.said
        said.metadata = {**said.metadata, "intent": read.intent.name, "act": read.intent.act, "sentiment": metadata["sentiment"]}
        said.save(update_fields=["metadata"])
        if summarising.is_due(held):
            held.summary = summarising.sum_up(held)
            held.save(update_fields=["summary"])


def _metadata(read: Understood, thought: Thought, ms: float) -> dict[str, Any]:
    mood = read.mood
    return {
        "intent": read.intent.name,
        "sentiment": {
            "label": mood.label,
            "polarity": mood.polarity,
            "frustration_score": mood.frustration_score,
            "trend": mood.trend,
            "urgency": mood.urgency,
            "emotional_indicators": list(mood.emotional_indicators),
            "recommended_approach": mood.recommended_approach,
        },
        "escalated": bool(thought.escalate),
        "reason": thought.escalate,
        "ticket_created": thought.ticket_created.number if thought.ticket_created else None,
        "tools": thought.tools,
        "engine": thought.engine,
        "ms": round(ms, 1),
    }


def _as_held(session: ChatSession, held: ChatSession) -> None:
    """What the caller holds says the same as what was written."""
    for name in ("state", "identity", "email", "ticket", "queue", "slots", "mood", "failures", "lines", "last_message_at", "language"):
        setattr(session, name, getattr(held, name))


def checked(content: str) -> str:
    content = content.replace("\x00", "").strip()
    if not content:
        raise Invalid("There is nothing in this message")
    if len(content) > LONGEST:
        raise TooLong
    return content
