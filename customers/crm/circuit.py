"""One exchange with a connection, on the record, behind a circuit breaker that all workers share.

After FAILURES in a row nobody asks for a while, longer each time; then one call tries. Refused credentials pause it at once.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

from django.db.models import F
from django.utils import timezone

from customers.models import CrmConnection, CrmExchange
from helpdesk.core import circuit

from . import CrmRefused, CrmUnavailable, get_crm
from .base import Crm

T = TypeVar("T")

FAILURES = 5  # in a row, before it rests
FIRST_PAUSE, LONGEST_PAUSE = 30.0, 900.0  # seconds
REFUSED_PAUSE = timedelta(minutes=15)  # credentials rarely mend themselves
KEPT = timedelta(days=30)  # lines of the log


def exchange(connection: CrmConnection, operation: str, work: Callable[[Crm], T], *, subject: str = "") -> T:
    """Do `work` with the connection's adapter and write down how it went.

    Raises CrmUnavailable (also, unasked, while the circuit is open) and CrmRefused.
    """
    _still_open(connection)
    started = time.perf_counter()
    try:
        value = work(get_crm(connection))
    except (CrmUnavailable, CrmRefused) as error:
        _note(connection, operation, CrmExchange.Outcome.FAILED, subject=subject, started=started, detail=error.detail)
        _failed(connection, error)
        raise
    outcome = CrmExchange.Outcome.DONE if value is not None else CrmExchange.Outcome.NOT_FOUND
    _note(connection, operation, outcome, subject=subject, started=started)
    _succeeded(connection)
    return value


def forget_old() -> None:
    """The log keeps a month."""
    CrmExchange.objects.filter(at__lt=timezone.now() - KEPT).delete()


def _still_open(connection: CrmConnection) -> None:
    if until := circuit.resting_until(CrmConnection.objects.filter(pk=connection.pk)):
        left = (until - timezone.now()).total_seconds()
        raise CrmUnavailable(f"{connection} is not asked until {until:%H:%M:%S} UTC.", wait=max(1.0, left))


def _failed(connection: CrmConnection, error: CrmUnavailable | CrmRefused) -> None:
    rows = CrmConnection.objects.filter(pk=connection.pk)
    rows.update(failures=F("failures") + 1, last_error=error.detail[:500])
    failures = rows.values_list("failures", flat=True).first() or 0
    now = timezone.now()
    if isinstance(error, CrmRefused):
        if "credentials" in error.detail:
            rows.update(paused_until=now + REFUSED_PAUSE)
    elif error.wait is not None:
        rows.update(paused_until=now + timedelta(seconds=error.wait))
    elif failures >= FAILURES:
        pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(failures - FAILURES, 10))
        rows.update(paused_until=now + timedelta(seconds=pause))


def _succeeded(connection: CrmConnection) -> None:
    CrmConnection.objects.filter(pk=connection.pk).exclude(failures=0, paused_until=None, last_error="").update(
        failures=0, paused_until=None, last_error=""
    )


def _note(connection: CrmConnection, operation: str, outcome: str, *, subject: str, started: float, detail: str = "") -> None:
    ms = round((time.perf_counter() - started) * 1000, 1)
    CrmExchange.objects.create(
        connection=connection, operation=operation, outcome=outcome, subject=subject[:64], ms=ms, detail=detail[:500].replace("\x00", "")
    )
