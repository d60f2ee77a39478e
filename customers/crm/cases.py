"""Tell every connected CRM of a solved ticket or an ended call. An outbox: what is to be told is committed, then told until it is heard."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from customers.models import CrmCase, CrmConnection, CrmRecord, Customer

from . import CrmRefused, CrmUnavailable
from .base import Case
from .circuit import exchange

MOST_ATTEMPTS = 12  # with the pauses below about a day and a half
FIRST_WAIT, LONGEST_WAIT = 30.0, 6 * 3600.0  # seconds
LEASE = timedelta(minutes=2)  # nobody else takes a row meanwhile
AT_ONCE = 20


def keep(customer: Customer, case: Case) -> int:
    """Note, in the caller's transaction, that the case is to be told; returns to how many connections.

    Telling the same twice is one row.
    """
    connections = list(CrmConnection.objects.filter(is_active=True, writes_cases=True))
    for connection in connections:
        row, made = CrmCase.objects.select_for_update().get_or_create(
            connection=connection, source=case.number, defaults={"customer": customer, "case": asdict(case)}
        )
        if not made and row.case != asdict(case):
            CrmCase.objects.filter(pk=row.pk).update(
                case=asdict(case), version=F("version") + 1, state=CrmCase.State.DUE, attempts=0, due_at=timezone.now(), error=""
            )
    return len(connections)


def were_told(number: str) -> bool:
    """Whether any CRM has, or is to have, this case."""
    return CrmCase.objects.filter(source=number).exists()


def send_due() -> int:
    """Tell what is due; returns how many rows were tried."""
    with transaction.atomic():
        due = CrmCase.objects.filter(CrmCase.OPEN, due_at__lte=timezone.now()).select_related("connection").order_by("due_at")
        rows = list(due.select_for_update(skip_locked=True, of=("self",))[:AT_ONCE])
        CrmCase.objects.filter(pk__in=[row.pk for row in rows]).update(due_at=timezone.now() + LEASE, attempts=F("attempts") + 1)
    for row in rows:
        _send(row)
    return len(rows)


def _send(row: CrmCase) -> None:
    case = _addressed(row)
    try:
        remote_id = exchange(row.connection, "save_case", lambda crm: crm.save_case(case, remote_id=row.remote_id), subject=row.source)
    except CrmUnavailable as error:
        _again(row, error.detail, error.wait)
    except CrmRefused as error:
        _again(row, error.detail, None)
    else:
        mine = CrmCase.objects.filter(pk=row.pk)
        mine.update(remote_id=remote_id)
        mine.filter(version=row.version).update(state=CrmCase.State.SENT, sent_at=timezone.now(), error="")
        mine.exclude(version=row.version).update(due_at=timezone.now())  # it changed while it was on its way


def _addressed(row: CrmCase) -> Case:
    """With the person's id there, if it is known by now."""
    case = Case(**row.case)
    remote_id = CrmRecord.objects.filter(connection=row.connection, customer=row.customer_id).values_list("remote_id", flat=True).first()
    person: Mapping[str, Any] = {**case.person, **({"remote_id": remote_id} if remote_id else {})}
    return replace(case, person=person)


def _again(row: CrmCase, error: str, wait: float | None) -> None:
    attempts = row.attempts + 1
    pause = wait or min(LONGEST_WAIT, FIRST_WAIT * 3 ** (attempts - 1))
    state = CrmCase.State.FAILED if attempts >= MOST_ATTEMPTS else CrmCase.State.DUE
    CrmCase.objects.filter(pk=row.pk).update(state=state, error=error[:500], due_at=timezone.now() + timedelta(seconds=pause))
