"""What customers asked us under data protection law and is still to be done: their archive, their erasure. Each within 30 days.

open_requests()               # what the supervisors' list shows, the first due first
order(customer, by=priya)     # erase in the background: a customer of many years takes a while
order_own(customer)           # the same, on their own word
carry_out()                   # in the worker
progress(id_hash)             # (7, 24): stores emptied, of how many
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from django.core.cache import cache
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from customers import erasure
from customers.models import Customer, CustomerExport, ErasureWish
from helpdesk.core.errors import NotAllowed
from helpdesk.core.models import User

log = logging.getLogger(__name__)

DUE = timedelta(days=30)  # a month: GDPR article 12(3)
STALE = timedelta(minutes=30)  # a worker that was not heard of for so long died
TOLD = timedelta(days=1)  # for how long progress is kept


@dataclass(frozen=True)
class Request:
    """One line of the list. `kind` is export or erasure; `by` is the agent who asked, None for the customer."""

    kind: str
    customer: Customer
    asked_at: datetime
    by: User | None
    state: str | Promise
    wish: ErasureWish | None = None
    export: CustomerExport | None = None

    @property
    def mark(self) -> str:
        """What the receipt will be called."""
        return erasure.id_hash(self.customer.pk)

    @property
    def due_at(self) -> datetime:
        return self.asked_at + DUE

    @property
    def is_late(self) -> bool:
        return self.due_at < timezone.now()


def open_requests() -> list[Request]:
    """Three queries."""
    wishes = ErasureWish.objects.select_related("customer", "ordered_by").prefetch_related("customer__contact_points")
    exports = CustomerExport.objects.exclude(state=CustomerExport.State.READY).select_related("customer", "asked_by")
    found = [
        Request("erasure", one.customer, one.asked_at, None if one.by_customer else one.ordered_by, _state(one), one) for one in wishes
    ]
    for run in exports.prefetch_related("customer__contact_points"):
        found.append(Request("export", run.customer, run.asked_at, run.asked_by, run.get_state_display(), export=run))
    return sorted(found, key=lambda one: one.due_at)


def count_open() -> int:
    return ErasureWish.objects.count() + CustomerExport.objects.exclude(state=CustomerExport.State.READY).count()


def order(customer: Customer, *, by: User) -> None:
    """Have a customer erased by the worker. Asking twice is asking once. Raises NotAllowed for agents who do not oversee."""
    if not by.oversees:
        raise NotAllowed(_("Only supervisors and admins may erase a customer."))
    with transaction.atomic():
        ErasureWish.objects.get_or_create(customer=customer, defaults={"by_customer": False})
        ErasureWish.objects.filter(customer=customer, ordered_at=None).update(ordered_at=timezone.now(), ordered_by=by)


def order_own(customer: Customer) -> str:
    """Where the company erases on the customer's own word: the worker does it now. Returns what the receipt will be called."""
    with transaction.atomic():
        erasure.wish(customer)
        ErasureWish.objects.filter(customer=customer, ordered_at=None).update(ordered_at=timezone.now())
    return erasure.id_hash(customer.pk)


def carry_out() -> None:
    """Erase whoever is to be erased and nobody is at work on. One that fails is tried again, and keeps no other one waiting."""
    idle = Q(started_at=None) | Q(started_at__lt=timezone.now() - STALE)
    ordered = ErasureWish.objects.filter(idle, ordered_at__isnull=False)
    for wish in ordered.select_related("ordered_by"):
        if ErasureWish.objects.filter(idle, pk=wish.pk).update(started_at=timezone.now()):
            _erase(wish)


def progress(id_hash: str) -> tuple[int, int]:
    """(0, 0) before the first store."""
    done, total = cache.get(_key(id_hash)) or (0, 0)
    return done, total


def ordered_as(id_hash: str) -> ErasureWish | None:
    """The erasure that will leave this receipt, while it is to come."""
    ordered = ErasureWish.objects.filter(ordered_at__isnull=False).select_related("customer")
    return next((wish for wish in ordered if erasure.id_hash(wish.pk) == id_hash), None)


def _erase(wish: ErasureWish) -> None:
    mark = erasure.id_hash(wish.pk)
    by = wish.ordered_by if wish.ordered_by and wish.ordered_by.oversees else None  # who gave the order may have left since
    asked_by = str(wish.ordered_by_id or ("customer" if wish.by_customer else ""))
    try:
        erasure.erase(wish.pk, by=by, asked_by=asked_by, tell=partial(_tell, mark))
    except Exception:
        log.exception("a customer could not be erased", extra={"receipt": mark})
        ErasureWish.objects.filter(pk=wish.pk).update(failed_at=timezone.now())


def _tell(mark: str, done: int, total: int) -> None:
    cache.set(_key(mark), (done, total), TOLD.total_seconds())


def _key(mark: str) -> str:
    return f"erasure:{mark}"


def _state(wish: ErasureWish) -> str | Promise:
    if wish.ordered_at is None:
        return gettext_lazy("To be decided")
    if wish.failed_at and (wish.started_at is None or wish.failed_at >= wish.started_at):
        return gettext_lazy("Failed; tried again in half an hour")
    return gettext_lazy("Being erased") if wish.started_at else gettext_lazy("Waiting for the worker")
