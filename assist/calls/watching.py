"""What a watcher of a call is shown: the present state when they come, then every frame, none missed and none twice."""

from __future__ import annotations

from typing import Any, NamedTuple
from uuid import UUID

from assist.models import CallSession, CallUpdate

from . import holding, updates
from .representation import offered

MOST_SEGMENTS = 600  # of the transcript that a newcomer is sent
MOST_EARLY = 200  # frames that are kept for one that is missing
PATIENCE = 0.5  # seconds it may take; two processes tell of one call, and the later frame often comes first
MOST_REPLAYED = 500  # frames; whoever missed more is shown the present state


class Frame(NamedTuple):
    n: int | None  # its number; None: in passing, or part of the present state
    payload: dict[str, Any]


def present(session: CallSession) -> list[Frame]:
    """The state as it is: what is on offer, the transcript, the end. The last frame carries the number to go on from."""
    shown = [{"type": "suggestions", **offered(session), "segment_id": None, "processing_time_ms": 0, **_known(session)}]
    newest = session.segments.order_by("-start_time", "-id")[:MOST_SEGMENTS]
    spoken = session.segments.filter(pk__in=[segment.pk for segment in newest]).in_order()  # type: ignore[attr-defined]
    shown += [updates.segment_frame(segment) for segment in spoken]
    if session.held_since or session.agent_muted:
        shown.append(holding.frame(session))
    if not session.is_running:
        shown.append({"type": "call.ended", "session_id": str(session.session_id), "status": session.status, "summary": session.summary})
    return [*(Frame(None, one) for one in shown[:-1]), Frame(session.updates, shown[-1])]


def since(session: CallSession, n: int) -> list[Frame] | None:
    """The frames after number `n`; None when that number was never given out, or too many have come since."""
    if n < 0 or n > session.updates or session.updates - n > MOST_REPLAYED:
        return None
    rows = CallUpdate.objects.filter(session=session, n__gt=n, n__lte=session.updates).order_by("n")
    return [Frame(row.n, row.payload) for row in rows]


def frames_for(viewer: Any, session_id: UUID, after: int | None) -> list[Frame] | None:
    """What this viewer is to be sent who has seen everything up to `after` (None: nothing yet). None: the call is not theirs to see."""
    session = CallSession.objects.visible_to(viewer).filter(session_id=session_id).first()
    if session is None:
        return None
    missed = since(session, after) if after is not None else None
    return present(session) if missed is None else missed


def _known(session: CallSession) -> dict[str, Any]:
    mood = {name: value for name, value in session.mood.items() if name != "points"}
    return {"context": session.context, "mood": mood, "call": {"status": session.status, "provider": session.provider}}


class Place:
    """Where one watcher stands. Hints come quickly and may be lost, doubled or late; numbers tell."""

    def __init__(self, viewer: Any, session_id: UUID, seen: int | None = None) -> None:
        self.viewer = viewer
        self.session_id = session_id
        self.seen = seen
        self._early: dict[int, dict[str, Any]] = {}  # frames that overtook one before them

    @property
    def waits(self) -> bool:
        """Whether a frame before those that are here has not come: it is on its way from another process, or lost."""
        return bool(self._early)

    def pass_on(self, hint: dict[str, Any]) -> list[Frame] | None:
        """The frames to send for a hint, in order; None when `catch_up` must read what is missing."""
        n = hint.get("n")
        if n is None:
            return [Frame(None, hint["payload"])]
        if self.seen is None or len(self._early) >= MOST_EARLY:
            return None
        if n > self.seen:
            self._early[n] = hint["payload"]
        return self._in_order()

    def catch_up(self) -> list[Frame] | None:
        """Whatever was missed, from the database; None when the viewer may no longer see this call."""
        frames = frames_for(self.viewer, self.session_id, self.seen)
        if frames:
            self.seen = frames[-1].n
        self._early = {n: payload for n, payload in self._early.items() if self.seen is None or n > self.seen}
        return frames if frames is None else [*frames, *self._in_order()]

    def _in_order(self) -> list[Frame]:
        """Those that are next now."""
        found = []
        while self.seen is not None and self.seen + 1 in self._early:
            self.seen += 1
            found.append(Frame(self.seen, self._early.pop(self.seen)))
        return found
