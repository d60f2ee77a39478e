"""Inbox and ticket page with 100,000 tickets: server time, and the plans behind it.

.venv/bin/python -m pytest tests/benchmarks/test_pages.py -s --override-ini addopts="-q -p tests.plugins.servers"
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import connection
from django.template import Template
from django.test import Client
from django.test.utils import _TestState
from django.utils import timezone

from customers.models import Customer
from helpdesk.core.models import User
from tests.cast import make_agent, make_customer, receive, signed_in
from tickets import listing
from tickets.models import Message, Queue, Ticket

TICKETS = 100_000
ACTIVE = 0.2  # share of tickets that are still open: far more than any healthy desk has
BUDGET_MS = 60
ROUNDS = 15


@pytest.fixture
def crowd(db: None, support: Queue, billing: Queue) -> Iterator[tuple[User, User, Ticket]]:
    """100,000 tickets of 500 customers in two queues, a third of them assigned, and one with a long thread."""
    chance = random.Random(7)
    maya, priya = make_agent("Maya Lindqvist", support, billing), make_agent("Priya Raman", role=User.Role.SUPERVISOR)
    people = [make_customer(f"Customer {i}", f"c{i}@example.com") for i in range(500)]
    batch = [_ticket(i, chance, people, (support, billing), (maya, priya, None)) for i in range(TICKETS)]
    Ticket.objects.bulk_create(batch, batch_size=2000)
    long = receive(people[0], "A long story", "It began so.").ticket
    Message.objects.bulk_create(
        [Message(ticket=long, author_kind="customer", channel="email", body_text=f"Line {i}\n\nMore", author_name="C") for i in range(150)]
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    yield maya, priya, long


def _ticket(i: int, chance: random.Random, people: list[Customer], queues: tuple[Queue, ...], agents: tuple[User | None, ...]) -> Ticket:
    created = timezone.now() - timedelta(minutes=chance.randint(0, 300_000))
    active = chance.random() < ACTIVE
    status = chance.choice(["new", "open", "open", "pending"]) if active else "closed"
    return Ticket(
        number=f"TKT-BENCH-{i:06}",
        subject=f"Subject {i}",
        status=status,
        queue=chance.choice(queues),
        assignee=chance.choice(agents),
        customer=chance.choice(people),
        channel="email",
        created_at=created,
        updated_at=created,
        last_customer_message_at=created,
        due_at=created + timedelta(minutes=chance.randint(30, 310_000)) if status in ("new", "open") else None,
    )


@pytest.fixture
def plain_templates(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the test client's copies of every context, which no server makes."""
    monkeypatch.setattr(Template, "_render", _TestState.saved_data.template_render)


def _quartile_ms(client: Client, path: str) -> float:
    """The lower quartile: what the page costs when nothing else runs on the machine."""
    assert client.get(path).status_code == 200
    times = []
    for _round in range(ROUNDS):
        start = time.perf_counter()
        client.get(path)
        times.append((time.perf_counter() - start) * 1000)
    return statistics.quantiles(times, n=4)[0]


def test_pages_stay_quick_with_a_hundred_thousand_tickets(crowd: tuple[User, User, Ticket], plain_templates: None) -> None:
    maya, priya, long = crowd
    slow = {}
    for who in (maya, priya):
        client = signed_in(who)
        middle = listing.page(who, listing.VIEWS[5], listing.SORTS[0]).next
        paths = [f"/inbox/{view}/" for view in ("mine", "at-risk", "unassigned", "waiting", "snoozed", "all", "solved", "team-support")]
        paths += ["/inbox/all/?sort=newest", "/inbox/all/?sort=oldest", f"/inbox/all/?part=rows&after={middle.replace('+', '%2B')}"]
        paths += [f"/inbox/all/{long.number}/", "/inbox/counts/", "/search/?q=bench"]
        for path in paths:
            ms = _quartile_ms(client, path)
            print(f"{who.first_name:8} {path[:60]:62} {ms:6.1f} ms")
            if ms > BUDGET_MS:
                slow[f"{who.first_name} {path}"] = round(ms)
    assert not slow
