"""Erase one person from every store, and leave a receipt that names nobody.

Each app says what it holds: `@store("tickets")` over a function that removes what is this person's and returns how many rows or files
that were. Upper apps are asked first, because what they hold leans on what stands below. All in one transaction; files go after it.
Records that were merged into the customer are the same person and go with them, whether the merge could still be undone or not.
Safe to repeat: who is erased already has their receipt.
"""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.core.files.storage import Storage, default_storage
from django.db import transaction
from django.db.models import BooleanField, Func, Q, QuerySet, TextField, Value
from django.db.models.functions import Cast, Lower
from django.utils.translation import gettext as _

from customers import ledgers
from customers.models import ContactPoint, Customer, CustomerMerge, Erasure, ErasureWish
from helpdesk.core.errors import NotAllowed
from helpdesk.core.events import record
from helpdesk.core.models import User

log = logging.getLogger(__name__)


# A UUID, or a number such as TKT-20260112-0042: what most marks are. A customer of many years has thousands of them.
ID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[a-z]+(?:-[0-9]+)+"
AT_A_TIME = 100  # words in one pattern: PostgreSQL runs out of memory over thousands


class NamesOneOf(Func):
    """Whether a text, in lower case, holds one of an array of ids. One pass over the text, and a look-up for each id in it."""

    arity = 2
    arg_joiner = f", '{ID}', 'g') AS held(id) WHERE held.id[1] = ANY("
    template = "EXISTS (SELECT 1 FROM regexp_matches(%(expressions)s))"
    output_field = BooleanField()


@dataclass
class Person:
    """Whom to erase: every id they are known by, their addresses (lower case) and their names. `marks` are words that only theirs hold."""

    ids: list[UUID]
    addresses: list[str]
    names: list[str]
    marks: set[str] = field(default_factory=set)  # ids and numbers of what was theirs: stores add what they find
    tickets: list[UUID] = field(default_factory=list)
    files: list[tuple[Storage, str]] = field(default_factory=list)  # to be deleted when the rows are gone


Eraser = Callable[[Person], int]
_stores: dict[str, tuple[int, Eraser]] = {}
ORDER = ("collect", "assist", "tickets", "knowledge", "customers", "core")


def store(name: str, *, layer: str) -> Callable[[Eraser], Eraser]:
    """Register what one store does. `layer` is its app, and says when it is asked; "collect" comes first and deletes nothing."""

    def register(eraser: Eraser) -> Eraser:
        _stores[name] = (ORDER.index(layer), eraser)
        return eraser

    return register


def stores() -> list[str]:
    """Every store that is asked, in order."""
    return [name for name in _in_order() if _stores[name][0]]


def erase(
    customer_id: UUID, *, by: User | None = None, asked_by: str = "command", tell: Callable[[int, int], None] | None = None
) -> Erasure:
    """Remove everything of a person. Raises NotAllowed for agents who do not oversee, Customer.DoesNotExist for an id never known.

    `tell` hears how many stores are done, of how many.
    """
    if by is not None and not by.oversees:
        raise NotAllowed(_("Only supervisors and admins may erase a customer."))
    with transaction.atomic():
        done = Erasure.objects.filter(id_hash=id_hash(customer_id)).first()
        person = person_of(customer_id)
        if person is None:
            if done is None:
                raise Customer.DoesNotExist
            return done
        counts = _empty(person, tell)
        receipts = [_receipt(one, counts, str(by.pk) if by else asked_by) for one in person.ids]
        record("customer.erased", subject=receipts[0], by=by)
        transaction.on_commit(partial(delete_files, person.files))
    log.info("customer erased", extra={"receipt": receipts[0].id_hash, "stores": counts})
    return Erasure.objects.get(id_hash=id_hash(customer_id))


def preview(customer_id: UUID) -> dict[str, int]:
    """What erasing would count now, by doing it and taking it back: it cannot say otherwise than the deed. {} for nobody."""
    with transaction.atomic():
        person = person_of(customer_id)
        counts = _empty(person) if person else {}
        transaction.set_rollback(True)
    return counts


