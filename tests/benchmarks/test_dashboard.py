"""The dashboard over many tickets: `make bench` or `TICKETS=1000000 EVENTS=5000000 pytest tests/benchmarks/test_dashboard.py -s`.

What is measured is the whole request, in this process, with nothing in the cache: of every board, and of the list behind every figure.
"""

from __future__ import annotations

import os
import statistics
import time
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from helpdesk.backoffice.metrics import behind, rollup, scope
from helpdesk.core.models import User
from tests.cast import receive, signed_in
from tickets.models import Queue

from . import many

pytestmark = pytest.mark.django_db
TICKETS = int(os.environ.get("TICKETS", "200000"))
EVENTS = int(os.environ.get("EVENTS", str(5 * TICKETS)))
LIMIT = 0.3  # seconds of server time
RUNS = int(os.environ.get("RUNS", "7"))


def _pages() -> tuple[list[str], list[str]]:
    """All that a supervisor reaches from the figures: of the periods that the page offers; and of longer ones, by address alone."""
    today = timezone.localdate()
    periods = [f"period={name}" for name in scope.PERIODS]
    narrow = ["period=30d&queue=support", "period=30d&channel=email", "period=30d&queue=support&channel=email"]
    longer = [f"from={today - timedelta(days=days - 1)}&to={today}" for days in (90, scope.LONGEST)]
    boards = [f"/dashboard/?{query}" for query in (*periods, *narrow)]
    lists = [f"/dashboard/tickets/?of={name}&period=30d" for name in behind.LISTINGS]
    last = [f"/dashboard/tickets/?of=created&period=30d{more}" for more in ("&page=9999", "&queue=support", "&channel=email")]
    by_address = [*(f"/dashboard/?{query}" for query in longer), f"/dashboard/tickets/?of=created&{longer[-1]}"]
    return [*boards, "/dashboard/?wallboard=1", "/admin/", *lists, *last], by_address


@pytest.mark.timeout(1800)
def test_the_dashboard_and_its_lists_answer_in_time(support: Queue, billing: Queue, priya: User) -> None:
    many.fill(TICKETS, EVENTS, queues=(support, billing), message=receive("ada@x.example"))
    began = time.perf_counter()
    rollup.rebuild()
    print(f"\n{TICKETS:,} tickets, {EVENTS:,} events; counted anew in {time.perf_counter() - began:.1f} s")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE helpdesk_dayfigures, helpdesk_daygiven")
    browser = signed_in(priya)
    offered, by_address = _pages()
    medians = {page: _measured(browser, page) for page in offered}
    for page in by_address:  # said, not held to the limit
        _measured(browser, page)
    assert not {page: round(seconds, 3) for page, seconds in medians.items() if seconds >= LIMIT}


def _measured(browser: Client, page: str) -> float:
    """The median of some runs, after one that is not counted, whose dearest statements are printed."""
    with CaptureQueriesContext(connection) as capture:
        cache.clear()
        assert browser.get(page).status_code == 200
    asked = capture.captured_queries  # before the next request empties the log
    seconds, own = [], []
    for _run in range(RUNS):
        cache.clear()
        began, busy = time.perf_counter(), time.process_time()
        browser.get(page)
        seconds.append(time.perf_counter() - began)
        own.append(time.process_time() - busy)
    median = statistics.median(seconds)
    print(f"  {page:66} median {1000 * median:5.0f} ms ({1000 * min(seconds):.0f} to {1000 * max(seconds):.0f}), of it"
          f" {1000 * statistics.median(own):4.0f} ms of this process, {len(asked)} statements; load {os.getloadavg()[0]:.1f}")  # fmt: skip
    for one in sorted(asked, key=lambda one: -float(one["time"]))[: 3 if median > LIMIT / 2 else 0]:
        print(f"      {one['time']} s: {' '.join(one['sql'].split())[:90]}")
    return median
