"""A line of a chat is stored, stands in the ticket too where there is one, and everybody who looks is told."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.utils import timezone

from assist.models import ChatMessage, ChatSession
from helpdesk.core.models import User
from helpdesk.core.realtime import broadcast
from tickets.models import Message


def locked(session: ChatSession) -> ChatSession:
    """The session as it stands now, held until the transaction ends. Whoever writes takes this lock first and the ticket's second."""
    return ChatSession.objects.select_for_update(of=("self",)).select_related("ticket", "customer").get(pk=session.pk)


def add(
    session: ChatSession,
    role: str,
    content: str,
    *,
    user: User | None = None,
    message: Message | None = None,
    client_id: str = "",
    answers: ChatMessage | None = None,
    sources: list[dict[str, Any]] | None = None,
    metadata: dict[str, Any] | None = None,
    also: Collection[str] = (),
) -> ChatMessage:
    """The next line. `session` is held (see `locked`); `message` is the same line in the ticket, where it stands there already.

    `also`: fields of the session that have changed besides.
    """
    session.lines += 1
    session.last_message_at = timezone.now()
    session.save(update_fields=["lines", "last_message_at", *also])
    line = ChatMessage.objects.create(
        session=session,
        n=session.lines,
        role=role,
        content=content,
        user=user,
        message=message,
        client_id=client_id,
        answers=answers,
        sources=sources or [],
        metadata=metadata or {},
        created_at=session.last_message_at,
    )
    tell(session, by=role)
    return line


def tell(session: ChatSession, *, by: str = "") -> None:
    """Something is new in this chat: whoever looks at it reads what it is, from the line on that they saw last. `by`: whose line it is."""
    broadcast(session.group, {"type": "chat.news", "session": str(session.pk), "n": session.lines, "by": by})


def show(session: ChatSession, frame: dict[str, Any]) -> None:
    """A frame that is worth showing now and never again: who is typing."""
    broadcast(session.group, {"type": "chat.frame", "session": str(session.pk), "frame": frame})
