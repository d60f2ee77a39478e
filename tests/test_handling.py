"""Requests stand in line for the connections that there are; whoever finds none is asked to come again, never told 500."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest
from django.conf import settings
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.test import Client
from psycopg_pool import PoolTimeout

from helpdesk import handling
from helpdesk.core import crowd
from helpdesk.core.models import ApiKey


async def ask(handler: handling.Handler, path: str = "/api/v1/tickets") -> tuple[int, dict[bytes, bytes], bytes]:
    sent: list[dict[str, Any]] = []
    waiting = [{"type": "http.request", "body": b""}]

    async def receive() -> dict[str, Any]:
        return waiting.pop() if waiting else await asyncio.Event().wait()  # type: ignore[return-value]

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": [(b"host", b"testserver")]}
    await handler(scope, receive, send)
    return sent[0]["status"], dict(sent[0]["headers"]), b"".join(one.get("body", b"") for one in sent[1:])


def test_no_more_requests_are_answered_at_once_than_there_are_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    handler, lock = handling.Handler(), threading.Lock()
    running, most = 0, 0
    together = threading.Event()

    def answer(_request: HttpRequest) -> HttpResponse:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        together.wait(0.05)
        with lock:
            running -= 1
        return HttpResponse("said")

    monkeypatch.setattr(handler, "get_response", answer)

    async def crowd() -> list[tuple[int, dict[bytes, bytes], bytes]]:
        return list(await asyncio.gather(*(ask(handler) for _ in range(20))))

    assert [(status, body) for status, _headers, body in asyncio.run(crowd())] == [(200, b"said")] * 20
    assert 1 < most <= 6


def test_those_who_wait_for_a_model_keep_nobody_from_their_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """As many as may ask at once; one turn is enough for all others."""
    handler, answered = handling.Handler(), threading.Event()
    handler._turns = asyncio.Semaphore(1)
    at_once = settings.MAX_CONCURRENT_REQUESTS
    asking = threading.Barrier(at_once + 1)

    def answer(request: HttpRequest) -> HttpResponse:
        if request.path == "/far":
            with crowd.aside():
                asking.wait(60)
                answered.wait(60)
        return HttpResponse("said")

    monkeypatch.setattr(handler, "get_response", answer)

    async def crowded() -> list[bytes]:
        far = [asyncio.create_task(ask(handler, "/far")) for _ in range(at_once)]
        await asyncio.to_thread(asking.wait, 60)
        near = await ask(handler, "/near")
        answered.set()
        return [near[2], *(body for _status, _headers, body in await asyncio.gather(*far))]

    assert asyncio.run(crowded()) == [b"said"] * (at_once + 1)
    assert handler._turns._value == 1  # each took its turn again, and ended it


def test_who_waits_too_long_is_asked_to_come_again(monkeypatch: pytest.MonkeyPatch) -> None:
    handler, leave = handling.Handler(), threading.Event()
    monkeypatch.setattr(handling, "PATIENCE", 0.05)
    monkeypatch.setattr(handler, "get_response", lambda _request: leave.wait(5) and HttpResponse("said"))

    async def crowd() -> tuple[int, dict[bytes, bytes], bytes]:
        others = [asyncio.create_task(ask(handler)) for _ in range(6)]
        await asyncio.sleep(0.01)
        refused = await ask(handler)
        leave.set()
        await asyncio.gather(*others)
        return refused

    status, headers, body = asyncio.run(crowd())
    assert (status, headers[b"Content-Type"], headers[b"Retry-After"]) == (503, b"application/problem+json", b"1")
    assert b"try again" in body


def test_a_pool_without_a_free_connection_is_503_and_no_fault(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def none_is_free(*_arguments: object) -> None:
        raise OperationalError("couldn't get a connection after 10.00 sec") from PoolTimeout()

    monkeypatch.setattr(ApiKey.objects, "live", none_is_free)
    response = Client(headers={"Authorization": "Bearer any"}).get("/api/v1/tickets")
    assert (response.status_code, response["Content-Type"], response["Retry-After"]) == (503, "application/problem+json", "1")
