"""The one sender of realtime news, and the guard at the sockets' door.

What is sent is a hint ("event 4711 concerns ticket X"), never the truth: consumers read the present state from
PostgreSQL within what their viewer may see, so a lost or doubled hint harms nobody.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import threading
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import Any, Self, TypeVar
from urllib.parse import urlsplit

from channels.db import database_sync_to_async
from channels.layers import get_channel_layer
from django.conf import settings
from django.db import transaction
from redis.exceptions import RedisError

log = logging.getLogger(__name__)

T = TypeVar("T")
AWAY = (RedisError, OSError)  # what a Redis that is away raises
PAUSE = 1.0  # seconds before it is asked again
MOST_UNSENT = 2000  # hints that wait while Redis hangs; more are dropped, pages poll meanwhile


def broadcast(group: str, payload: dict[str, Any]) -> None:
    """Tell a group, once what we tell is committed. `payload["type"]` names the consumer's method; Redis being away is no error."""
    transaction.on_commit(partial(_sender.send, group, payload))


def tell_now(group: str, payload: dict[str, Any]) -> None:
    """Tell a group of something that is stored nowhere, so that no commit is waited for: words on their way."""
    _sender.send(group, payload)


class _Sender:
    """One thread with one event loop for each process: callers never wait for Redis, and its connections are kept.

    (`async_to_sync` would open a loop, and with it a connection, for every single hint: a quarter of the cost of intake.)
    """

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._lock = threading.Lock()
        self._unsent: set[Future[None]] = set()

    def send(self, group: str, payload: dict[str, Any]) -> None:
        layer = get_channel_layer()
        if layer is None or len(self._unsent) >= MOST_UNSENT:
            return
        sending = asyncio.run_coroutine_threadsafe(layer.group_send(group, payload), self._running())
        self._unsent.add(sending)
        sending.add_done_callback(self._sent)

    def _running(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                threading.Thread(target=self._loop.run_forever, name="realtime-sender", daemon=True).start()
            return self._loop

    def _sent(self, done: Future[None]) -> None:
        self._unsent.discard(done)
        if not done.cancelled() and (error := done.exception()) is not None:
            log.warning("realtime_unavailable", extra={"error": repr(error)})


_sender = _Sender()
os.register_at_fork(after_in_child=_sender.__init__)  # type: ignore[misc]  # a thread does not survive a fork


async def ask(function: Callable[..., T], *arguments: Any) -> T:
    """Run something that needs the database beside the event loop; its connection goes back to the pool."""
    return await database_sync_to_async(function)(*arguments)


class Listening:
    """Hints of one group, for a stream. While Redis is away it says nothing; the listener reads what it missed."""

    def __init__(self, group: str) -> None:
        self._group = group
        self._layer = get_channel_layer()
        self._channel = ""
        self._hearing: asyncio.Task[dict[str, Any]] | None = None

    async def __aenter__(self) -> Self:
        self._channel = await self._layer.new_channel("stream")
        await self._join()
        return self

    async def __aexit__(self, *_error: object) -> None:
        with contextlib.suppress(*AWAY):
            await self._layer.group_discard(self._group, self._channel)
        if self._hearing is not None:
            self._hearing.cancel()
            with contextlib.suppress(asyncio.CancelledError, *AWAY):
                await self._hearing

    async def next(self, patience: float) -> dict[str, Any] | None:
        """The next hint, or None after so many seconds of silence, and at once when the line was cut."""
        if self._hearing is None:  # one that is waited for in vain goes on: to the layer a cancelled one has left
            self._hearing = asyncio.create_task(self._layer.receive(self._channel))
        done, _pending = await asyncio.wait({self._hearing}, timeout=patience)
        if not done:
            await self._join()  # it may have forgotten us: a restarted Redis remembers no groups
            return None
        heard, self._hearing = self._hearing, None
        try:
            return heard.result()
        except AWAY as error:
            log.warning("realtime_unavailable", extra={"error": repr(error)})
            await asyncio.sleep(PAUSE)
            await self._join()
        return None

    async def _join(self) -> None:
        with contextlib.suppress(*AWAY):
            await self._layer.group_add(self._group, self._channel)


class SameOriginOnly:
    """Refuse a socket whose Origin is not this site, scheme and port included (security T29).

    Browsers always send Origin; a client without one is no browser and carries its own credential.
    """

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "websocket" and not self._welcome(scope):
            await send({"type": "websocket.close", "code": 4403})
            return
        await self.inner(scope, receive, send)

    @staticmethod
    def _welcome(scope: dict[str, Any]) -> bool:
        headers = {name.lower(): value.decode("latin-1") for name, value in scope.get("headers", [])}
        origin = headers.get(b"origin")
        if origin is None:
            return True
        if origin in settings.CSRF_TRUSTED_ORIGINS:
            return True
        parts = urlsplit(origin)
        secure = scope.get("scheme") in ("wss", "https") or _forwarded_https(headers)
        return parts.scheme == ("https" if secure else "http") and parts.netloc == headers.get(b"host", "")


def _forwarded_https(headers: dict[bytes, str]) -> bool:
    header = settings.SECURE_PROXY_SSL_HEADER
    if not header:
        return False
    name, value = header
    return headers.get(name.removeprefix("HTTP_").replace("_", "-").lower().encode()) == value
