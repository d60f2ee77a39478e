"""How fast mail is taken and read. Run by `make bench`: prints figures, and fails only when a promise of the product is broken.

    DURABLE=1 .venv/bin/pytest tests/benchmarks/test_mail_intake.py -s

Without DURABLE=1 the suite's PostgreSQL runs without fsync, and the figures are no promise.
"""

from __future__ import annotations

import asyncio
import smtplib
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from helpdesk.core.models import Event
from tests.tickets.mails import fixture, mail
from tickets.channels import email, lmtp, mime, screening
from tickets.channels.mailbox import store
from tickets.models import Queue, RawMail

pytestmark = pytest.mark.django_db(transaction=True)

BODY = ("Every call to the sync API returns 503 since this morning. " * 8 + "\r\n") * 40  # about 20 kB
SUSTAINED_PER_SECOND = 20


@pytest.fixture
def server() -> Iterator[int]:
    loop, listener = asyncio.new_event_loop(), lmtp.Server()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    address = asyncio.run_coroutine_threadsafe(listener.start("127.0.0.1:0"), loop).result(10)
    yield int(address.rpartition(":")[2])
    asyncio.run_coroutine_threadsafe(listener.stop(), loop).result(30)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)


def report(name: str, seconds: list[float], wall: float) -> float:
    rate = len(seconds) / wall
    ordered = sorted(seconds)
    p50, p95 = statistics.median(ordered) * 1000, ordered[int(len(ordered) * 0.95)] * 1000
    print(f"\n{name}: {rate:.0f}/s, p50 {p50:.1f} ms, p95 {p95:.1f} ms, n={len(ordered)}")
    return rate


def timed(deed: Callable[[], object]) -> float:
    start = time.perf_counter()
    deed()
    return time.perf_counter() - start


@pytest.mark.parametrize("clients", [1, 8])
def test_mails_accepted_durably_by_lmtp(server: int, support: Queue, clients: int):
    each = 400 // clients

    def send(client: int) -> list[float]:
        with smtplib.LMTP("127.0.0.1", server, timeout=30) as talk:
            talk.ehlo()
            to = ["support@fernway.example"]
            raws = [mail(BODY, message_id=f"{client}-{number}@x.example") for number in range(each)]
            return [timed(lambda raw=raw: talk.sendmail("a@b.example", to, raw)) for raw in raws]

    start = time.perf_counter()
    with ThreadPoolExecutor(clients) as threads:
        seconds = [one for found in threads.map(send, range(clients)) for one in found]
    rate = report(f"accepted by LMTP, {clients} clients, 20 kB", seconds, time.perf_counter() - start)
    assert RawMail.objects.count() == Event.objects.filter(kind="mail.stored").count() == clients * each
    assert rate > SUSTAINED_PER_SECOND


def test_mails_parsed():
    raws = [fixture(name) for name in ("plain", "reply-gmail", "outlook-html-only", "calendar", "inline-image", "bounce")] * 50

    def read(raw: bytes) -> None:
        screening.screen(raw)
        mime.parse(raw)

    start = time.perf_counter()
    seconds = [timed(lambda raw=raw: read(raw)) for raw in raws]
    assert report("parsed", seconds, time.perf_counter() - start) > 100


def test_mails_turned_into_tickets(support: Queue):
    ids = [store(mail(BODY, message_id=f"{number}@x.example", sender=f"p{number}@x.example"), source="lmtp").pk for number in range(200)]
    used = time.process_time()
    start = time.perf_counter()
    seconds = [timed(lambda pk=pk: email.process(pk)) for pk in ids]
    report("stored mail to ticket", seconds, time.perf_counter() - start)
    each = (time.process_time() - used) / len(ids)
    print(f"processor time of a ticket: {each * 1000:.0f} ms")
    assert 1 / each > SUSTAINED_PER_SECOND


def test_a_suspicious_mail_in_its_child():
    raw = b"From: a@b.example\r\nContent-Type: text/plain" + b"; a=b" * 50 + b"\r\n\r\nx"
    from tickets.channels import sandbox

    start = time.perf_counter()
    report("parsed in a child", [timed(lambda: sandbox.parse_in_child(raw)) for _time in range(10)], time.perf_counter() - start)


def test_memory_of_the_reader():
    """A fresh process that reads a 25 MB mail stays under the child's 512 MB."""
    code = (
        "import resource,sys; sys.path.insert(0,'.')\n"
        "from tickets.channels.mime import parse\n"
        "head=b'From: a@b.example\\nContent-Type: application/pdf\\nContent-Transfer-Encoding: base64\\n\\n'\n"
        "raw=head+(b'QUJD'*19+b'\\n')*320000\n"
        "parse(raw); print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)"
    )
    used = int(subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout)
    print(f"\n25 MB mail parsed within {used} MB")
    assert used < 512
