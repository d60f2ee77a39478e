"""How lines and states look on the wire (contract section 3)."""

from __future__ import annotations

from typing import Any

from assist.models import ChatMessage, ChatSession
from helpdesk.core.clock import iso_exact

from . import sessions

Frame = dict[str, Any]
Role = ChatMessage.Role


def line(one: ChatMessage) -> Frame:
    """A line as whoever looks at the chat is sent it."""
    place = {"message_id": str(one.pk), "n": one.n, "session_id": one.session.session_id, "timestamp": iso_exact(one.created_at)}
    if one.role == Role.AGENT:
        return {"type": "agent_message", "agent": {"name": first_name(one.user)}, "content": one.content, **place}
    if one.role == Role.ASSISTANT:
        return {"type": "response", "content": one.content, "metadata": metadata(one), **place}
    return {"type": "message", "role": "user", "content": one.content, "id": one.client_id, **place}


def metadata(one: ChatMessage) -> dict[str, Any]:
    """Of an answer: `sources` by their titles, `source_links` with their addresses."""
    known = one.metadata
    mood = known.get("sentiment") or {}
    return {
        "intent": known.get("intent", ""),
        "sentiment": {
            "label": mood.get("label", "neutral"),
            "polarity": mood.get("polarity", 0.0),
            "frustration_score": mood.get("frustration_score", 0.0),
            "trend": mood.get("trend", "stable"),
        },
        "sources": [source["title"] for source in one.sources],
        "source_links": one.sources,
        "escalated": bool(known.get("escalated")),
        "ticket_created": known.get("ticket_created"),
        "engine": known.get("engine", "local"),
    }


def state(session: ChatSession, said: list[ChatMessage]) -> Frame:
    """What a returning window is told first: where things stand, and what it missed."""
    return {
        "type": "state",
        "session_id": session.session_id,
        "state": session.state,
        "ticket": session.ticket.number if session.ticket else None,
        "n": session.lines,
        "messages": [history(one) for one in said],
    }


def handoff(session: ChatSession) -> Frame:
    """Who answers now, and the place in line while somebody is waited for."""
    return {
        "type": "handoff",
        "ticket": session.ticket.number if session.ticket else None,
        "reason": session.handoff_reason,
        "queue": session.queue.name if session.queue else "",
        "position": sessions.position(session),
        "state": session.state,
        "agent": {"name": first_name(session.agent)} if session.agent else None,
        "session_id": session.session_id,
    }


def ended(session: ChatSession) -> Frame:
    return {"type": "ended", "session_id": session.session_id, "rating": session.rating}


def history(one: ChatMessage) -> dict[str, Any]:
    return {
        "id": str(one.pk),
        "session_id": one.session.session_id,
        "role": one.role,
        "content": one.content,
        "timestamp": iso_exact(one.created_at),
        "n": one.n,
        "sources": one.sources,
        "rating": one.rating,
    }


def first_name(user: Any) -> str:
    """Visitors know our people by their first name."""
    return str(user.name).split(" ", 1)[0] if user is not None else ""
