"""`WS /api/realtime/ws/<session_id>`: one viewer watches one call, and says what became of its suggestions."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections import deque
from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.utils.crypto import constant_time_compare

from assist.calls import feedback
from assist.calls.watching import PATIENCE, Frame, Place
from assist.models import CallSession
from helpdesk.core.accounts.leaving import fingerprint
from helpdesk.core.errors import HelpdeskError
from helpdesk.core.models import ApiKey
from helpdesk.core.socket_access import Viewer, is_still, places, viewer_at

LONGEST_FRAME = 64 * 1024  # characters
MOST_FRAMES, FRAMES_IN = 20, 10.0  # frames in so many seconds
BEAT = 15.0  # seconds between two looks at what was missed, and at the viewer's rights
MOST_SHOWN = 50  # suggestions in one "shown"
SIGNED_OUT, NOT_FOUND, TOO_BIG, TOO_MANY, TOO_FAST = 4401, 4404, 1009, 4429, 4408


class CallConsumer(AsyncWebsocketConsumer):
    """Lifetime: connect (who? which call?) → present state → frames as they come → closed when rights end."""

    async def connect(self) -> None:
        self.frames: deque[float] = deque(maxlen=MOST_FRAMES)
        self.watching: asyncio.Task[None] | None = None
        self.waiting: asyncio.Task[None] | None = None
        self.turn = asyncio.Lock()
        self.counted = False
        self.joined: list[str] = []
        self.session_id: UUID = self.scope["url_route"]["kwargs"]["session_id"]
        viewer = await self._ask(_enter, self.scope, self.session_id)
        if viewer is None:  # before the handshake is done: a stranger learns nothing, not even that there is a socket
            await self.close(SIGNED_OUT)
            return
        self.place = Place(viewer, self.session_id, _after(self.scope))
        self.counted = places.take(viewer)
        if not self.counted:
            await self.accept()  # so that the browser learns why
            await self.close(TOO_MANY)
            return
        await self._join(viewer)
        first = await self._ask(self.place.catch_up)
        if first is None:
            await self.close(NOT_FOUND)
            return
        await self.accept()
        await self._send_all(first)
        self.watching = asyncio.create_task(self._watch())

    async def disconnect(self, code: int) -> None:
        if self.counted:
            places.give_back(self.place.viewer)
        for task in (self.watching, self.waiting):
            if task is not None:
                task.cancel()
        for group in self.joined:
            await self.channel_layer.group_discard(group, self.channel_name)

    # -- from the other side -----------------------------------------------------------------------------------

    async def call_update(self, hint: dict[str, Any]) -> None:
        async with self.turn:
            frames = self.place.pass_on(hint)
            await self._send_all(frames or ())
        if frames is None:
            await self._catch_up()
        if self.place.waits and (self.waiting is None or self.waiting.done()):
            self.waiting = asyncio.create_task(self._catch_up_later())

    async def _catch_up_later(self) -> None:
        """A frame is missing: read it, unless it comes in time."""
        await asyncio.sleep(PATIENCE)
        if self.place.waits:
            await self._catch_up()

    async def event(self, hint: dict[str, Any]) -> None:
        """Something happened to the viewer: only a change of their rights matters here."""
        if hint.get("kind") == "user.changed":
            await self._catch_up()

    async def signed_out(self, hint: dict[str, Any]) -> None:
        session = self.scope.get("session")
        if session is not None and session.session_key and constant_time_compare(fingerprint(session.session_key), hint["session"]):
            await self.close(SIGNED_OUT)

    async def _watch(self) -> None:
        """A hint may be lost (Redis was restarted): what was missed is read, and the viewer's rights with it."""
        with contextlib.suppress(asyncio.CancelledError):
            while True:
                await asyncio.sleep(BEAT)
                await self._catch_up()
                for group in self.joined:
                    await self.channel_layer.group_add(group, self.channel_name)

    async def _catch_up(self) -> None:
        async with self.turn:  # what comes meanwhile waits, or it would be sent twice
            if not await self._ask(is_still, self.place.viewer, _session(self.scope, self.place.viewer)):
                await self.close(SIGNED_OUT)
                return
            frames = await self._ask(self.place.catch_up)
            await (self.close(NOT_FOUND) if frames is None else self._send_all(frames))

    async def _join(self, viewer: Viewer) -> None:
        self.joined = [f"call.{self.session_id}", *([] if isinstance(viewer, ApiKey) else [f"agent.{viewer.pk}"])]
        for group in self.joined:
            await self.channel_layer.group_add(group, self.channel_name)

    # -- from the page -----------------------------------------------------------------------------------------

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if not text_data or len(text_data) > LONGEST_FRAME:
            await self.close(TOO_BIG)
            return
        now = time.monotonic()
        if len(self.frames) == MOST_FRAMES and now - self.frames[0] < FRAMES_IN:
            await self.close(TOO_FAST)
            return
        self.frames.append(now)
        await self._obey(text_data)

    async def _obey(self, text: str) -> None:
        actions = {"feedback": _feedback, "shown": _shown, "clicked": _clicked}
        try:
            said = json.loads(text)
            kind = said.get("type") if isinstance(said, dict) else None
            if kind == "ping":
                await self._tell({"type": "pong", "at": said.get("at")})
            elif isinstance(kind, str) and kind in actions:
                await self._ask(_act, actions[kind], self.place.viewer, self.session_id, said)
            else:
                await self._tell({"type": "error", "detail": "Unknown type of message."})
        except (ValueError, RecursionError):
            await self._tell({"type": "error", "detail": "This is not JSON."})
        except HelpdeskError as error:
            await self._tell({"type": "error", "detail": error.detail})

    # -- small parts -------------------------------------------------------------------------------------------

    async def _send_all(self, frames: Sequence[Frame]) -> None:
        for frame in frames:
            await self._tell({**frame.payload, "n": frame.n})

    async def _tell(self, what: dict[str, Any]) -> None:
        await self.send(json.dumps(what))

    async def _ask(self, function: Any, *args: Any) -> Any:
        return await database_sync_to_async(function)(*args)


