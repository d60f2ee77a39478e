"""What watchers of a call are told: numbered frames, kept in PostgreSQL and hinted at through Redis.

A frame's number counts within its call and has no gaps, because it is given out under the session's row lock. So a
watcher sees by itself that one is missing, and reads it here; Redis being restarted loses nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from assist.models import CallSession, CallUpdate, TranscriptionSegment
from helpdesk.core import realtime
from helpdesk.core.clock import iso_exact

FIELDS = ("session", "n", "payload", "created_at")


def tell(session: CallSession, payload: dict[str, Any]) -> CallUpdate:
    """Number a frame and send it once it is committed. The caller holds the session's row lock, and saves `updates`."""
    session.updates += 1
    update = CallUpdate.objects.create(session=session, n=session.updates, payload=payload)
    send(session, update.n, payload)
    return update


def numbered(news: Sequence[tuple[CallSession, dict[str, Any]]]) -> list[CallUpdate]:
    """`tell` for many calls, one frame each, of which the caller writes the FIELDS, and sends them."""
    for session, _ in news:
        session.updates += 1
    return [CallUpdate(session=session, n=session.updates, payload=payload) for session, payload in news]


def send(session: CallSession, n: int, payload: dict[str, Any]) -> None:
    """The quick copy of a frame that is kept under its number."""
    realtime.broadcast(session.group, {"type": "call.update", "n": n, "payload": payload})


def tell_in_passing(session: CallSession, payload: dict[str, Any]) -> None:
    """A frame that is not worth keeping (a partial, a word of a draft): no number, no second try."""
    realtime.broadcast(session.group, {"type": "call.update", "n": None, "payload": payload})


def segment_frame(segment: TranscriptionSegment) -> dict[str, Any]:
    return {"type": "transcript", "segment": segment_shown(segment)}


def segment_shown(segment: TranscriptionSegment, *, is_final: bool = True) -> dict[str, Any]:
    """A segment as watchers see it; a partial has no id yet."""
    return {
        "id": segment.pk,
        "speaker": segment.speaker,
        "text": segment.text,
        "start_time": segment.start_time,
        "end_time": segment.end_time,
        "confidence": segment.confidence,
        "is_final": is_final,
        "external_id": segment.external_id,
        "sequence": segment.sequence,
        "cut": segment.cut,
        "created_at": iso_exact(segment.created_at),
    }
