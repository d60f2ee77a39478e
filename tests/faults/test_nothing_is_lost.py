"""Parts of the running helpdesk are killed while mail comes in: what was acknowledged is a ticket in the end, exactly once.

Shown to be able to fail: see `test_this_test_sees_a_loss` (long), where `synchronous_commit = off` loses acknowledged mail.
"""

from __future__ import annotations

import pytest
import redis

from helpdesk.core.embedded import layout
from tests.faults.fire import Clients, Sent, assert_all_there, unfinished
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
