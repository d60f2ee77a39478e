"""Who does the CRM say this customer is? Asked in the worker; pages show what was last heard, with its age."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from customers.models import ContactPoint, CrmConnection, CrmRecord, Customer
from helpdesk.core.events import record

from . import CrmRefused, CrmUnavailable
from .base import Person, RemoteCase
from .circuit import exchange

FRESH = timedelta(minutes=15)  # older is asked for anew when somebody looks
ASKING = timedelta(seconds=60)  # so long an unanswered question is not repeated
SHOWN_CHANGES = ("name", "company", "tier", "owner", "satisfaction", "total_cases")


@dataclass(frozen=True)
class Heard:
    """What a page shows of one connection."""

    connection: CrmConnection
    record: CrmRecord | None
    is_stale: bool
    is_asked: bool  # an answer may come any moment
    is_paused: bool  # it failed too often: nobody asks now

    @property
    def person(self) -> dict[str, Any]:
        return self.record.person if self.record else {}

    @property
    def history(self) -> list[dict[str, Any]]:
        return [{**case, "created": parse_datetime(case["created_at"] or "")} for case in self.record.history] if self.record else []


def is_connected() -> bool:
    """Whether any CRM is in use."""
    return CrmConnection.objects.filter(is_active=True).exists()


def heard(customer: Customer) -> list[Heard]:
    """What every connection in use last said. Two queries."""
    rows = CrmConnection.objects.filter(is_active=True)
    records = {row.connection_id: row for row in CrmRecord.objects.filter(customer=customer, connection__is_active=True)}
    now = timezone.now()
    return [_heard(connection, records.get(connection.pk), now) for connection in rows]


def refresh(customer_id: UUID | str) -> None:
    """Ask every connection in use. One that fails keeps what it said before; the next is asked all the same."""
    customer = Customer.objects.prefetch_related("contact_points").filter(pk=customer_id).first()
    if customer is None:
        return
    for connection in CrmConnection.objects.filter(is_active=True):
        row, _made = CrmRecord.objects.get_or_create(connection=connection, customer=customer)
        CrmRecord.objects.filter(pk=row.pk).update(asked_at=timezone.now())
        try:
            person, history = _ask(connection, customer)
        except (CrmUnavailable, CrmRefused) as error:
            CrmRecord.objects.filter(pk=row.pk).update(error=error.detail[:500])
        else:
            keep(connection, customer, person, history)


def keep(connection: CrmConnection, customer: Customer, person: Person | None, history: Sequence[RemoteCase] | None) -> None:
    """Store what was heard; `history=None` leaves the one that is there. What changed is an event: the memory hears of it."""
    with transaction.atomic():
        row, _made = CrmRecord.objects.select_for_update().get_or_create(connection=connection, customer=customer)
        before = row.person
        row.person = asdict(person) if person else {}
        row.remote_id, row.url = (person.remote_id, person.url) if person else ("", "")
        if history is not None:
            row.history = [asdict(case) for case in history]
        row.fetched_at, row.error = timezone.now(), ""
        row.save()
        changed = {
            name: row.person.get(name) for name in SHOWN_CHANGES if row.person.get(name) and row.person.get(name) != before.get(name)
        }
        if changed:
            _learn(customer, changed)
            record("customer.crm_changed", subject=customer, customer=customer, connection=connection.name, changed=changed)


def _learn(customer: Customer, changed: dict[str, Any]) -> None:
    """The CRM knows plan and satisfaction best; a name only fills a gap."""
    fields: dict[str, Any] = {}
    if changed.get("tier"):
        fields["tier"] = str(changed["tier"]).lower()[:40]
    if changed.get("satisfaction") is not None:
        fields["satisfaction_score"] = min(5.0, max(0.0, float(changed["satisfaction"])))
    if changed.get("name") and not customer.name:
        fields["name"] = str(changed["name"])[:200]
    if fields:
        Customer.objects.filter(pk=customer.pk).update(**fields)


def _ask(connection: CrmConnection, customer: Customer) -> tuple[Person | None, list[RemoteCase]]:
    if not (customer.email or customer.phone):
        return None, []
    subject = str(customer.pk)
    person = exchange(connection, "find", lambda crm: crm.find(email=customer.email, phone=customer.phone), subject=subject)
    if person is None:
        return None, []
    return person, exchange(connection, "history", lambda crm: crm.history(person), subject=subject)


def _heard(connection: CrmConnection, row: CrmRecord | None, now: Any) -> Heard:
    is_stale = row is None or row.fetched_at is None or row.fetched_at < now - FRESH
    is_asked = row is not None and is_stale and row.asked_at > now - ASKING and not row.error
    return Heard(connection, row, is_stale, is_asked, is_paused=connection.paused_until is not None and connection.paused_until > now)


def known_by(people: Sequence[Person]) -> dict[str, Customer]:
    """Which of our customers these people are, by their address or number: {remote id: customer}."""
    values = {value for person in people for value in (person.email, person.phone) if value}
    points = ContactPoint.objects.filter(value__in=values).select_related("customer")
    owners = {point.value: point.customer for point in points}
    found = {person.remote_id: owners.get(person.email) or owners.get(person.phone) for person in people}
    return {remote_id: customer for remote_id, customer in found.items() if customer}
