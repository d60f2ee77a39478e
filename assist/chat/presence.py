"""Is the visitor's window open? Their socket says so every few seconds; what Redis forgets, the next word of it says again.

With Redis away everybody counts as gone: an answer then goes by e-mail too, or waits in the chat.
"""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from django.core.cache import cache

from helpdesk.core import realtime
from tickets import conversing

STAYS = 45  # seconds after the last sign; a socket gives one every 15


def _key(session_id: UUID) -> str:
    return f"chat.here.{session_id}"


def is_here(session_id: UUID) -> bool:
    return bool(cache.get(_key(session_id)))


def here(sessions: Collection[UUID]) -> set[UUID]:
    """Of these, those whose window is open; one exchange."""
    found = cache.get_many([_key(one) for one in sessions]) if sessions else {}
    return {one for one in sessions if _key(one) in found}


def arrived(session_id: UUID, ticket_id: UUID | None) -> None:
    """A sign of life. Whoever looks at the ticket hears of it when they were gone before."""
    was_here = is_here(session_id)
    cache.set(_key(session_id), 1, STAYS)
    if not was_here:
        _tell(ticket_id)


def left(session_id: UUID, ticket_id: UUID | None) -> None:
    """The window was closed. One that is open besides says so within seconds."""
    cache.delete(_key(session_id))
    _tell(ticket_id)


def _tell(ticket_id: UUID | None) -> None:
    if ticket_id:
        realtime.broadcast(f"ticket.{ticket_id}", {"type": "event", "event": 0, "kind": conversing.PRESENCE, "ticket": ""})
