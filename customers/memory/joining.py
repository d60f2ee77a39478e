"""Two customers' beliefs become one after a merge, and two again when it is undone. Nothing is erased either way.

A merge points both people's rows at one customer, where an attribute may then have two values at once. The surer one stays, then the
one learned later, and the other is carved around it, as if that had been learned at the moment of the merge.
"""

from __future__ import annotations

from datetime import datetime
from itertools import combinations, groupby
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from customers.models import Customer, MemoryFact

from .facts import MANY, carve, overlaps


def settle(customer_id: UUID | str, at: datetime) -> None:
    """Leave one value at a time of each attribute of a merged customer; `at` is when they were merged. Safe to repeat."""
    with transaction.atomic():
        Customer.objects.select_for_update().get(pk=customer_id)
        current = MemoryFact.objects.filter(customer_id=customer_id, retired_at=None).exclude(attribute__in=MANY)
        names = [name for name, rows in groupby(current.order_by("attribute").values_list("attribute", flat=True)) if len(list(rows)) > 1]
        for name in names:
            while pair := _clash(list(current.filter(attribute=name).order_by("-confidence", "-learned_at", "id"))):
                stronger, weaker = pair
                carve(weaker, stronger, max(at, weaker.learned_at))


def part(kept: UUID | str, merged: UUID | str, at: datetime) -> None:
    """Believe again what was believed until the merge at `at`, but where something was said since. Safe to repeat."""
    with transaction.atomic():
        list(Customer.objects.select_for_update().filter(pk__in=(kept, merged)).order_by("pk"))
        rows, now = MemoryFact.objects.filter(Q(customer_id=kept) | Q(customer_id=merged)), timezone.now()
        retired = list(rows.filter(retired_at=at))
        pieces = [(row.attribute, row.value, row.source_kind, row.source_id) for row in retired]
        for piece in rows.filter(learned_at=at, retired_at=None):
            if (piece.attribute, piece.value, piece.source_kind, piece.source_id) in pieces:
                MemoryFact.objects.filter(pk=piece.pk).update(retired_at=now)
        for row in retired:
            since = MemoryFact.objects.filter(customer_id=row.customer_id, attribute=row.attribute, retired_at=None)
            if not any(overlaps(one, row) for one in since):
                row.pk, row.learned_at, row.retired_at = MemoryFact._meta.pk.get_default(), now, None
                row.save(force_insert=True)


def _clash(rows: list[MemoryFact]) -> tuple[MemoryFact, MemoryFact] | None:
    """The first two that say something of one and the same moment, the stronger first."""
    return next(((one, other) for one, other in combinations(rows, 2) if overlaps(one, other)), None)
