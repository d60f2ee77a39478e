"""Redis does not answer at all: pages, API and mail go on, and what could not be rung for is done later (F08).

It is stopped, not killed: a dead Redis refuses at once, a silent one makes everybody wait who does not look at the clock.
"""

from __future__ import annotations

import http.client
import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.faults.fire import Clients, Sent, assert_all_there, letter, send_by_lmtp, unfinished
from tests.plugins.stack import Stack

pytestmark = [pytest.mark.faults, pytest.mark.xdist_group("faults")]

PATIENCE = 8  # seconds that anybody may be kept waiting for the first answer; the next ones know that Redis is away


@contextmanager
def silent(stack: Stack, part: str) -> Iterator[None]:
    stack.kill(part, signal.SIGSTOP)
    try:
        yield
    finally:
        stack.kill(part, signal.SIGCONT)


@pytest.fixture(scope="module")
def key(under_fire: Stack) -> str:
    made = under_fire.manage("api_key", "faults", "--scope", "*")
    assert made.returncode == 0, made.stderr
    return made.stdout.decode().strip()


def ask(stack: Stack, method: str, path: str, body: object = None, **headers: str) -> tuple[int, bytes]:
    line = http.client.HTTPConnection("127.0.0.1", int(stack.env["PORT"]), timeout=PATIENCE)
    try:
        line.request(method, path, json.dumps(body) if body is not None else None, {"Content-Type": "application/json", **headers})
        answer = line.getresponse()
        return answer.status, answer.read()
    finally:
        line.close()


def test_pages_api_and_mail_answer_while_redis_is_silent(under_fire: Stack, key: str) -> None:
    bearer = {"Authorization": f"Bearer {key}"}
    new = {"subject": "Redis is away", "body": "Still here?", "customer": {"email": "li@sakura.example"}}
    with silent(under_fire, "redis"):
        for path in ("/help/", "/help/contact/", "/accounts/login/", "/health/live"):
            assert ask(under_fire, "GET", path)[0] == 200, path
        assert ask(under_fire, "GET", "/health")[0] == 200, "degraded is not unhealthy"
        for number in range(3):
            status, answer = ask(under_fire, "POST", "/api/v1/tickets/", new | {"subject": f"Redis is away {number}"}, **bearer)
            assert status == 201, answer
        assert ask(under_fire, "GET", "/api/v1/tickets/", **bearer)[0] == 200
        assert send_by_lmtp(under_fire.mail, letter("redis-away@sender.example")) == (250, b"2.0.0 Stored")
    sent = Sent(acked={"redis-away@sender.example"}, tried={"redis-away@sender.example"})
    under_fire.wait_until(lambda: unfinished(under_fire) == 0, "What was not rung for")
    assert_all_there(under_fire, sent)


def test_mail_that_comes_while_redis_is_silent_is_read_when_it_is_back(under_fire: Stack) -> None:
    with silent(under_fire, "redis"), Clients(under_fire.mail, clients=4) as clients:
        clients.wait_for(12)
    under_fire.wait_until(lambda: unfinished(under_fire) == 0, "What was not rung for")
    assert_all_there(under_fire, clients.sent)
