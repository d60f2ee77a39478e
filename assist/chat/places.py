"""How many windows of one user may be connected: counted in Redis over all processes, in this process alone while Redis is away.

A place is a key that its window keeps alive, so what a killed process held is free again within the minute.
"""

from __future__ import annotations

from collections import Counter
from threading import Lock
from uuid import UUID

from django.conf import settings
from django.core.cache import cache

STAYS = 60  # seconds after the last sign; a socket gives one every 15
_here: Counter[UUID] = Counter()  # of each customer, in this process
_lock = Lock()


def take(customer_id: UUID) -> str | None:
    """The place that was free, to be kept and given back; None when all are taken."""
    most = settings.MAX_WS_CONNECTIONS_PER_USER
    with _lock:
        if _here[customer_id] >= most:
            return None
        _here[customer_id] += 1
    # `add` is atomic, and says yes while Redis is away: then what this process has counted decides
    place = next((key for key in (f"chat.place.{customer_id}.{n}" for n in range(most)) if cache.add(key, 1, STAYS)), None)
    if place is None:
        _left(customer_id)
    return place


def keep(place: str) -> None:
    cache.set(place, 1, STAYS)


def give_back(customer_id: UUID, place: str) -> None:
    cache.delete(place)
    _left(customer_id)


def _left(customer_id: UUID) -> None:
    with _lock:
        _here[customer_id] -= 1
        if _here[customer_id] <= 0:
            del _here[customer_id]
