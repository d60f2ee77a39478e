"""Retention: what is older than its policy allows goes, in batches, on schedule. `counts()` says first what would go.

Memories and readings count from when we had them, facts from when they ceased to hold or to be believed: what still holds stays.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Min, Q, QuerySet
from django.utils import timezone

from customers import ledgers
from customers.memory import summarising
from customers.models import AccessEntry, Customer, MemoryFact, MemoryNode, MemoryTrace, RetentionPolicy
from helpdesk.core.events import record

BATCH = 1_000
MOST_BATCHES = 200  # of one type in one run; the next run goes on
Data = RetentionPolicy.Data


def policies() -> list[RetentionPolicy]:
    """One for each type of data, whether somebody has set it yet or not."""
    known = {policy.data_type: policy for policy in RetentionPolicy.objects.all()}
    return [known.get(kind) or RetentionPolicy(data_type=kind) for kind in Data.values]


def set_policy(data_type: str, *, days: int, enabled: bool, by: Any = None) -> None:
    """Raises ValidationError for an unknown type, or days out of bounds."""
    with transaction.atomic():
        before = RetentionPolicy.objects.select_for_update().filter(pk=data_type).first() or RetentionPolicy(data_type=data_type)
        policy = RetentionPolicy(data_type=data_type, days=days, enabled=enabled)
        policy.full_clean(validate_unique=False)
        if before.as_said() == policy.as_said():
            return
        policy.save()
        record("retention.changed", subject=policy, by=by, **policy.as_said())


def counts(now: datetime | None = None) -> dict[str, int]:
    """The dry run: how many rows of each type would go now. Types that are off are left out."""
    moment = now or timezone.now()
    return {policy.data_type: _due(policy, moment).count() for policy in policies() if policy.enabled}


def run(now: datetime | None = None) -> dict[str, int]:
    """Delete what is due; returns how many of which type. Safe to stop and to repeat: each batch is a transaction of its own."""
    moment, gone = now or timezone.now(), {}
    for policy in policies():
        if not policy.enabled:
            continue
        gone[policy.data_type] = number = _delete(policy, moment)
        if number:
            with transaction.atomic():
                record("retention.applied", subject=policy, data_type=policy.data_type, days=policy.days, deleted=number)
    summarising.drop_the_unfounded()
    return gone


def next_deletion(customer: Customer) -> datetime | None:
    """When the first of what we remember of a customer goes, if nothing changes. None when nothing will. At most five queries."""
    moments = [_oldest(policy, customer) for policy in policies() if policy.enabled and policy.data_type != Data.ACCESS]
    return min((moment for moment in moments if moment), default=None)


def _due(policy: RetentionPolicy, now: datetime) -> QuerySet[Any]:
    before = now - timedelta(days=policy.days)
    if policy.data_type == Data.FACT:
        return MemoryFact.objects.filter(Q(retired_at__lt=before) | Q(ends_at__lt=before), learned_at__lt=before)
    if policy.data_type == Data.ACCESS:
        return AccessEntry.objects.filter(at__lt=before)
    return MemoryNode.objects.filter(node_type=policy.data_type, traces__customer__isnull=False, learned_at__lt=before).distinct()


def _delete(policy: RetentionPolicy, now: datetime) -> int:
    number = 0
    for _batch in range(MOST_BATCHES):
        due = _due(policy, now)
        keys = list(due.order_by("pk").values_list("pk", flat=True)[:BATCH])
        with ledgers.opened():
            due.model._base_manager.filter(pk__in=keys).delete()
        number += len(keys)
        if len(keys) < BATCH:
            break
    return number


def _oldest(policy: RetentionPolicy, customer: Customer) -> datetime | None:
    if policy.data_type == Data.FACT:
        rows = MemoryFact.objects.filter(customer=customer)
        times = rows.aggregate(retired=Min("retired_at"), ended=Min("ends_at"))
        first = min((moment for moment in times.values() if moment), default=None)
    else:
        traces = MemoryTrace.objects.filter(node_type=policy.data_type, customer=customer)  # one index, no look at the memories
        first = traces.aggregate(first=Min("learned_at"))["first"]
    return first + timedelta(days=policy.days) if first else None
