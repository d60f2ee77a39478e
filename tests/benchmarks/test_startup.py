"""How long a start takes and how much memory the idle stack holds: `make bench ARGS="-k startup"`.

Promised (issue 2): second start under 10 s, idle memory of the whole stack under 700 MB. Prints figures; asserts nothing
about wall-clock time, because machines are noisy.
"""

from __future__ import annotations

import os
import smtplib
import time

MAIL = b"From: li@sakura.example\r\nTo: support@fernway.example\r\nSubject: Charged twice\r\n\r\nYou charged us twice.\r\n"


def test_startup_and_idle_memory(start_stack):
    print(f"\nload {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    first = _timed("first start, with demonstration data", lambda: start_stack(DEMO="1"))
    first.stop()
    _timed("second start", lambda: start_stack(DEMO="1")).stop()
    stack = _timed("third start", lambda: start_stack(DEMO="1"))
    _memory("idle", stack)
    with smtplib.SMTP(*stack.mail) as door:
        door.sendmail("li@sakura.example", ["support@fernway.example"], MAIL)
    time.sleep(15)  # understood, and quiet again
    pss = _memory("idle, after one mail was understood", stack)
    assert pss < 700


def _timed(what, start):
    began = time.monotonic()
    started = start()
    print(f"{what}: {time.monotonic() - began:.1f} s")
    return started


def _memory(when, stack) -> float:
    """Megabytes of PSS (shared pages counted once) of every process of the stack."""
    found = [(p.memory_full_info().pss / 2**20, p.memory_info().rss / 2**20, p.name()) for p in stack.everything()]
    pss = sum(one[0] for one in found)
    largest = ", ".join(f"{name} {mine:.0f}" for mine, _rss, name in sorted(found, reverse=True)[:3])
    print(f"{when}: PSS {pss:.0f} MB, RSS added up {sum(one[1] for one in found):.0f} MB; largest: {largest}")
    return pss
