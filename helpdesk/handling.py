"""Django over ASGI: one hop to a thread for each request, and never more at once than there are connections.

Django's own handler starts a thread for every request and changes between it and the event loop some twenty times, once
for each synchronous middleware. Each change waits for the interpreter's lock: at 150 requests a second a process did
little else. Here a request is answered whole in one of a few standing threads, and has given its database connection back
before a byte is sent. Asynchronous views and streams work as before: only their way in is synchronous.

A request waits for its turn on the event loop, where waiting costs nothing. Who would wait too long is asked to come again.
One that asks a language model has no turn while that thinks (`core.crowd.aside`): however slow a provider is, pages are answered.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

from asgiref.sync import sync_to_async
from django.conf import settings
from django.core import signals
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.http import FileResponse
from django.urls import set_script_prefix

from helpdesk.core import crowd
from helpdesk.core.pages import too_busy

T = TypeVar("T")
KEPT_FREE = 2  # connections for sockets and streams, so that they stay lively under load
PATIENCE = 10.0  # seconds


class Handler(ASGIHandler):
    """At most as many requests at a time as the pool has connections for; the others stand in line."""

    def __init__(self) -> None:
        super().__init__()
        at_once = max(1, settings.DATABASES["default"]["OPTIONS"]["pool"]["max_size"] - KEPT_FREE)
        self._turns = asyncio.Semaphore(at_once)
        # Those who wait for a model have a thread, and no turn; there are never more of them than may ask at once.
        self._threads = ThreadPoolExecutor(at_once + settings.MAX_CONCURRENT_REQUESTS, thread_name_prefix="request")

    def load_middleware(self, is_async: bool = False) -> None:
        super().load_middleware(is_async=False)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        try:
            body = await self.read_body(receive)
        except RequestAborted:
            return
        try:
            with crowd.one_more():
                response = await self._in_turn(scope, body)
            await (self._stream(response, receive, send) if response.streaming else self.send_response(response, send))
        finally:
            body.close()

    async def _in_turn(self, scope: Any, body: Any) -> Any:
        turn = crowd.Turn(self._turns)
        try:
            async with asyncio.timeout(PATIENCE):
                await turn.take()
        except TimeoutError:
            return await sync_to_async(self._refuse)(scope, body)
        try:
            return await self._in_thread(partial(self._answer, scope, body))
        finally:
            turn.end()

    def _answer(self, scope: Any, body: Any) -> Any:
        set_script_prefix(get_script_prefix(scope))
        signals.request_started.send(sender=self.__class__, scope=scope)
        request, refused = self.create_request(scope, body)
        response: Any = refused if request is None else self.get_response(request)
        response._handler_class = self.__class__
        if isinstance(response, FileResponse):
            response.block_size = self.chunk_size
        if not response.streaming:
            response.close()
        return response

    def _refuse(self, scope: Any, body: Any) -> Any:
        request, refused = self.create_request(scope, body)
        return refused if request is None else too_busy(request)

    async def _stream(self, response: Any, receive: Any, send: Any) -> None:
        """Send it bit by bit, until it ends or nobody listens any more."""
        sending = asyncio.create_task(self.send_response(response, send))
        leaving = asyncio.create_task(self.listen_for_disconnect(receive))
        try:
            await asyncio.wait((sending, leaving), return_when=asyncio.FIRST_COMPLETED)
        finally:
            left = sending.cancel()
            leaving.cancel()
            results = await asyncio.gather(sending, leaving, return_exceptions=True)
            await self._in_thread(response.close)
        if not left and isinstance(results[0], Exception):
            raise results[0]

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await sync_to_async(work, thread_sensitive=False, executor=self._threads)()
