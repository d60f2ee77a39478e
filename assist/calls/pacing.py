"""When a call is thought about: at once, or together with what follows. Nothing is ever dropped, only put together."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.utils import timezone

from assist.models import CallSession
from helpdesk.core import crowd

AT_ONCE = 2  # rounds that one process thinks at a time; more would only take turns on its processor
MOST_PRESENT = 2  # requests in this process, ours included: with more of them storing comes first
PATIENCE = 0.05  # seconds a request waits for its turn before its words are put off
PUT_OFF = 0.3  # seconds until somebody looks at what was put off

_turns = threading.BoundedSemaphore(AT_ONCE)


def wait(session: CallSession) -> float:
    """Seconds that are left of the session's pacing window; 0 when it may be thought about now."""
    if not settings.ASSIST_MIN_INTERVAL_SECONDS or session.analysed_at is None:
        return 0.0
    since = (timezone.now() - session.analysed_at).total_seconds()
    return max(0.0, settings.ASSIST_MIN_INTERVAL_SECONDS - since)


@contextmanager
def turn() -> Iterator[bool]:
    """One of this process's turns to think; False when it is too busy for now."""
    taken = crowd.present() <= MOST_PRESENT and _turns.acquire(timeout=PATIENCE)
    try:
        yield taken
    finally:
        if taken:
            _turns.release()
