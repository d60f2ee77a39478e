"""How long it takes to erase a customer with 10,000 memories, 200 tickets and 2,000 messages from a large store. Prints figures.

`ERASURE_TICKETS=2000 pytest -s tests/benchmarks/test_erasure.py`: with fewer tickets of others (each has five messages, a triage run
with four steps, a draft, two suggestions and seven events).
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import islice

import pytest
from django.db import connection, models
from django.utils import timezone

from assist.models import Draft, Suggestion, TriageRun, TriageStep
from customers import erasure
from customers.models import Customer, MemoryFact, MemoryNode, MemoryTrace
from helpdesk.core.models import Event
from tests.cast import make_customer
from tickets.models import Message, Queue, SearchEntry, Ticket

OTHERS = int(os.environ.get("ERASURE_TICKETS", "20000"))
TICKETS, MEMORIES, TOGETHER = 200, 10_000, 2_000
WORDS = "label printer driver route sync order invoice webhook token scanner dock parcel carrier login export address " * 5


@pytest.mark.timeout(3600)
def test_erasing_a_customer_of_many_years(db: None, support: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    ours, others = make_customer("Ada Lovell", "ada@lovell.example"), make_customer("Others", "others@x.example")
    _tickets(others, support, OTHERS, 5)
    _tickets(ours, support, TICKETS, 10)
    _memories(others, OTHERS * 5)
    _memories(ours, MEMORIES)
    with connection.cursor() as cursor:
        cursor.execute("analyze")
    start = time.perf_counter()
    seconds: dict[str, float] = {}
    for name, (place, eraser) in list(erasure._stores.items()):
        monkeypatch.setitem(erasure._stores, name, (place, _timed(name, eraser, seconds)))
    receipt = erasure.erase(ours.pk)
    print(f"\nerased in {time.perf_counter() - start:.1f} s beside {OTHERS} tickets of others; load average {os.getloadavg()[0]:.1f}")
    for name, took in sorted(seconds.items(), key=lambda pair: -pair[1])[:12]:
        print(f"  {took:6.2f} s  {receipt.stores.get(name, ''):>7}  {name}")
    assert Ticket.objects.count() == OTHERS


def _timed(name: str, eraser: Callable[[erasure.Person], int], seconds: dict[str, float]) -> Callable[[erasure.Person], int]:
    def run(person: erasure.Person) -> int:
        start = time.perf_counter()
        number = eraser(person)
        seconds[name] = time.perf_counter() - start
        return number

    return run


def _tickets(customer: Customer, queue: Queue, number: int, messages: int) -> None:
    """With what the product writes beside each: events, triage with its steps, a draft, suggestions, search entries."""
    for many in batched(range(number), TOGETHER):
        tickets = [Ticket(number=f"{customer.name[:3]}-{n}", subject=WORDS[:60], customer=customer, queue=queue) for n in many]
        for ticket in tickets:
            ticket.analysis = {"summary": WORDS, "similar_tickets": [{"number": f"Oth-{n}", "subject": WORDS[:60]} for n in range(5)]}
        said = [
            Message(ticket=ticket, author_kind="customer", customer=customer, body_text=WORDS, channel="email", recipients=["x@y.example"])
            for ticket in tickets
            for _n in range(messages)
        ]
        runs = [TriageRun(ticket=ticket, result=ticket.analysis) for ticket in tickets]
        rows: list[list[models.Model]] = [
            [*tickets],
            [*said],
            [*runs],
            [TriageStep(run=run, position=n, name=f"step {n}", output={"found": WORDS}) for run in runs for n in range(4)],
            [
                Draft(ticket=one.ticket, answers=one, text=WORDS, sources=[{"number": "Oth-1", "title": WORDS[:60]}])
                for one in said[::messages]
            ],
            [
                Suggestion(ticket=ticket, suggestion_type="reply", source_id=f"{n}", title="x", content=WORDS, details={"x": WORDS})
                for ticket in tickets
                for n in range(2)
            ],
            [
                Event(
                    kind="ticket.message_added",
                    subject_type="Ticket",
                    subject_id=str(ticket.pk),
                    ticket_ref=ticket.pk,
                    customer_ref=customer.pk,
                    data={"subject": WORDS[:60]},
                )
                for ticket in tickets
                for _n in range(7)
            ],
            [SearchEntry(ticket=one.ticket, message=one, document="label printer") for one in said],
        ]
        for found in rows:
            type(found[0])._base_manager.bulk_create(found, batch_size=TOGETHER)


def _memories(customer: Customer, number: int) -> None:
    now = timezone.now() - timedelta(days=1)
    for many in batched(range(number), TOGETHER):
        nodes = [
            MemoryNode(customer=customer, node_type="Observation", kind="SupportInteraction", text=WORDS, starts_at=now, source_kind="api")
            for _n in many
        ]
        MemoryNode.objects.bulk_create(nodes)
        MemoryTrace.objects.bulk_create(
            [
                MemoryTrace(
                    node=node, customer=customer, node_type="Observation", starts_at=now, learned_at=now, importance=0.5, words="label"
                )
                for node in nodes
            ]
        )
        MemoryFact.objects.bulk_create(
            [MemoryFact(customer=customer, attribute=f"a{n}", value="x", starts_at=now, source_kind="api") for n in many[::10]]
        )


def batched(numbers: range, size: int) -> Iterator[list[int]]:
    rest = iter(numbers)
    while found := list(islice(rest, size)):
        yield found
