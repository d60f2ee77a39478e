"""How quick recall is over a customer with 10,000 memories in a store of a million. Prints figures, asserts only that it found something.

`MEMORY_STORE=100000 pytest -s tests/benchmarks/test_memory_recall.py`: smaller by that variable. Vectors are synthetic, in random order
of customers, as if many had been written to at once; a million take some minutes and about 3 GB.
"""

from __future__ import annotations

import os
import random
import time
from datetime import timedelta
from typing import Any
from uuid import UUID

import numpy as np
import psutil  # type: ignore[import-untyped]
import pytest
from django.db import connection
from django.utils import timezone

from customers import memory
from customers.models import Customer
from helpdesk.core.embeddings import get_embedder
from helpdesk.core.models.embedding import DIMENSIONS

STORE = int(os.environ.get("MEMORY_STORE", "1000000"))
MINE, EACH = 10_000, 1_000  # memories of the customer who is asked about, and of each other
WORDS = "label printer driver route sync order invoice webhook token scanner dock parcel carrier login export address".split()
NODE = (
    "id, customer_id, node_type, kind, entity_ref, content, text, starts_at, learned_at, importance, channel, metadata, category,"
    " source_kind, source_id"
)
TRACE = "node_id, customer_id, node_type, category, starts_at, learned_at, importance, feedback, words, model, vector"


@pytest.mark.timeout(3600)
@pytest.mark.django_db(transaction=True)
def test_speed_over_a_store_of_a_million() -> None:
    ours = _customers()
    _fill(ours)
    memory.grant(ours[0])
    asked = [_query(ours[0], number) for number in range(220)]
    for query in asked[:20]:
        assert memory.recall(query, viewer=None)
    began = _processor()
    milliseconds = sorted(_timed(query) for query in asked[20:])
    ours_ms, servers_ms = ((now - before) * 1000 / 200 for now, before in zip(_processor(), began, strict=True))
    print(f"\nrecall p50 {milliseconds[100]:.1f} ms, p95 {milliseconds[190]:.1f} ms", end="")
    print(f" over {MINE} memories in a store of {STORE}; load average {os.getloadavg()[0]:.1f}")
    print(f"processor time of a recall, mean: Python {ours_ms:.1f} ms, PostgreSQL {servers_ms:.1f} ms")


def _customers() -> list[Customer]:
    others = max(1, (STORE - MINE) // EACH)
    return Customer.objects.bulk_create([Customer(name=f"Customer {number}") for number in range(others + 1)])


def _fill(ours: list[Customer]) -> None:
    draw, generator = random.Random(7), np.random.default_rng(7)
    whose = [0] * MINE + [1 + number % (len(ours) - 1) for number in range(STORE - MINE)]
    draw.shuffle(whose)
    with connection.cursor() as cursor:
        for start in range(0, STORE, 20_000):
            _copy(cursor, [ours[one].pk for one in whose[start : start + 20_000]], draw, generator)
        cursor.execute("VACUUM (ANALYZE) customers_memorytrace")  # as autovacuum leaves it
        cursor.execute("VACUUM (ANALYZE) customers_memorynode")


def _copy(cursor: Any, whose: list[UUID], draw: random.Random, generator: np.random.Generator) -> None:
    now, model = timezone.now(), get_embedder().name
    vectors = generator.standard_normal((len(whose), DIMENSIONS)).round(2)
    texts = [" ".join(draw.choices(WORDS, k=12)) for _one in whose]
    times = [now - timedelta(minutes=draw.randrange(10**6)) for _one in whose]
    ids = [UUID(int=draw.getrandbits(128)) for _one in whose]
    rows = list(zip(ids, whose, texts, times, strict=True))
    with cursor.copy(f"COPY customers_memorynode ({NODE}) FROM STDIN") as copy:
        for pk, customer, text, at in rows:
            copy.write_row((pk, customer, "Observation", "SupportInteraction", "", "{}", text, at, at, 0.5, "email", "{}", "", "api", ""))
    with cursor.copy(f"COPY customers_memorytrace ({TRACE}) FROM STDIN") as copy:
        for (pk, customer, text, at), vector in zip(rows, vectors, strict=True):
            words = " ".join(sorted(set(text.split())))
            copy.write_row((pk, customer, "Observation", "", at, at, 0.5, 0.5, words, model, "[" + ",".join(map(str, vector)) + "]"))


def _query(customer: Customer, number: int) -> memory.Query:
    return memory.Query(f"{WORDS[number % 16]} {WORDS[number * 7 % 16]} does not work, case {number}", customers=(customer.pk,))


def _processor() -> tuple[float, float]:
    """Seconds that this process and its PostgreSQL backend have used so far."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        times = psutil.Process(cursor.fetchone()[0]).cpu_times()
    return time.process_time(), times.user + times.system


def _timed(query: memory.Query) -> float:
    start = time.perf_counter()
    memory.recall(query, viewer=None)
    return (time.perf_counter() - start) * 1000
