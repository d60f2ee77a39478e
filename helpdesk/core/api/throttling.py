"""Requests a minute for each key, counted atomically in Redis. Without Redis nobody is refused: partners must get through."""

from __future__ import annotations

import threading
import time
from typing import Any

from django.conf import settings
from django.core.cache import cache
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from helpdesk.core.models import ApiKey

WINDOW = 60  # seconds


LEASES = 200  # into which a minute's limit is cut: a process takes one at a time, and asks Redis again when it is used up

_leases: dict[str, tuple[int, int]] = {}  # by key: (the minute, requests left of the lease)
_lock = threading.Lock()


class PerKeyThrottle(BaseThrottle):
    def allow_request(self, request: Request, view: Any) -> bool:
        """A busy process may leave half a per cent of a key's limit unused; small limits are counted one by one."""
        key = request.user
        if not isinstance(key, ApiKey):
            return True
        limit, minute = key.rate_limit_per_minute or settings.API_RATE_LIMIT_PER_MINUTE, int(time.time()) // WINDOW
        return _from_lease(str(key.pk), minute) or _taken(str(key.pk), minute, limit) or _from_lease(str(key.pk), minute)

    def wait(self) -> float:
        return WINDOW - time.time() % WINDOW


def _from_lease(key: str, minute: int) -> bool:
    with _lock:
        of, left = _leases.get(key, (0, 0))
        if of != minute or left < 1:
            return False
        _leases[key] = (minute, left - 1)
        return True


def _taken(key: str, minute: int, limit: int) -> bool:
    """One request now and, where the limit is large, some in advance. A Redis that is away counts none, and lets everybody in.

    Threads that ask at once each take a lease, so what is granted is added to what another has just got: it has been paid for.
    """
    size = max(1, limit // LEASES)
    counted = int(cache.count(f"api-rate:{key}:{minute}", 2 * WINDOW, by=size))  # type: ignore[attr-defined]  # ours: helpdesk.core.caching
    granted = size - max(0, counted - limit)
    if granted < 1:
        return False
    with _lock:
        of, left = _leases.get(key, (0, 0))
        _leases[key] = (minute, granted - 1 + (left if of == minute else 0))
    return True
