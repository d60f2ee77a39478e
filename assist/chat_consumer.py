"""`WS /ws/chat/<user_id>`: a visitor's window, or a partner's system for one of its users."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer

from assist.chat import callers, conversation, places, presence, sessions, visitors
from assist.chat.callers import Caller
from assist.chat.conversation import Answer
from assist.chat.frames import Frame
from assist.chat.visitors import Visitor
from assist.chat.watching import Window
from assist.models import ChatMessage, ChatSession
from helpdesk.core.errors import HelpdeskError
from helpdesk.core.models import ApiKey
from helpdesk.core.socket_access import is_still, viewer_at
from tickets import conversing

LONGEST_FRAME = 64 * 1024  # characters
MOST_FRAMES, FRAMES_IN = 20, 10.0  # frames in so many seconds; more are refused, twice as many end the connection
BEAT = 15.0  # seconds between two looks at what was missed, and at the visitor's rights
TYPING_EVERY = 2.0  # seconds
PATIENCE = 0.4  # seconds of thinking after which the visitor sees that we do
SIGNED_OUT, TOO_BIG, TOO_MANY, TOO_FAST = 4401, 1009, 4429, 4408
LONGEST_NAME = 100
TURN = (ChatMessage.Role.USER, ChatMessage.Role.ASSISTANT)

# Thinking may wait for a language model: it has threads of its own, so that nobody's socket waits for another's answer.
_thinking = ThreadPoolExecutor(32, thread_name_prefix="chat")
# What is quick has some too, half as many as the pool has connections: in the one thread that all sockets share, two hundred wait in line.
_asking = ThreadPoolExecutor(4, thread_name_prefix="chat-ask")


class ChatConsumer(AsyncWebsocketConsumer):
    """Lifetime: connect (who? for whom?) → where things stand → frames as they come → closed when rights end."""

    async def connect(self) -> None:
        self.frames: deque[float] = deque(maxlen=2 * MOST_FRAMES)
        self.typed = 0.0
        self.place: str | None = None
        self.joined: set[str] = set()
        self.window: Window | None = None
        self.turn = asyncio.Lock()  # one line after the other, in the order in which they came
        self.reading = asyncio.Lock()  # one look at what is new after the other: nothing is shown twice
        self.tasks: set[asyncio.Task[None]] = set()
        user_id = str(self.scope["url_route"]["kwargs"]["user_id"])
        self.caller: Caller | None = await self._ask(_enter, self.scope, user_id)
        if self.caller is None:  # before the handshake is done: a stranger learns nothing
            await self.close(SIGNED_OUT)
            return
        self.place = await self._ask(places.take, self.caller.customer.pk)
        if self.place is None:
            await self.accept()  # so that the browser learns why
            await self.close(TOO_MANY)
            return
        asked, seen = _asked(self.scope)
        session = await self._ask(sessions.find, self.caller.customer, asked)
        await self.accept()
        if session is not None:
            await self._look_at(session, seen)
        self._spawn(self._beat())

    async def disconnect(self, code: int) -> None:
        if self.place is not None and self.caller is not None:
            await self._ask(places.give_back, self.caller.customer.pk, self.place)
        for task in self.tasks:
            task.cancel()
        for group in self.joined:
            await self.channel_layer.group_discard(group, self.channel_name)
        if self.window is not None:
            await self._ask(presence.left, self.window.session_id, self.window.ticket_id)

    # -- from the other side -----------------------------------------------------------------------------------

    async def chat_news(self, hint: dict[str, Any]) -> None:
        if not self._comes_anyway(hint):
            await self._catch_up()

    async def chat_frame(self, hint: dict[str, Any]) -> None:
        """Worth showing now: who is typing."""
        if self.window is not None and hint["session"] == str(self.window.session_id):
            await self._tell(hint["frame"])

    async def agent_typing(self, hint: dict[str, Any]) -> None:
        await self._tell({"type": "typing", "who": "agent", "name": str(hint.get("name", "")).split(" ", 1)[0]})

    async def _beat(self) -> None:
        """A hint may be lost (Redis was restarted): what was missed is read, and the visitor's rights with it."""
        with contextlib.suppress(asyncio.CancelledError):
            while True:
                await asyncio.sleep(BEAT)
                if not await self._ask(_still, self.caller):
                    await self.close(SIGNED_OUT)
                    return
                await self._catch_up()
                await self._ask(places.keep, self.place)
                if self.window is not None:
                    await self._ask(presence.arrived, self.window.session_id, self.window.ticket_id)
                for group in self.joined:
                    await self.channel_layer.group_add(group, self.channel_name)

    async def _look_at(self, session: ChatSession, seen: int | None) -> None:
        """From now on this window shows that chat."""
        if self.window is not None and self.window.session_id == session.pk:
            return
        async with self.reading:
            self.window = Window(session, seen)
            await self._join()
            await self._send_all(await self._ask(self.window.open))
        await self._ask(presence.arrived, session.pk, session.ticket_id)

    async def _catch_up(self) -> None:
        async with self.reading:
            if self.window is not None:
                await self._send_all(await self._ask(self.window.news))
                await self._join()  # a ticket may stand behind it now

    async def _join(self) -> None:
        window = self.window
        wanted = {f"chat.{window.session_id}"} if window else set()
        if window and window.ticket_id:
            wanted.add(conversing.visitor_group(window.ticket_id))
        for group in self.joined - wanted:
            await self.channel_layer.group_discard(group, self.channel_name)
        for group in wanted - self.joined:
            await self.channel_layer.group_add(group, self.channel_name)
        self.joined = wanted

    def _comes_anyway(self, hint: dict[str, Any]) -> bool:
        """What was shown already; and while a line is thought about, itself and its answer: they are read together at the end."""
        if self.window is None or hint["session"] != str(self.window.session_id) or not hint.get("by"):
            return False
        return hint["n"] <= (self.window.seen or 0) or (self.turn.locked() and hint["by"] in TURN)

    # -- from the window ---------------------------------------------------------------------------------------

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if not text_data or len(text_data) > LONGEST_FRAME:
            await self.close(TOO_BIG)
            return
        now = time.monotonic()
        self.frames.append(now)
        recent = sum(now - at < FRAMES_IN for at in self.frames)
        if recent >= 2 * MOST_FRAMES:
            await self.close(TOO_FAST)
        elif recent > MOST_FRAMES:
            await self._error("too-many-messages", "Too many messages at once. Wait a moment; this one was not taken.")
        else:
            await self._obey(text_data)

    async def _obey(self, text: str) -> None:
        try:
            said = json.loads(text)
        except (ValueError, RecursionError):
            await self._error("not-json", "This is not JSON.")
            return
        kind = said.get("type") if isinstance(said, dict) else None
        if kind == "ping":
            await self._tell({"type": "pong", "at": said.get("at")})
        elif kind == "typing":
            await self._typing()
        elif kind == "message":
            await self._message(said)
        else:
            await self._error("unknown-type", "Unknown type of message.")

    async def _message(self, said: dict[str, Any]) -> None:
        content, name, client_id = (said.get(key, "") or "" for key in ("content", "session_id", "id"))
        texts = all(isinstance(one, str) for one in (content, name, client_id))
        if not texts or max(len(name), len(client_id)) > LONGEST_NAME:
            await self._error("invalid", "“content”, “session_id” and “id” are texts; names have at most 100 characters.")
            return
        if isinstance(self.caller and self.caller.viewer, ApiKey) and not self.caller.viewer.allows("chat:write"):  # type: ignore[union-attr]
            await self._error("not-allowed", "This key may only read.")
            return
        self._spawn(self._say(content, name, client_id))

    async def _say(self, content: str, name: str, client_id: str) -> None:
        async with self.turn:
            try:
                session = await self._ask(_session, self.caller, name, self.window.session_id if self.window else None)
                await self._look_at(session, session.lines)
                answer: Answer = await self._answered(session, content, client_id)
            except HelpdeskError as error:
                await self._error(error.code, error.detail)
            else:
                if self.window is not None:
                    self.window.own.add(str(answer.said.pk))
                    await self._tell(self.window.say_received(answer.said))
        await self._catch_up()  # the turn is over: whatever comes from now on is told by a hint of its own

    async def _answered(self, session: ChatSession, content: str, client_id: str) -> Answer:
        thinking = database_sync_to_async(conversation.say, thread_sensitive=False, executor=_thinking)
        asked = asyncio.ensure_future(thinking(session, content, client_id=client_id))
        done, _pending = await asyncio.wait({asked}, timeout=PATIENCE)
        if not done and session.with_assistant:
            await self._tell({"type": "typing", "who": "assistant"})
        return await asked

    async def _typing(self) -> None:
        """Whoever looks at the ticket sees that the visitor writes."""
        now = time.monotonic()
        if self.window is None or self.caller is None or not self.window.ticket_id or now - self.typed < TYPING_EVERY:
            return
        self.typed = now
        ticket, customer = str(self.window.ticket_id), self.caller.customer
        hint = {"type": "presence", "who": str(customer.pk), "name": await self._ask(_name_of, customer), "kind": "chat", "ticket": ticket}
        await self.channel_layer.group_send(f"ticket.{ticket}", hint)

    # -- small parts -------------------------------------------------------------------------------------------

    def _spawn(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _send_all(self, told: Sequence[Frame]) -> None:
        for frame in told:
            await self._tell(frame)

    async def _error(self, code: str, detail: str) -> None:
        await self._tell({"type": "error", "code": code, "detail": detail})

    async def _tell(self, what: Frame) -> None:
        await self.send(json.dumps(what))

    async def _ask(self, function: Any, *args: Any) -> Any:
        return await database_sync_to_async(function, thread_sensitive=False, executor=_asking)(*args)


def _enter(scope: dict[str, Any], user_id: str) -> Caller | None:
    """For whom this socket speaks. A session's cookie opens nothing here: agents talk in their console."""
    headers = {name.lower(): value for name, value in scope.get("headers", ())}
    query = scope.get("query_string", b"")
    viewer: Any = visitors.at_door(headers, query, user_id=user_id) or viewer_at(headers, query, None, bound_to=f"chat:{user_id}")
    if isinstance(viewer, ApiKey):
        if not viewer.allows("chat:read"):
            return None
    elif not isinstance(viewer, Visitor):
        return None
    try:
        return callers.caller(viewer, user_id, make=isinstance(viewer, ApiKey) and viewer.allows("chat:write"))
    except HelpdeskError:
        return None


def _still(who: Caller) -> bool:
    return is_still(who.viewer, None) if isinstance(who.viewer, ApiKey) else visitors.is_still(who.viewer)


def _session(who: Caller, name: str, shown: UUID | None) -> ChatSession:
    """The chat that the line is said in: the one named, else the one on screen, else a new one."""
    known = ChatSession.objects.filter(pk=shown).values_list("session_id", flat=True).first() if shown and not name else None
    return who.enter(name or known or "")


def _name_of(customer: Any) -> str:
    return str(customer.display_name)


def _asked(scope: dict[str, Any]) -> tuple[str, int | None]:
    """`?session_id=…&after=12`: which chat, and the number of the last line that a returning window has."""
    given = parse_qs(scope.get("query_string", b"").decode("latin-1"), max_num_fields=20)
    after = given.get("after", [""])[0]
    number = int(after) if after.isascii() and after.isdigit() and len(after) < 10 else None  # noqa: PLR2004
    return given.get("session_id", [""])[0][:LONGEST_NAME].replace("\x00", ""), number
