"""No request body is larger than the largest mail plus its trimmings: counted while it arrives, before it fills memory or disk."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[..., Awaitable[None]]

LARGEST = 32 * 1024 * 1024  # bytes: 25 MB of files in a form, encoded


class TooLarge(Exception):
    """The body passed the limit while it was read."""


class LimitedBodies:
    """ASGI middleware: answers 413 to a body that is announced or turns out to be too large."""

    def __init__(self, inner: App, largest: int = LARGEST) -> None:
        self.inner = inner
        self.largest = largest

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if _announced(scope) > self.largest:
            await _refuse(scope, send)
            return
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self.largest:
                raise TooLarge
            return message

        try:
            await self.inner(scope, counted, send)
        except TooLarge:
            await _refuse(scope, send)


def _announced(scope: Message) -> int:
    value = dict(scope.get("headers", ())).get(b"content-length", b"0")
    return int(value) if value.isdigit() else 0


async def _refuse(scope: Message, send: Send) -> None:
    problem = {
        "type": "/problems/too-large",
        "title": "Too large",
        "status": 413,
        "detail": "The request is larger than 32 MB. Nothing of it was kept.",
        "instance": scope.get("path", ""),
    }
    headers = [(b"content-type", b"application/problem+json"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(problem).encode()})
