"""A circuit breaker that all processes share: a service that keeps failing is left alone for a while, then one call tries.

circuit.check("llm api.openai.com")      # raises Open
circuit.failed(name, "503", wait=30)
circuit.succeeded(name)
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Case, F, Q, QuerySet, Value, When
from django.utils import timezone

from .errors import Unavailable
from .models import Circuit

FAILURES, WITHIN = 5, timedelta(seconds=60)  # so many in so long, and it opens (security F15)
PAUSE = timedelta(seconds=30)  # between two probes
LONGEST_PAUSE = timedelta(minutes=15)  # however long the other side asks us to stay away


class Open(Unavailable):
    """This service failed too often and is left alone for a moment."""

    code = "circuit-open"


def check(name: str) -> None:
    """Raises Open. After a pause one caller tries; what that one finds out decides for the others."""
    if until := resting_until(Circuit.objects.filter(name=name)):
        raise Open(f"Not asked until {until:%H:%M:%S} UTC: it failed too often.")


def resting_until(rows: QuerySet[Any]) -> datetime | None:
    """Until when the service of this one row (with a column `paused_until`) is left alone; None: ask it now.

    The first who comes after a pause takes the probe upon themselves: for the others it goes on a little longer.
    """
    paused: datetime | None = rows.values_list("paused_until", flat=True).first()
    if paused is None:
        return None
    now = timezone.now()
    if paused <= now and rows.filter(paused_until=paused).update(paused_until=now + PAUSE):
        return None
    return max(paused, now)


def is_open(name: str) -> bool:
    """Whether it rests now. Takes no probe."""
    return Circuit.objects.filter(name=name, paused_until__gt=timezone.now()).exists()


def failed(name: str, error: str, *, wait: float | None = None) -> None:
    """Count a failure. `wait`: the seconds that the other side asked for; then nobody asks before."""
    now = timezone.now()
    Circuit.objects.bulk_create([Circuit(name=name)], ignore_conflicts=True)
    rows, stale = Circuit.objects.filter(name=name), Q(first_failure_at=None) | Q(first_failure_at__lt=now - WITHIN)
    probing = Q(paused_until__isnull=False)  # one failed probe is enough to stay open
    rows.update(
        failures=Case(When(stale & ~probing, then=Value(1)), default=F("failures") + 1),
        first_failure_at=Case(When(stale & ~probing, then=Value(now)), default=F("first_failure_at")),
        last_error=error[:300],
    )
    if wait is not None:
        rows.update(paused_until=now + min(timedelta(seconds=max(wait, 0)), LONGEST_PAUSE))
    else:
        rows.filter(failures__gte=FAILURES).update(paused_until=now + PAUSE)


def succeeded(name: str) -> None:
    Circuit.objects.filter(name=name).exclude(failures=0, paused_until=None).update(
        failures=0, first_failure_at=None, paused_until=None, last_error=""
    )
