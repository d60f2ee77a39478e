"""Replies on their way out while parts are killed: everybody gets the answer, and nobody gets two.

A kill between the server's 250 and our note of it cannot be undone by anybody (security F05): then one mail comes twice, under one
Message-ID, so that mail programs show one. More than that one is a failure.
"""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable

import psycopg
import pytest

from tests.faults.fire import Sink, count
from tests.plugins.stack import Stack

pytestmark = [pytest.mark.faults, pytest.mark.xdist_group("faults")]

ANSWERS = 12


@pytest.fixture(scope="module")
def key(under_fire: Stack) -> str:
    made = under_fire.manage("api_key", "faults", "--scope", "*")
    assert made.returncode == 0, made.stderr
    return made.stdout.decode().strip()


@pytest.fixture
def answer(under_fire: Stack, key: str) -> Callable[[str], set[str]]:
    """Open a dozen tickets and answer them all; returns who must get mail. It leaves ten seconds later."""

    def post(path: str, body: object) -> dict[str, str]:
        request = urllib.request.Request(  # noqa: S310 - our own address
            under_fire.url + path, json.dumps(body).encode(), {"Content-Type": "application/json", "Authorization": f"Bearer {key}"}
        )
        with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310
            return json.load(response)  # type: ignore[no-any-return]

    def answer_all(who: str) -> set[str]:
        people = {f"{who}{number}@people.example" for number in range(ANSWERS)}
        for address in sorted(people):
            ticket = post("/api/v1/tickets/", {"subject": "Export fails", "body": "It stops.", "customer": {"email": address}})
            post(f"/api/v1/tickets/{ticket['number']}/messages/", {"body": "Here is how to go on.", "author": "agent"})
        return people

    return answer_all


def waiting(stack: Stack) -> int:
    try:
        return count(stack, "SELECT count(*) FROM tickets_delivery WHERE state <> 'sent'")
    except psycopg.OperationalError:
        return -1


def assert_each_got_one(sink: Sink, people: set[str], again: int) -> None:
    got = {key: times for key, times in sink.counted().items() if key[0] in people}
    assert {recipient for recipient, _id in got} == people
    assert len(got) == len(people), "somebody got two different mails"
    assert sum(got.values()) <= len(people) + again, got


def test_the_worker_is_killed_while_it_sends(under_fire: Stack, sink: Sink, answer: Callable[[str], set[str]]) -> None:
    people = answer("worker")
    before = len(sink.mails)
    under_fire.wait_until(lambda: len(sink.mails) >= before + 3, "The first mails")
    under_fire.kill("worker")
    under_fire.wait_until(lambda: waiting(under_fire) == 0, "The last mail", 60)
    assert_each_got_one(sink, people, again=2)  # two threads send: each may have been between 250 and its note


def test_postgresql_is_killed_while_it_sends(under_fire: Stack, sink: Sink, answer: Callable[[str], set[str]]) -> None:
    people = answer("postgres")
    before = len(sink.mails)
    under_fire.wait_until(lambda: len(sink.mails) >= before + 3, "The first mails")
    under_fire.kill("postgres")
    under_fire.wait_until(lambda: waiting(under_fire) == 0, "The last mail", 60)
    assert_each_got_one(sink, people, again=0)


def test_redis_forgets_the_bells_of_waiting_mail(under_fire: Stack, sink: Sink, answer: Callable[[str], set[str]]) -> None:
    import redis

    from helpdesk.core.embedded import layout

    people = answer("redis")
    redis.Redis(unix_socket_path=str(layout(under_fire.data_dir).redis_socket)).flushall()
    under_fire.wait_until(lambda: waiting(under_fire) == 0, "The last mail", 60)
    assert_each_got_one(sink, people, again=0)
