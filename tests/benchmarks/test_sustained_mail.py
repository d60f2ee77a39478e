"""Mail all day long: 20 mails a second into the real stack by LMTP, each a ticket that is understood within a minute.

    .venv/bin/python -m pytest tests/benchmarks/test_sustained_mail.py -s

Issue 2 promises it on 2 quiet cores: look at `uptime` first. Prints rates and lags, with the load of the machine; fails
when mail is refused or lost, not when the machine was busy. MAIL_RATE and MAIL_SECONDS change the storm.
"""

from __future__ import annotations

import os
import smtplib
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest

from helpdesk.core.embedded import layout
from tests.plugins.stack import Stack

RATE = float(os.environ.get("MAIL_RATE", "20"))
SECONDS = float(os.environ.get("MAIL_SECONDS", "60"))
PATIENCE = 300.0  # seconds after the last mail
CLIENTS = 4
TEXTS = (
    ("Sync fails", "Every call to the order interface has been answered with 503 since this morning. Our drivers are waiting in the yard."),
    ("Two payments", "My card was charged twice for the same month. I am not happy about it. Please refund the second payment."),
    ("Logo", "Hello, how do I change the logo on the tracking page? I looked in the settings and did not find it.\n\nRegards\nLi"),
    ("Locked out", "I cannot sign in any more. The code from my phone is refused, and I have a new telephone since Monday. Please help."),
    ("Thank you", "Everything works now, that was quick. Please pass my thanks on to your colleague, she was very patient with me."),
)
LAGS = """
    select extract(epoch from run.created_at - raw.received_at) from assist_triagerun run
    join tickets_message message on message.id = run.message_id join tickets_rawmail raw on raw.id = message.raw_mail_id
    where raw.envelope_from like 'storm%%' order by 1
"""


@pytest.mark.e2e
@pytest.mark.timeout(900)
def test_twenty_mails_a_second_are_understood_within_a_minute(start_stack: Callable[..., Stack]) -> None:
    stack = start_stack(DEMO="1", MAIL_CHECK_SENDERS="0", LOG_LEVEL="WARNING")
    with psycopg.connect(host=str(layout(stack.data_dir).sockets), dbname="helpdesk", user="helpdesk", autocommit=True) as line:
        _send(stack, "first", 1)
        stack.wait_until(lambda: _count(line, "select count(*) from assist_triagerun"), "the first mail's run")
        mails = int(RATE * SECONDS / CLIENTS) * CLIENTS
        print(f"\nload {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores; {mails} mails at {RATE:.0f} a second")
        began = time.monotonic()
        with ThreadPoolExecutor(CLIENTS) as threads:
            for sent in [threads.submit(_stream, stack, client, mails // CLIENTS) for client in range(CLIENTS)]:
                sent.result()
        sending = time.monotonic() - began
        print(f"accepted: {mails / sending:.1f} a second; {_understood(line)} were understood by then")
        _wait_for(line, mails)
        behind = time.monotonic() - began - sending
        _report(line, mails, sending + behind, behind)
        assert _count(line, "select count(*) from tickets_rawmail where envelope_from like 'storm%%'") == mails


def _stream(stack: Stack, client: int, mails: int) -> None:
    """One client's share, evenly over the time."""
    began, pause = time.monotonic(), CLIENTS / RATE
    with smtplib.LMTP(*stack.mail, timeout=60) as door:
        for number in range(mails):
            time.sleep(max(0.0, began + number * pause - time.monotonic()))
            _talk(door, f"storm{client}-{number}", number)


def _send(stack: Stack, name: str, number: int) -> None:
    with smtplib.LMTP(*stack.mail, timeout=60) as door:
        _talk(door, name, number)


def _talk(door: smtplib.LMTP, name: str, number: int) -> None:
    subject, body = TEXTS[number % len(TEXTS)]
    sender = f"{name}@sender.example"
    head = f"From: Sender {name} <{sender}>\r\nTo: support@fernway.example\r\nSubject: {subject}\r\nMessage-ID: <{name}@sender.example>\r\n"
    refused = door.sendmail(sender, ["support@fernway.example"], f"{head}\r\n{body}\r\nOur reference is {name}.\r\n".encode())
    assert not refused


def _wait_for(line: psycopg.Connection[Any], mails: int) -> None:
    give_up = time.monotonic() + PATIENCE
    while (done := _understood(line)) < mails:
        if time.monotonic() > give_up:
            pytest.fail(f"{done} of {mails} mails were understood {PATIENCE:.0f} s after the last one")
        time.sleep(0.5)


def _understood(line: psycopg.Connection[Any]) -> int:
    return len(line.execute(LAGS).fetchall())


def _count(line: psycopg.Connection[Any], query: str) -> int:
    row = line.execute(query).fetchone()
    return int(row[0]) if row else 0


def _report(line: psycopg.Connection[Any], mails: int, whole: float, behind: float) -> None:
    lags = [float(lag) for (lag,) in line.execute(LAGS).fetchall()]
    p50, p95 = lags[len(lags) // 2], lags[int(len(lags) * 0.95)]
    print(f"understood: {mails / whole:.1f} a second; the last one {behind:.1f} s after the last mail")
    print(f"lag from acceptance to understanding: p50 {p50:.1f} s, p95 {p95:.1f} s, max {lags[-1]:.1f} s (promised: 60 s)")
    print(f"load afterwards {os.getloadavg()[0]:.1f}")
