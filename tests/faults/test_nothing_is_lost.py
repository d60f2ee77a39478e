"""Parts of the running helpdesk are killed while mail comes in: what was acknowledged is a ticket in the end, exactly once.

These tests can fail: the two at the end (long) plant a fault each, `synchronous_commit = off` and receipts that are thrown away,
and see mail lost.
"""

from __future__ import annotations

import time

import pytest
import redis

from helpdesk.core.embedded import layout
from tests.faults.fire import Clients, Sent, assert_all_there, database, rows, unfinished
from tests.plugins.stack import Stack

pytestmark = [pytest.mark.faults, pytest.mark.xdist_group("faults")]

SAMPLE = 60  # mails of one quick test
CLIENTS = 8


def settle(stack: Stack, sent: Sent, patience: float = 60) -> None:
    """Wait until nobody has anything left to do, then count."""
    stack.wait_until(lambda: unfinished(stack) == 0, "The end of all work", patience)
    assert_all_there(stack, sent)


def test_redis_forgets_everything_after_mail_was_accepted(under_fire: Stack) -> None:
    with Clients(under_fire.mail, clients=CLIENTS) as clients:
        clients.wait_for(SAMPLE // 2)
        redis.Redis(unix_socket_path=str(layout(under_fire.data_dir).redis_socket)).flushall()
        clients.wait_for(SAMPLE)
    settle(under_fire, clients.sent)


def test_the_worker_is_killed_in_the_middle(under_fire: Stack) -> None:
    with Clients(under_fire.mail, clients=CLIENTS) as clients:
        clients.wait_for(SAMPLE // 3)
        under_fire.kill("worker")
        clients.wait_for(SAMPLE)
    settle(under_fire, clients.sent)


def test_postgresql_is_killed_in_mid_ingest(under_fire: Stack) -> None:
    with Clients(under_fire.mail, clients=CLIENTS) as clients:
        clients.wait_for(SAMPLE // 3)
        under_fire.kill("postgres")
        clients.wait_for(len(clients.sent.acked) + SAMPLE // 2)
    settle(under_fire, clients.sent)


def test_the_mail_door_is_killed_in_the_middle(under_fire: Stack) -> None:
    with Clients(under_fire.mail, clients=CLIENTS) as clients:
        clients.wait_for(SAMPLE // 3)
        under_fire.kill("mail")
        clients.wait_for(SAMPLE)
    settle(under_fire, clients.sent)


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("part", ["postgres", "worker", "mail", "redis", "beat", "keeper"])
def test_twenty_rounds_of_each_kill_lose_nothing(under_fire: Stack, part: str) -> None:
    with Clients(under_fire.mail, clients=CLIENTS) as clients:
        for _round in range(20):
            clients.wait_for(len(clients.sent.acked) + SAMPLE // 3)
            under_fire.kill(part)
            under_fire.wait_until(lambda: part in under_fire.parts(), f"A new {part}")
            time.sleep(15)  # five crashes a minute are a broken part, and `up` then stops everything: that is promised too
    settle(under_fire, clients.sent, 300)


@pytest.mark.long
@pytest.mark.timeout(600)
def test_the_count_sees_mail_lost_by_asynchronous_commits(under_fire: Stack) -> None:
    """A planted fault: commits that do not wait for the disk are forgotten by a kill, and the count says so."""
    with database(under_fire, "postgres") as line:
        for setting in ("synchronous_commit = off", "wal_writer_delay = '10s'"):
            line.execute(f"ALTER SYSTEM SET {setting}")
        line.execute("SELECT pg_reload_conf()")
    try:
        lost: set[str] = set()
        for _round in range(10):
            with Clients(under_fire.mail, clients=CLIENTS, pause=0) as clients:
                clients.wait_for(SAMPLE)
                under_fire.kill("postgres")
                taken = set(clients.sent.acked)
                clients.wait_for(len(taken) + 1)
            kept = {one for (one,) in rows(under_fire, "SELECT convert_from(substring(raw for 200), 'utf8') FROM tickets_rawmail")}
            lost |= {one for one in taken if not any(f"<{one}>" in head for head in kept)}
            if lost:
                return
        pytest.fail("ten kills without durable commits lost nothing: this test proves nothing")
    finally:
        with database(under_fire, "postgres") as line:
            line.execute("ALTER SYSTEM RESET ALL")
            line.execute("SELECT pg_reload_conf()")


@pytest.mark.long
@pytest.mark.timeout(300)
def test_the_count_sees_mail_whose_receipt_was_thrown_away(under_fire: Stack) -> None:
    """A planted fault: with the bells gone from Redis and the receipts gone from PostgreSQL nobody reads the mail."""
    under_fire.kill("worker")
    with Clients(under_fire.mail, clients=CLIENTS, pause=0) as clients:
        clients.wait_for(10)
    redis.Redis(unix_socket_path=str(layout(under_fire.data_dir).redis_socket)).flushall()
    with database(under_fire) as line:
        line.execute("DELETE FROM core_receipt WHERE done_at IS NULL")
    with pytest.raises(AssertionError, match="acknowledged mails are no ticket"):
        assert_all_there(under_fire, clients.sent)
    with database(under_fire) as line:
        line.execute("DELETE FROM tickets_rawmail WHERE state = 'stored'")
