"""Who looked at whose data, and why. One insert; call it wherever a customer's data is read.

The log is a part of the audit: a few minutes later each row's fingerprint stands in an entry of the audit's chain. Reading waits for
no chain, and what erasure empties of a row (the reason; a customer's own name and id) is not in the fingerprint, so that it holds.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone

from customers.models import AccessEntry, RetentionPolicy
from helpdesk.core.audit import note
from helpdesk.core.models import AuditEntry
from helpdesk.core.request_id import current_request_id

SUBJECT = "customers_accessentry"
SETTLE = timedelta(minutes=2)  # longer than a transaction lasts: rows with lower numbers have come by then
SLACK = timedelta(days=1)  # an entry is sealed after its readings, and retention runs now and then
BATCH = 500


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


def seal_readings() -> int:
    """Put the fingerprints of the newest readings into the audit; returns how many. Two at once seal some twice, which harms nobody."""
    last = AuditEntry.objects.filter(subject=SUBJECT, act=AuditEntry.Act.READ).order_by("-id").values_list("subject_id", flat=True).first()
    waiting = AccessEntry.objects.filter(id__gt=int(last or 0), at__lt=timezone.now() - SETTLE).order_by("id")
    sealed = 0
    while rows := list(waiting.filter(id__gt=int(last or 0))[:BATCH]):
        last = str(rows[-1].pk)
        note(AuditEntry.Act.READ, SUBJECT, subject_id=last, after={"rows": {str(one.pk): _fingerprint(one) for one in rows}})
        sealed += len(rows)
    return sealed


def verify_readings() -> str:
    """Walk the sealed readings. "": each is there as it was; else the first that is not. What retention deletes may be missing."""
    policy = RetentionPolicy.objects.filter(data_type=RetentionPolicy.Data.ACCESS, enabled=True).first()
    kept_since = timezone.now() - timedelta(days=policy.days) if policy else None
    entries = AuditEntry.objects.filter(subject=SUBJECT, act=AuditEntry.Act.READ).order_by("id")
    for entry in entries.iterator(chunk_size=100):
        sealed: dict[str, str] = (entry.after or {}).get("rows", {})
        there = {str(one.pk): one for one in AccessEntry.objects.filter(pk__in=sealed)}
        for pk, mark in sealed.items():
            if pk in there and _fingerprint(there[pk]) != mark:
                return f"reading {pk} of {there[pk].at:%Y-%m-%d %H:%M} UTC was changed"
            if pk not in there and not (kept_since and entry.at < kept_since + SLACK):
                return f"reading {pk}, sealed by {entry.at:%Y-%m-%d %H:%M} UTC, was removed"
    return ""


def _fingerprint(row: AccessEntry) -> str:
    who = "" if row.actor_kind == "customer" else row.actor_id
    said = json.dumps([row.pk, row.at.isoformat(), row.actor_kind, who, row.what, str(row.customer_ref)])
    return hashlib.sha256(said.encode()).hexdigest()[:32]
