"""What a visitor says is stored first; then the assistant thinks; then its answer is stored and told.

answer = conversation.say(session, "How do I reset my password?")
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from assist.models import ChatMessage, ChatSession
from helpdesk.core.errors import Invalid

from . import filing, lines, slots, wording
from .thinking import think
from .thought import Thought
from .understanding import Understood

log = logging.getLogger(__name__)

LONGEST = 50_000  # characters of one line


class TooLong(Invalid):
    """One message can have at most 50,000 characters."""

    code = "message-too-long"
    status = 413


@dataclass(frozen=True)
class Answer:
    """What became of a line: `line` is our answer to `said`, None while a person is asked for or speaks."""

    session: ChatSession
    said: ChatMessage
    line: ChatMessage | None = None

    @property
    def text(self) -> str:
        return self.line.content if self.line else wording.passed_on_to_team()

    @property
    def metadata(self) -> dict[str, Any]:
        return (self.line or self.said).metadata


def say(session: ChatSession, content: str, *, client_id: str = "") -> Answer:
    """The visitor says something. The same `client_id` twice is one line with one answer. Raises Invalid, TooLong."""
    began = time.perf_counter()
    said = hear(session, _checked(content), client_id=client_id)
    known = ChatMessage.objects.filter(answers=said).first()
    if known is not None or not session.with_assistant:
        return Answer(session, said, known)
    read, thought = think(session, said)
    return _answer(session, said, read, thought, ms=(time.perf_counter() - began) * 1000)


def hear(session: ChatSession, content: str, *, client_id: str = "") -> ChatMessage:
    """Store the visitor's words, in the ticket too where there is one."""
    with transaction.atomic():
        held = lines.locked(session)
        known = held.messages.filter(client_id=client_id).first() if client_id else None
        line = known or lines.add(held, ChatMessage.Role.USER, content, client_id=client_id)
        if known is None:
            _note_address(held, content)
            filing.keep_in_step(held, line)
    _as_held(session, held)
    return line


def _note_address(held: ChatSession, content: str) -> None:
    """Whoever waits for a person leaves an address: that is where the answer goes if they do not stay."""
    if not held.with_assistant and held.identity == ChatSession.Identity.ANONYMOUS and (address := slots.email_in(content)):
        slots.reachable(held, address)


def _answer(session: ChatSession, said: ChatMessage, read: Understood, thought: Thought, *, ms: float) -> Answer:
    metadata = _metadata(read, thought, ms)
    with transaction.atomic():
        held = lines.locked(session)
        known = ChatMessage.objects.filter(answers=said).first()
        if known is not None or (not held.with_assistant and not thought.escalate):  # somebody was quicker, or a person came meanwhile
            return Answer(session, said, known)
        held.slots, held.failures, held.mood = thought.slots, thought.failures, session.mood
        held.language = read.language
        held.save(update_fields=["slots", "failures", "mood", "language"])
        line = lines.add(held, ChatMessage.Role.ASSISTANT, thought.text, answers=said, sources=thought.sources, metadata=metadata)
        filing.keep_in_step(held, line)
        said.metadata = {**said.metadata, "intent": read.intent.name, "act": read.intent.act, "sentiment": metadata["sentiment"]}
        said.save(update_fields=["metadata"])
    _as_held(session, held)
    return Answer(session, said, line)


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
        "reason": str(thought.escalate),
        "ticket_created": thought.ticket_created.number if thought.ticket_created else None,
        "tools": thought.tools,
        "engine": thought.engine,
        "ms": round(ms, 1),
    }


def _as_held(session: ChatSession, held: ChatSession) -> None:
    """What the caller holds says the same as what was written."""
    for name in ("state", "identity", "email", "ticket", "queue", "slots", "mood", "failures", "lines", "last_message_at", "language"):
        setattr(session, name, getattr(held, name))


def _checked(content: str) -> str:
    content = content.replace("\x00", "").strip()
    if not content:
        raise Invalid("There is nothing in this message")
    if len(content) > LONGEST:
        raise TooLong
    return content
