"""What the telephony system says of the line: whether the caller is held, the agent muted, and who makes a sound.

Held time is the caller's waiting time: it counts on the call's page, on the board and when the call is over.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from assist.models import CallSession
from helpdesk.core.clock import iso_exact

from . import transcript, updates

FLEETING = timedelta(seconds=10)  # clocks differ by some seconds, and a sound is over
FIELDS = ("held_since", "held_seconds", "agent_muted", "line_at")


def note(
    session: CallSession,
    *,
    on_hold: bool | None = None,
    muted: bool | None = None,
    at: datetime | None = None,
    since: datetime | None = None,
) -> CallSession:
    """Hold or release the caller, mute or unmute the agent; None leaves it. What is older than what we know changes nothing.

    `at` is when it was so, by the telephony system's clock; without it, now. `since` is when the holding began, where that is told
    later. Returns the session as it then stands.
    """
    now = timezone.now()
    at = min(at, now) if at else now
    with transaction.atomic():
        session = transcript.locked(session)
        if not session.is_running or (session.line_at is not None and at < session.line_at):
            return session
        before = (session.held_since, session.agent_muted)
        if on_hold and session.held_since is None:
            session.held_since = max(min(since or at, now), session.answered_at or session.started_at)
        elif on_hold is False:
            release(session, at)
        session.agent_muted = session.agent_muted if muted is None else muted
        session.line_at = at
        if (session.held_since, session.agent_muted) != before:
            updates.tell(session, frame(session))
        session.save(update_fields=[*FIELDS, "updates"])
    return session


def join(session: CallSession, conference: str) -> CallSession:
    """The caller's leg is in this conference: whoever else is in it is on the agent's side."""
    if not conference or session.acd_metadata.get("conference") == conference:
        return session
    with transaction.atomic():
        session = transcript.locked(session)
        session.acd_metadata = {**session.acd_metadata, "conference": conference}
        session.save(update_fields=["acd_metadata"])
    return session


def release(session: CallSession, at: datetime) -> None:
    """The caller waits no more. The session is held by the caller of this, and saved by it."""
    if session.held_since is not None:
        session.held_seconds += max(0, round((at - session.held_since).total_seconds()))
        session.held_since = None


def sounds(session: CallSession, levels: dict[str, float], *, at: datetime | None = None) -> None:
    """How loud each side is this moment, 0 to 1, by `customer` and `agent`: shown in passing, kept nowhere. What comes late is no news."""
    late = at is not None and timezone.now() - at > FLEETING
    if session.is_running and levels and not late:
        updates.tell_in_passing(session, {"type": "call.levels", "levels": levels})


def frame(session: CallSession) -> dict[str, Any]:
    return {"type": "call.line", **shown(session)}


def shown(session: CallSession) -> dict[str, Any]:
    return {
        "on_hold": session.held_since is not None,
        "held_since": iso_exact(session.held_since) if session.held_since else None,
        "held_seconds": session.held_seconds,
        "agent_muted": session.agent_muted,
    }