def wish(customer: Customer) -> ErasureWish:
    """The customer asks; a supervisor erases. Asking twice is asking once."""
    with transaction.atomic():
        wished, new = ErasureWish.objects.get_or_create(customer=customer)
        if new or not wished.by_customer:
            ErasureWish.objects.filter(pk=wished.pk).update(by_customer=True)
            record("customer.erasure_asked", subject=customer, customer=customer, by=customer)
    return wished


def wish_of(customer: Customer) -> ErasureWish | None:
    return ErasureWish.objects.filter(customer=customer).first()


def again(hashes: Iterable[str]) -> list[Erasure]:
    """After a backup was restored: erase everybody whose receipt says so. Returns what had to be done."""
    wanted = set(hashes) | set(Erasure.objects.values_list("id_hash", flat=True))
    back = [pk for pk in Customer.objects.values_list("pk", flat=True).iterator() if id_hash(pk) in wanted]
    return [erase(pk) for pk in back if Customer.objects.filter(pk=pk).exists()]


def person_of(customer_id: UUID) -> Person | None:
    """The person behind an id, locked; the id of a merged record leads to them all."""
    row = Customer.objects.filter(pk=customer_id).first()
    if row is None:
        return None
    kept = row.merged_into_id or row.pk
    ids = {kept, row.pk, *CustomerMerge.objects.filter(kept=kept, undone_at=None).values_list("merged", flat=True)}
    ids |= set(Customer.objects.filter(merged_into__in=ids).values_list("pk", flat=True))
    rows = list(Customer.objects.select_for_update().filter(pk__in=ids).order_by("pk"))
    addresses = ContactPoint.objects.filter(customer__in=ids).values_list("value", flat=True)
    return Person(
        ids=[one.pk for one in rows],
        addresses=sorted({value.lower() for value in addresses}),
        names=sorted({one.name for one in rows if one.name}),
        marks={str(one.pk) for one in rows},
    )


def id_hash(customer_id: UUID) -> str:
    return hashlib.sha256(customer_id.bytes).hexdigest()


def mentioning(rows: QuerySet[Any], column: str, needles: Iterable[str]) -> QuerySet[Any]:
    """Rows whose text or JSON in a column holds one of these words, in whatever case.

    Ids and numbers are read out of the text and looked up, however many there are; other words are searched for, a hundred at a time.
    """
    words = sorted({needle.lower() for needle in needles if needle})
    ids = [word for word in words if re.fullmatch(ID, word)]
    others = [re.escape(word) for word in words if not re.fullmatch(ID, word)]
    found = Q(pk__in=())
    if ids:
        found |= Q(NamesOneOf(Lower("held"), Value(ids, ArrayField(TextField()))))
    for start in range(0, len(others), AT_A_TIME):
        found |= Q(held__iregex="|".join(others[start : start + AT_A_TIME]))
    return rows.annotate(held=Cast(column, TextField())).filter(found) if words else rows.none()


def delete_files(files: list[tuple[Storage, str]]) -> None:
    for place, name in files:
        place.delete(name)


def keep_files(person: Person, names: Iterable[str], place: Storage = default_storage) -> int:
    """Note files for deletion; returns how many."""
    found = [(place, name) for name in names if name]
    person.files += found
    return len(found)


def _empty(person: Person, tell: Callable[[int, int], None] | None = None) -> dict[str, int]:
    """Ask every store, in the caller's transaction."""
    ledgers.open_until_commit()
    counts, names = {}, _in_order()
    for number, name in enumerate(names, 1):
        counts[name] = _stores[name][1](person)
        if tell:
            tell(number, len(names))
    return {name: counts[name] for name in stores()} | {"files": len(person.files)}


def _in_order() -> list[str]:
    return sorted(_stores, key=lambda name: _stores[name][0])


def _receipt(customer_id: UUID, counts: dict[str, int], by: str) -> Erasure:
    values: dict[str, Any] = {"stores": counts, "by": by}
    return Erasure.objects.update_or_create(id_hash=id_hash(customer_id), defaults=values)[0]
