"""Who looked at whose data, and why. One insert; call it wherever a customer's data is read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from customers.models import AccessEntry
from helpdesk.core.request_id import current_request_id


def note_read(viewer: Any, customer: UUID | Iterable[UUID], what: str, why: str = "") -> None:
    """Write down that `viewer` (a user, key or customer; None is the system) read `what` of these customers, given by id."""
    who = {
        "actor_kind": getattr(viewer, "actor_kind", "system"),
        "actor_id": str(getattr(viewer, "pk", "") or ""),
        "actor_name": str(viewer or "")[:150],
        "what": what[:60],
        "why": why[:200],
        "request_id": current_request_id(),
    }
    ids = [customer] if isinstance(customer, UUID) else list(customer)
    AccessEntry.objects.bulk_create([AccessEntry(customer_ref=one, **who) for one in ids])
