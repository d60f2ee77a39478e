"""The console's one WebSocket. It carries HTML to one viewer's page and little back: what the page shows, and "is writing"."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import time
from collections import deque
from typing import Any
from uuid import UUID

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.db import DatabaseError
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from helpdesk.core.accounts import availability
from helpdesk.core.accounts.leaving import fingerprint
from helpdesk.core.models import User
from helpdesk.core.socket_access import places, same_person
from tickets import conversing, live
from tickets.models import Ticket

log = logging.getLogger(__name__)

LONGEST_FRAME = 64 * 1024  # characters
MOST_FRAMES, FRAMES_IN = 20, 10.0  # frames in so many seconds
CHECK_EVERY = 60.0  # seconds between two looks at the viewer's rights
GATHER = 0.15  # seconds in which hints of one burst are gathered into one answer
SIGNED_OUT, TOO_BIG, TOO_MANY, TOO_FAST = 4401, 1009, 4429, 4408


class ConsoleConsumer(AsyncWebsocketConsumer):
    """Lifetime: connect (who?) → hello (what is shown, since when?) → hints become ops → closed when rights end."""

    async def connect(self) -> None:
        self.viewer: User = self.scope["user"]
        self.groups_joined: set[str] = set()
        self.shown = live.Screen()
        self.waiting: dict[int, UUID] = {}
        self.frames: deque[float] = deque(maxlen=MOST_FRAMES)
        self.tasks: set[asyncio.Task[None]] = set()
        self.flushing: asyncio.Task[None] | None = None
        self.counted = False
        await self.accept()  # so that the browser learns the code of a refusal
        if not self.viewer.is_authenticated or not await self._still_welcome():
            await self.close(SIGNED_OUT)
            return
        self.counted = places.take(self.viewer)
        if not self.counted:
            await self.close(TOO_MANY)
            return
        await self._ask(_note_seen, self.viewer)
        await self._join()
        await self._ask(availability.seen, self.viewer)
        self._spawn(self._watch_rights())

    async def disconnect(self, code: int) -> None:
        if self.counted:
            places.give_back(self.viewer)
        for task in self.tasks:
            task.cancel()
        for group in self.groups_joined:
            await self.channel_layer.group_discard(group, self.channel_name)

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
        try:
            frame = json.loads(text_data)
            kind = frame["type"]
        except (ValueError, TypeError, KeyError):
            await self._tell({"error": "unreadable"})
            return
        actions = {"hello": self._hello, "page": self._page, "typing": self._typing, "ping": self._ping}
        if isinstance(kind, str) and kind in actions:
            await actions[kind](frame)
        else:
            await self._tell({"error": "unknown"})

    async def _hello(self, frame: dict[str, Any]) -> None:
        """A page that has just loaded, or comes back: it gets what it missed."""
        await self._page(frame)
        n = frame.get("n")
        missed = await self._ask(live.missed, self.viewer, self.shown, n) if isinstance(n, int) and n > 0 else (0, [], [])
        if missed is None:
            await self._tell({"reload": True})
            return
        newest, events, tickets = missed
        ops = await self._ask(live.ops_for, self.viewer, self.shown, events, tickets) if tickets else []
        await self._tell({"n": newest or n, "ops": ops})

    async def _page(self, frame: dict[str, Any]) -> None:
        """The viewer looks at something else now. Every name is checked again."""
        view, sort, number = (str(frame.get(name) or "")[:100].replace("\x00", "") for name in ("view", "sort", "ticket"))
        self.shown = await self._ask(live.screen, self.viewer, view, sort, number)
        await self._join()

    async def _typing(self, frame: dict[str, Any]) -> None:
        """Tell colleagues who look at the same ticket. Only about a ticket that is open here, and still visible."""
        if self.shown.ticket and await self._still_welcome():
            kind = "note" if frame.get("kind") == "note" else "reply"
            hint = {
                "type": "presence",
                "who": str(self.viewer.pk),
                "name": self.viewer.name,
                "kind": kind,
                "ticket": str(self.shown.ticket),
            }
            await self.channel_layer.group_send(f"ticket.{self.shown.ticket}", hint)
            if kind == "reply":  # and whoever waits for it in a chat
                told = {"type": "agent.typing", "name": self.viewer.name}
                await self.channel_layer.group_send(conversing.visitor_group(self.shown.ticket), told)

    async def _ping(self, frame: dict[str, Any]) -> None:
        await self._tell({"pong": frame.get("at")})

    # -- from the other side ----------------------------------------------------------------------------------

    async def event(self, hint: dict[str, Any]) -> None:
        """Something happened. Hints of a burst are gathered, each ticket is read once."""
        if hint.get("ticket"):
            self.waiting[hint["event"]] = UUID(hint["ticket"])
        if parts := live.parts_of(str(hint.get("kind", ""))):
            await self._tell({"ops": [{"op": "refresh", "ids": parts}]})
        if hint.get("kind") == "user.changed":
            await self._end_if_unwelcome()
        if self.waiting and (self.flushing is None or self.flushing.done()):
            self.flushing = self._spawn(self._flush())

    async def signed_out(self, hint: dict[str, Any]) -> None:
        """The session that opened this socket ended; the viewer's others, on other devices, stay."""
        session = self.scope.get("session")
        if session is not None and session.session_key and constant_time_compare(fingerprint(session.session_key), hint["session"]):
            await self.close(SIGNED_OUT)

    async def presence(self, hint: dict[str, Any]) -> None:
        if hint["who"] != str(self.viewer.pk) and hint["ticket"] == str(self.shown.ticket):
            html = await self._ask(_presence_html, hint)
            await self._tell({"ops": [{"op": "presence", "who": hint["who"], "html": html}]})

    async def draft_delta(self, hint: dict[str, Any]) -> None:
        """A model writes a draft for the open ticket: all that it has said so far."""
        if hint["ticket"] == str(self.shown.ticket):
            await self._tell({"ops": [{"op": "draft", "draft": hint["draft"], "text": hint["text"]}]})

    async def draft_done(self, hint: dict[str, Any]) -> None:
        if hint["ticket"] == str(self.shown.ticket):
            await self._tell({"ops": [{"op": "drafted", "draft": hint["draft"]}]})

    async def _flush(self) -> None:
        while self.waiting:
            await asyncio.sleep(GATHER)
            waiting, self.waiting = self.waiting, {}
            tickets = list(dict.fromkeys(waiting.values()))
            if len(tickets) > live.MOST_REPLAYED:
                await self._tell({"n": max(waiting), "reload": True})
                continue
            try:
                ops = await self._ask(live.ops_for, self.viewer, self.shown, list(waiting), tickets)
            except DatabaseError as error:  # the page asks for what it missed when it next says hello
                log.warning("live_update_failed", extra={"error": repr(error)})
                await self.close(1011)
                return
            await self._tell({"n": max(waiting), "ops": ops})

    # -- who may listen ----------------------------------------------------------------------------------------

    async def _join(self) -> None:
        wanted = await self._ask(live.groups_of, self.viewer, self.shown)
        for group in self.groups_joined - wanted:
            await self.channel_layer.group_discard(group, self.channel_name)
        for group in wanted - self.groups_joined:
            await self.channel_layer.group_add(group, self.channel_name)
        self.groups_joined = wanted

    async def _watch_rights(self) -> None:
        while True:
            await asyncio.sleep(CHECK_EVERY)
            await self._ask(_note_seen, self.viewer)
            if await self._end_if_unwelcome():
                return
            if self.shown.ticket and not await self._ask(_sees, self.viewer, self.shown.ticket):
                self.shown.ticket = None
                await self._tell({"ops": [{"op": "gone"}]})
            await self._join()
            await self._ask(availability.seen, self.viewer)

    async def _end_if_unwelcome(self) -> bool:
        if await self._still_welcome():
            return False
        await self.close(SIGNED_OUT)
        return True

    async def _still_welcome(self) -> bool:
        return await self._ask(same_person, self.viewer, self.scope.get("session"))

    # -- small parts -------------------------------------------------------------------------------------------

    async def _tell(self, what: dict[str, Any]) -> None:
        await self.send(json.dumps(what))

    async def _ask(self, function: Any, *args: Any) -> Any:
        return await database_sync_to_async(function)(*args)

    def _spawn(self, work: Any) -> asyncio.Task[None]:
        task = asyncio.create_task(_quietly(work))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return task


async def _quietly(work: Any) -> None:
    with contextlib.suppress(asyncio.CancelledError):
        await work


def _note_seen(viewer: User) -> None:
    """An open console is how we know that somebody is there to take a chat."""
    User.objects.filter(pk=viewer.pk).update(last_seen_at=timezone.now())


def _sees(viewer: User, ticket: UUID) -> bool:
    return Ticket.objects.visible_to(viewer).filter(pk=ticket).exists()


def _presence_html(hint: dict[str, Any]) -> str:
    return render_to_string("tickets/presence.html", {"name": hint["name"], "pk": hint["who"], "kind": hint["kind"]})
