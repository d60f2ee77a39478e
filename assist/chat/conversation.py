"""What a visitor says is stored first; then the assistant thinks; then its answer is stored and told.

answer = conversation.say(session, "How do I reset my password?")
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from assist.models import ChatMessage, ChatSession
from helpdesk.core.errors import Invalid

from . import filing, lines

LONGEST = 50_000  # characters of one line


class TooLong(Invalid):
    """One message can have at most 50,000 characters."""

    code = "message-too-long"


@dataclass(frozen=True)
class Answer:
    """What became of a line: `line` is our answer to `said`, None while a person is asked for or speaks."""

    session: ChatSession
    said: ChatMessage
    line: ChatMessage | None = None
    metadata: dict[str, Any] = field(default_factory=dict)


def say(session: ChatSession, content: str, *, client_id: str = "") -> Answer:
    """The visitor says something. The same `client_id` twice is one line with one answer. Raises Invalid, TooLong."""
    content = _checked(content)
    said = hear(session, content, client_id=client_id)
    return Answer(session, said)


def hear(session: ChatSession, content: str, *, client_id: str = "") -> ChatMessage:
    """Store the visitor's words, in the ticket too where there is one."""
    with transaction.atomic():
        held = lines.locked(session)
        known = held.messages.filter(client_id=client_id).first() if client_id else None
        if known is not None:
            return known
        line = lines.add(held, ChatMessage.Role.USER, content, client_id=client_id)
        filing.keep_in_step(held, line)
    session.refresh_from_db()
    return line


def _checked(content: str) -> str:
    content = content.replace("\x00", "").strip()
    if not content:
        raise Invalid("There is nothing in this message")
    if len(content) > LONGEST:
        raise TooLong
    return content
