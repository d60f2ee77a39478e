"""When a call is thought about: at once, or together with what follows. Nothing is ever dropped, only put together."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.utils import timezone

from assist.models import CallSession
from helpdesk.core import crowd

AT_ONCE = 2  # rounds that one process thinks at a time; more would only take turns on its processor
MOST_PRESENT = 2  # requests in this process, ours included: with more of them storing comes first
PATIENCE = 0.05  # seconds a request waits for its turn before its words are put off
MOST_A_SECOND = 8  # sentences of customers in this process; with more of them, thinking would leave no time for storing
PUT_OFF = 0.15  # seconds until somebody looks at what was put off

_turns = threading.BoundedSemaphore(AT_ONCE)
_heard: deque[float] = deque(maxlen=MOST_A_SECOND)  # when the last ones came, by this process's clock


def wait(session: CallSession) -> float:
    """Seconds that are left of the session's pacing window; 0 when it may be thought about now."""
    if not settings.ASSIST_MIN_INTERVAL_SECONDS or session.analysed_at is None:
        return 0.0
    since = (timezone.now() - session.analysed_at).total_seconds()
    return max(0.0, settings.ASSIST_MIN_INTERVAL_SECONDS - since)


@contextmanager
def turn() -> Iterator[bool]:
    """One of this process's turns to think; False when it is too busy for now."""
    taken = not _is_busy() and _turns.acquire(timeout=PATIENCE)
    try:
        yield taken
    finally:
        if taken:
            _turns.release()


def _is_busy() -> bool:
    """Whether this web process has its hands full, or soon would have. Other processes do one thing at a time."""
    now, present = time.monotonic(), crowd.present()
    often = len(_heard) == MOST_A_SECOND and now - _heard[0] < 1
    _heard.append(now)
    return present > MOST_PRESENT or (present > 0 and often)