def _enter(scope: dict[str, Any], session_id: UUID) -> Viewer | None:
    """Who stands at the door, if this call is theirs to see."""
    headers = {name.lower(): value for name, value in scope.get("headers", ())}
    viewer = viewer_at(headers, scope.get("query_string", b""), scope.get("user"), bound_to=f"call:{session_id}")
    if viewer is None or (isinstance(viewer, ApiKey) and not viewer.allows("calls:read")):
        return None
    if not is_still(viewer, _session(scope, viewer)):
        return None
    return viewer if CallSession.objects.visible_to(viewer).filter(session_id=session_id).exists() else None


def _session(scope: dict[str, Any], viewer: Viewer) -> Any:
    """The session that the viewer came with; None for keys and bearers of tickets."""
    return scope.get("session") if getattr(scope.get("user"), "pk", None) == viewer.pk else None


def _after(scope: dict[str, Any]) -> int | None:
    """`?after=12`: the number of the last frame that a returning page has seen."""
    given = parse_qs(scope.get("query_string", b"").decode("latin-1"), max_num_fields=20).get("after", [""])[0]
    return int(given) if given.isascii() and given.isdigit() and len(given) < 10 else None  # noqa: PLR2004


def _act(action: Any, viewer: Viewer, session_id: UUID, said: dict[str, Any]) -> None:
    """Rights are looked at for every action."""
    if isinstance(viewer, ApiKey) and not viewer.allows("calls:write"):
        raise HelpdeskError("This key may only read.")
    session = CallSession.objects.visible_to(viewer).filter(session_id=session_id).first()
    if session is None:
        raise HelpdeskError("This call is not yours to see.")
    action(session, viewer, said)


def _feedback(session: CallSession, viewer: Viewer, said: dict[str, Any]) -> None:
    feedback.rate(session, _number(said.get("suggestion_id")), str(said.get("feedback"))[:20], by=viewer)


def _clicked(session: CallSession, viewer: Viewer, said: dict[str, Any]) -> None:
    feedback.click(session, _number(said.get("suggestion_id")), by=viewer)


def _shown(session: CallSession, _viewer: Viewer, said: dict[str, Any]) -> None:
    given = said.get("suggestion_ids")
    feedback.show(session, [_number(one) for one in given[:MOST_SHOWN]] if isinstance(given, list) else [])


def _number(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 2**63:
        raise HelpdeskError("A suggestion's id is a number.")
    return value
