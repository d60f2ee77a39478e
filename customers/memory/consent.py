"""By whose leave: the consent ledger read and written. No entry is no consent; one that has expired is none either."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from customers.models import ConsentEntry, Customer, MemoryNode, MemorySummary
from helpdesk.core.errors import Invalid, NotAllowed
from helpdesk.core.events import record

STORAGE, RETRIEVAL, INFUSION = (str(purpose) for purpose in ConsentEntry.Purpose.values)
TYPES = tuple(MemoryNode.Type.values)
PURPOSES = tuple(ConsentEntry.Purpose.values)
LONGEST = 3_650  # days
Leave = frozenset[tuple[str, str]]  # (purpose, data type)


class ConsentRequired(NotAllowed):
    """The customer has not agreed to this."""

    code = "consent-required"


def grant(
    customer: Customer,
    *,
    data_types: Iterable[str] = TYPES,
    purposes: Iterable[str] = PURPOSES,
    days: int | None = 365,
    source: str = "",
    by: Any = None,
) -> ConsentEntry:
    """Note that the customer agreed, for so many days (None: until taken back). Raises Invalid for unknown types or purposes."""
    if days is not None and not 0 < days <= LONGEST:
        raise Invalid(_("Consent lasts between one day and ten years."))
    until = timezone.now() + timedelta(days=days) if days is not None else None
    return _enter(customer, _Scope(data_types, purposes), until=until, granted=True, source=source, by=by)


def revoke(
    customer: Customer, *, data_types: Iterable[str] = TYPES, purposes: Iterable[str] = PURPOSES, source: str = "", by: Any = None
) -> ConsentEntry:
    """Note that the customer took it back. Counts at once; what is stored is used no more, and goes with retention or erasure."""
    return _enter(customer, _Scope(data_types, purposes), until=None, granted=False, source=source, by=by)


def leave_of(customers: Iterable[UUID], at: datetime | None = None) -> dict[UUID, Leave]:
    """What each of these customers allows at a moment (now). One query."""
    moment = at or timezone.now()
    ids = list(customers)
    allowed: dict[UUID, set[tuple[str, str]]] = {one: set() for one in ids}
    for entry in ConsentEntry.objects.filter(customer_id__in=ids, at__lte=moment).order_by("id"):
        pairs = {(purpose, kind) for purpose in entry.purposes for kind in entry.data_types}
        lasting = entry.granted and (entry.expires_at is None or entry.expires_at > moment)
        if lasting:
            allowed[entry.customer_id] |= pairs
        else:
            allowed[entry.customer_id] -= pairs
    return {one: frozenset(pairs) for one, pairs in allowed.items()}


def allows(customer: Customer, purpose: str, data_type: str) -> bool:
    return (purpose, data_type) in leave_of([customer.pk])[customer.pk]


def require(customer: Customer, purpose: str, data_type: str) -> None:
    """Raises ConsentRequired (403)."""
    if not allows(customer, purpose, data_type):
        raise ConsentRequired(_("This customer has not agreed to that, or no longer does."))


class _Scope(NamedTuple):
    data_types: Iterable[str]
    purposes: Iterable[str]


def _enter(customer: Customer, scope: _Scope, *, until: datetime | None, granted: bool, source: str, by: Any) -> ConsentEntry:
    kinds, wanted = sorted(set(scope.data_types)), sorted(set(scope.purposes))
    if not kinds or not wanted or set(kinds) - set(TYPES) or set(wanted) - set(PURPOSES):
        raise Invalid(_("Name types and purposes that we know."))
    with transaction.atomic():
        entry = ConsentEntry.objects.create(
            customer=customer,
            granted=granted,
            data_types=kinds,
            purposes=wanted,
            expires_at=until,
            source=source[:150],
            actor_kind=getattr(by, "actor_kind", "system"),
            actor_id=str(getattr(by, "pk", "") or ""),
        )
        if not granted:  # what was drawn together of it goes; the background draws anew from what is left
            MemorySummary.objects.filter(customer=customer).delete()
        said: dict[str, Any] = {
            "granted": granted,
            "purposes": wanted,
            "data_types": kinds,
            "expires_at": until.isoformat() if until else None,
        }
        record("customer.consent_changed", subject=customer, customer=customer, by=by, **said)
    return entry
