"""What a customer has allowed, purpose by purpose, as it is shown to agents and to themselves."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from customers.memory import consent
from customers.models import ConsentEntry, Customer

ICONS = {"storage": "database", "retrieval": "search", "context_infusion": "sparkles"}


@dataclass(frozen=True)
class Leave:
    """`state`: all, some or none of the types; `entry` is the last word on it, None when nobody asked."""

    purpose: str
    label: str
    icon: str
    state: str
    entry: ConsentEntry | None
    expired: bool


def leaves(customer: Customer) -> list[Leave]:
    """One line for each purpose. Two queries."""
    allowed = consent.leave_of([customer.pk])[customer.pk]
    entries = list(customer.consents.order_by("id"))
    now = timezone.now()
    lines = []
    for purpose, label in ConsentEntry.Purpose.choices:
        types = sum((purpose, kind) in allowed for kind in consent.TYPES)
        entry = next((one for one in reversed(entries) if purpose in one.purposes), None)
        over = bool(entry and entry.granted and entry.expires_at and entry.expires_at <= now)
        state = "all" if types == len(consent.TYPES) else "some" if types else "none"
        lines.append(Leave(purpose, str(label), ICONS[purpose], state, entry, over))
    return lines


def next_expiry(lines: Iterable[Leave]) -> datetime | None:
    return min((line.entry.expires_at for line in lines if line.entry and line.state != "none" and line.entry.expires_at), default=None)


def may_look_up(customer: Customer) -> bool:
    """Whether their facts may be shown: remembered and looked up by their leave."""
    leave = consent.leave_of([customer.pk])[customer.pk]
    return {(consent.STORAGE, "Entity"), (consent.RETRIEVAL, "Entity")} <= leave
