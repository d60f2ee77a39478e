"""Supervisors see what customers asked for and when it is due, carry it out with a look before, and keep the receipt."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from customers import erasure, exporting, privacy_requests
from customers.models import AccessEntry, Customer, CustomerExport, Erasure, ErasureWish
from helpdesk.core.models import User
from tests.cast import ago, signed_in
from tickets.models import Message, Ticket

pytestmark = pytest.mark.django_db


@pytest.fixture
def as_priya(priya: User) -> Client:
    return signed_in(priya)


def page(client: Client, path: str = "/customers/requests/") -> str:
    return client.get(path).content.decode()


def test_what_customers_asked_for_stands_in_the_order_of_its_day(ingrid: Customer, dwayne: Customer, as_priya: Client, priya: User) -> None:
    erasure.wish(ingrid)
    exporting.ask(dwayne)
    ErasureWish.objects.update(asked_at=ago(days=31))
    first, second = privacy_requests.open_requests()
    assert (first.kind, first.customer, first.is_late) == ("erasure", ingrid, True)
    assert (second.kind, second.customer, second.is_late) == ("export", dwayne, False)
    assert second.due_at - second.asked_at == timedelta(days=30)
    shown = page(as_priya)
    assert shown.index(ingrid.name) < shown.index(dwayne.name)
    assert "Overdue since" in shown
    read = AccessEntry.objects.filter(actor_id=str(priya.pk), what="privacy requests")
    assert set(read.values_list("customer_ref", flat=True)) == {ingrid.pk, dwayne.pk}


def test_an_export_that_is_ready_is_no_longer_open_and_one_that_failed_is(ingrid: Customer, dwayne: Customer, as_priya: Client) -> None:
    exporting.ask(ingrid)
    exporting.make_waiting()
    dwayne.exports.create(state=CustomerExport.State.FAILED)
    assert [one.customer for one in privacy_requests.open_requests()] == [dwayne]
    assert "Make it again" in page(as_priya)


def test_the_list_costs_the_same_for_many(ingrid: Customer, dwayne: Customer, as_priya: Client, django_assert_max_num_queries: Any) -> None:
    for one in (ingrid, dwayne):
        erasure.wish(one)
        exporting.ask(one)
    with django_assert_max_num_queries(5):
        assert len(privacy_requests.open_requests()) == 4


def test_the_look_before_counts_every_store_and_changes_nothing(ingrid: Customer, ticket: Ticket) -> None:
    before = Message.objects.count()
    counts = erasure.preview(ingrid.pk)
    assert set(counts) == {*erasure.stores(), "files"}
    assert counts["tickets and messages"] > before
    assert Message.objects.count() == before
    assert erasure.erase(ingrid.pk).stores == counts


def test_a_supervisor_sees_that_count(ingrid: Customer, ticket: Ticket, as_priya: Client) -> None:
    assert "Tickets and messages" in page(as_priya, f"/customers/{ingrid.pk}/erase/preview/")


def test_a_supervisor_types_the_name_and_the_worker_erases(
    ticket: Ticket, priya: User, as_priya: Client, as_maya: Client, clean_cache: Any
) -> None:
    ingrid = ticket.customer
    path, mark = f"/customers/{ingrid.pk}/erase/", erasure.id_hash(ingrid.pk)
    assert as_maya.post(path, {"name": ingrid.name}).status_code == 403
    assert as_priya.post(path, {"name": "Ingrid"}).status_code == 422
    assert not ErasureWish.objects.exists()
    done = f"/customers/erasures/{mark}/"
    assert as_priya.post(path, {"name": ingrid.name}).headers["Location"] == done
    assert "Waiting for the worker" in page(as_priya, done)
    assert "Waiting for the worker" in page(as_priya)
    privacy_requests.carry_out()
    assert not Ticket.objects.exists()
    shown = page(as_priya, done)
    assert mark in shown and ingrid.name not in shown
    assert as_priya.get(done, headers={"HX-Request": "true"}).headers["HX-Refresh"] == "true"
    receipt = json.loads(as_priya.get(f"{done}receipt.json").content)
    assert receipt == Erasure.objects.get().receipt
    assert receipt["by"] == str(priya.pk)
    assert priya.name in page(as_priya), "the list of receipts says who did it"


def test_progress_is_told_while_it_runs(ingrid: Customer, priya: User, clean_cache: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    heard, mark = [], erasure.id_hash(ingrid.pk)
    tell = privacy_requests._tell
    monkeypatch.setattr(privacy_requests, "_tell", lambda *args: (tell(*args), heard.append(privacy_requests.progress(mark))))
    privacy_requests.order(ingrid, by=priya)
    privacy_requests.carry_out()
    assert heard == [(number, len(heard)) for number in range(1, len(heard) + 1)]
    assert len(heard) > 10


def test_an_order_of_somebody_who_left_is_still_carried_out(ingrid: Customer, priya: User) -> None:
    privacy_requests.order(ingrid, by=priya)
    User.objects.filter(pk=priya.pk).update(role=User.Role.AGENT)
    privacy_requests.carry_out()
    assert Erasure.objects.get().by == str(priya.pk)


def test_one_that_fails_is_said_tried_again_and_keeps_no_other_waiting(
    ingrid: Customer, dwayne: Customer, priya: User, as_priya: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    erase = erasure.erase

    def fails_once(pk: Any, **how: Any) -> Erasure:
        if pk == ingrid.pk:
            raise OSError
        return erase(pk, **how)

    monkeypatch.setattr(erasure, "erase", fails_once)
    for one in (ingrid, dwayne):
        privacy_requests.order(one, by=priya)
    privacy_requests.carry_out()
    assert [one.customer for one in privacy_requests.open_requests()] == [ingrid]
    assert "Failed" in page(as_priya)
    monkeypatch.setattr(erasure, "erase", erase)
    privacy_requests.carry_out()
    assert Customer.objects.filter(pk=ingrid.pk).exists(), "not at once"
    ErasureWish.objects.update(started_at=timezone.now() - timedelta(hours=1))
    privacy_requests.carry_out()
    assert not Customer.objects.filter(pk=ingrid.pk).exists()
