"""The consent ledger and the access log only grow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from customers import ledgers, memory, merging
from customers.access_log import note_read
from customers.models import AccessEntry, ConsentEntry, Customer
from helpdesk.core.models import User
from tests.cast import make_customer

pytestmark = pytest.mark.django_db


def by_hand(statement: str) -> Callable[[], Any]:
    def run() -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement)

    return run


@pytest.mark.parametrize(
    "change",
    [
        lambda: ConsentEntry.objects.update(granted=False),
        lambda: ConsentEntry.objects.all().delete(),
        lambda: AccessEntry.objects.update(actor_name="Nobody"),
        lambda: AccessEntry.objects.all().delete(),
        lambda: Customer.objects.all().delete(),
        by_hand("UPDATE customers_consententry SET expires_at = now()"),
        by_hand("DELETE FROM customers_accessentry"),
    ],
)
def test_the_application_can_neither_change_nor_delete_what_is_in_them(ingrid: Customer, change: Callable[[], Any]) -> None:
    memory.grant(ingrid)
    note_read(None, ingrid.pk, "memory")
    with pytest.raises(IntegrityError, match="only grows"), transaction.atomic():
        change()
    assert ConsentEntry.objects.get().granted
    assert AccessEntry.objects.get().actor_name == ""


def test_they_are_closed_again_after_whoever_had_to_open_them(ingrid: Customer, maya: User) -> None:
    private = make_customer("Ingrid", "ingrid@home.example")
    memory.grant(private)
    done = merging.merge(kept=ingrid, merged=private, by=maya)
    assert ConsentEntry.objects.get().customer == ingrid
    merging.undo(done, by=maya)
    assert ConsentEntry.objects.get().customer == private
    with ledgers.opened():
        AccessEntry.objects.all().delete()
    with pytest.raises(IntegrityError, match="only grows"), transaction.atomic():
        ConsentEntry.objects.all().delete()
