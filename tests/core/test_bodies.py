"""A body that is too large is refused while it arrives."""

from __future__ import annotations

import pytest

from helpdesk.bodies import LimitedBodies


async def reads_all(scope, receive, send):
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"ok"})


async def status_of(chunks: list[bytes], headers=()) -> int:
    left = list(chunks)
    sent = []

    async def receive():
        body = left.pop(0)
        return {"type": "http.request", "body": body, "more_body": bool(left)}

    async def send(message):
        sent.append(message)

    await LimitedBodies(reads_all, largest=10)({"type": "http", "path": "/api/v1/tickets/", "headers": list(headers)}, receive, send)
    return sent[0]["status"]


@pytest.mark.parametrize(
    "chunks, headers, expected",
    [
        ([b"12345", b"67890"], [], 200),
        ([b"12345", b"678901"], [], 413),
        ([b""], [(b"content-length", b"11")], 413),
        ([b"1"], [(b"content-length", b"nonsense")], 200),
    ],
)
async def test_more_than_the_limit_is_413(chunks, headers, expected):
    assert await status_of(chunks, headers) == expected
