"""The consent ledger and the access log only grow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from customers import erasure, ledgers, memory, merging, retention
from customers.access_log import note_read, seal_readings, verify_readings
from customers.models import AccessEntry, ConsentEntry, Customer, RetentionPolicy
from helpdesk.core.models import AuditEntry, User
from tests.cast import ago, make_customer

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


# ---- the readings in the audit ----


@pytest.fixture
def readings(maya: User, ingrid: Customer, dwayne: Customer) -> list[AccessEntry]:
    """Three that are old enough to be sealed, and sealed."""
    for who, whose in ((maya, ingrid), (maya, dwayne), (ingrid, ingrid)):
        note_read(who, whose.pk, "profile", "she asked")
    with ledgers.opened():
        AccessEntry.objects.update(at=ago(minutes=10))
    assert seal_readings() == 3
    return list(AccessEntry.objects.order_by("id"))


def test_readings_are_sealed_once_and_the_audit_names_nobody(readings: list[AccessEntry], ingrid: Customer) -> None:
    assert (seal_readings(), verify_readings()) == (0, "")
    said = str(list(AuditEntry.objects.filter(act="read").values()))
    assert str(ingrid.pk) not in said and "Ingrid" not in said and "she asked" not in said


def test_a_reading_of_this_minute_waits(maya: User, ingrid: Customer) -> None:
    note_read(maya, ingrid.pk, "profile")
    assert seal_readings() == 0


def test_a_reading_that_was_changed_or_removed_is_named(readings: list[AccessEntry]) -> None:
    with ledgers.opened():
        AccessEntry.objects.filter(pk=readings[1].pk).update(actor_id="somebody else")
    assert f"reading {readings[1].pk}" in verify_readings() and "changed" in verify_readings()
    with ledgers.opened():
        AccessEntry.objects.filter(pk=readings[0].pk).delete()
    assert f"reading {readings[0].pk}" in verify_readings() and "removed" in verify_readings()


def test_erasing_somebody_leaves_the_seals_whole(readings: list[AccessEntry], ingrid: Customer) -> None:
    erasure.erase(ingrid.pk)
    assert verify_readings() == ""


def test_what_retention_deletes_is_not_missed(readings: list[AccessEntry]) -> None:
    with ledgers.opened():
        AccessEntry.objects.update(at=ago(days=60))
    RetentionPolicy.objects.update_or_create(data_type="Access", defaults={"days": 30, "enabled": True})
    retention.run()
    assert not AccessEntry.objects.filter(pk__in=[one.pk for one in readings]).exists()
    assert "removed" in verify_readings()  # deleted on the day they were sealed: that was no retention
    RetentionPolicy.objects.update(days=1)
    assert verify_readings() == ""
