"""The chat as the visitor's window shows it: what was said from a line on, who is there, and the place in line.

The window reads it when it opens, after a break, and whenever its socket says that something is new. So whatever a socket loses,
doubles or never brings, the window shows what is stored, once and in order.
"""

from __future__ import annotations

from typing import Any

from assist.chat import attending, availability, conversation, sessions
from assist.chat.callers import Caller
from assist.chat.visitors import Visitor
from assist.models import ChatMessage, ChatSession
from helpdesk.core.clock import iso
from helpdesk.core.errors import Invalid

MOST = 200  # lines in one answer; a window that comes back after more asks again
FIRST_NAME = 60  # characters


def find(visitor: Visitor, session_id: str) -> ChatSession | None:
    """The visitor's own chat of this name; without one the last that still runs. A stranger who has said nothing has none."""
    return sessions.find(visitor.customer, session_id) if visitor.row.customer is not None else None


def enter(visitor: Visitor, session_id: str, *, page: str = "", language: str = "") -> ChatSession:
    """The chat to go on in. `page` is where on the website it began, `language` the page's, which counts until they have written."""
    session = Caller(visitor.customer, visitor).enter(session_id)
    if page and "page" not in session.metadata:
        session.metadata = {**session.metadata, "page": page[:500]}
        session.save(update_fields=["metadata"])
    if language and not session.lines and session.language != language:
        session.language = language
        session.save(update_fields=["language"])
    return session


def say(
    visitor: Visitor, session_id: str, content: str, *, client_id: str, page: str = "", language: str = "", longest: int
) -> ChatSession:
    """The visitor's words, once for each `client_id`, and the assistant's answer to them. Raises Invalid."""
    if len(content) > longest:
        raise Invalid(f"A message can have {longest} characters at most.")
    session = enter(visitor, session_id, page=page, language=language)
    conversation.say(session, content, client_id=client_id)
    session.refresh_from_db()
    return session


def end(session: ChatSession) -> None:
    """The visitor says that it is over."""
    attending.end(session, by=session.customer)
    session.refresh_from_db()


def as_json(session: ChatSession | None, after: int = 0) -> dict[str, Any]:
    """`{"session": {..} | null, "lines": [..]}`; a few statements, however long the chat is."""
    if session is None:
        return {"session": None, "lines": []}
    said = session.messages.filter(n__gt=after).select_related("user").in_order()[:MOST]
    return {"session": _state(session), "lines": [_line(one) for one in said]}


def _state(session: ChatSession) -> dict[str, Any]:
    return {
        "session_id": session.session_id,
        "state": session.state,
        "position": sessions.position(session),
        "anybody": _anybody(session),
        "agent": _name(session.agent),
        "lines": session.lines,
        "ticket": session.ticket.number if session.ticket else None,
        "rating": session.rating,
    }


def _anybody(session: ChatSession) -> bool:
    """Is there a person who could come? Asked only while one is waited for."""
    if session.state != ChatSession.State.WAITING or session.queue is None:
        return True
    return availability.anybody_for(session.queue)


def _line(line: ChatMessage) -> dict[str, Any]:
    return {
        "id": str(line.pk),
        "n": line.n,
        "role": line.role,
        "name": _name(line.user) if line.role == ChatMessage.Role.AGENT else "",
        "content": line.content,
        "client_id": line.client_id,
        "sources": [{"title": str(one.get("title", "")), "url": str(one.get("url", ""))} for one in line.sources],
        "rating": line.rating,
        "timestamp": iso(line.created_at),
    }


def _name(user: Any) -> str:
    """Visitors know our people by their first name."""
    return str(user.name).split(" ", 1)[0][:FIRST_NAME] if user is not None else ""
