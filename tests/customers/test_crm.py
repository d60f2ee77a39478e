"""Three vendors, one behaviour: each test speaks to a local server that has the vendor's published shapes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from customers.crm import CrmChanged, CrmRefused, CrmUnavailable, cases, circuit, get_crm, looking_up, speaking, syncing
from customers.crm.base import Case
from customers.models import CrmCase, CrmConnection, CrmExchange, CrmRecord, Customer
from helpdesk.core.models import Event

from .vendors import HubSpotServer, SalesforceServer, VendorServer, ZendeskServer

pytestmark = pytest.mark.django_db

VENDORS: dict[str, type[VendorServer]] = {"zendesk": ZendeskServer, "hubspot": HubSpotServer, "salesforce": SalesforceServer}
CASE = Case(number="TKT-20261120-0001", subject="Sync broken", description="Every call gives 503.", status="resolved", priority="high")


@pytest.fixture(autouse=True)
def _loopback_allowed(settings: Any) -> None:
    settings.OUTBOUND_ALLOW = ["127.0.0.0/8"]


@pytest.fixture(params=VENDORS)
def there(request: pytest.FixtureRequest) -> Iterator[VendorServer]:
    with VENDORS[request.param]() as server:
        server.vendor = request.param  # type: ignore[attr-defined]
        yield server


@pytest.fixture
def zendesk() -> Iterator[ZendeskServer]:
    with ZendeskServer() as server:
        server.vendor = "zendesk"  # type: ignore[attr-defined]
        yield server


def connected(server: Any, **fields: Any) -> CrmConnection:
    return CrmConnection.objects.create(
        name=server.vendor, vendor=server.vendor, base_url=server.url, credentials=dict(server.CREDENTIALS), **fields
    )


def case_count(server: Any) -> int:
    return len(server.cases)


def test_a_customer_is_found_by_address_and_their_history_with_them(there: Any, ingrid: Customer) -> None:
    connection = connected(there)
    there.cases["0"] = {"id": "0", "external_id": "-", "properties": {"subject": "Old trouble", "hs_pipeline_stage": "4"}}
    looking_up.refresh(ingrid.pk)
    row = CrmRecord.objects.get(connection=connection, customer=ingrid)
    assert row.person["name"] == "Ingrid Sørensen-Dahl"
    assert row.person["tier"].lower() == "enterprise"
    assert [case["subject"] for case in row.history] == ["Old trouble"]
    assert row.fetched_at and not row.error
    assert set(CrmExchange.objects.values_list("operation", "outcome")) == {("find", "done"), ("history", "done")}
    event = Event.objects.get(kind="customer.crm_changed")
    assert event.data["changed"]["name"] == "Ingrid Sørensen-Dahl"


def test_a_customer_is_found_by_phone_however_the_number_is_written_there(there: Any) -> None:
    caller = Customer.objects.create(name="")
    caller.contact_points.create(kind="phone", value="+4533123456", primary=True)
    found = get_crm(connected(there)).find(email="", phone=caller.phone)
    assert found is not None and found.name == "Ingrid Sørensen-Dahl"


def test_a_stranger_is_not_found_and_that_is_no_failure(there: Any, dwayne: Customer) -> None:
    connection = connected(there)
    looking_up.refresh(dwayne.pk)
    row = CrmRecord.objects.get(connection=connection)
    assert (row.person, row.history, row.error) == ({}, [], "")
    assert CrmExchange.objects.get().outcome == CrmExchange.Outcome.NOT_FOUND


def test_hostile_names_stay_values_in_a_query(there: Any) -> None:
    crm = get_crm(connected(there))
    assert crm.find(email="x' OR Name != '\\", phone="") is None


def test_a_solved_ticket_becomes_one_case_however_often_it_is_told(there: Any, ingrid: Customer) -> None:
    connected(there)
    for _time in range(2):
        assert cases.keep(ingrid, CASE) == 1
        cases.send_due()
        CrmCase.objects.update(state="due", due_at=timezone.now())  # a worker that was killed after telling
        CrmCase.objects.update(remote_id="")
    cases.send_due()
    assert case_count(there) == 1
    row = CrmCase.objects.get()
    assert row.state == CrmCase.State.SENT and row.remote_id


def test_a_case_that_changed_is_brought_up_to_date_in_place(there: Any, ingrid: Customer) -> None:
    connected(there)
    cases.keep(ingrid, CASE)
    cases.send_due()
    cases.keep(ingrid, Case(**{**CASE.__dict__, "status": "open", "comment": "It came back."}))
    assert CrmCase.objects.get().state == CrmCase.State.DUE
    cases.send_due()
    assert case_count(there) == 1
    assert CrmCase.objects.get().state == CrmCase.State.SENT


def test_changes_there_reach_the_customers_whom_we_know_and_nobody_else(there: Any, ingrid: Customer) -> None:
    earlier = {"zendesk": "0", "hubspot": "2026-01-01T00:00:00Z", "salesforce": "2026-01-01T00:00:00.000+0000 0"}
    connection = connected(there, cursor=earlier[there.vendor])
    stranger: dict[str, Any] = {
        **there.people[0],
        "id": "777",
        "Id": "777",
        "email": "s@else.example",
        "Email": "s@else.example",
        "phone": "",
    }
    stranger |= {"Phone": None} | (
        {"properties": {**there.people[0]["properties"], "email": "s@else.example", "phone": ""}} if "properties" in stranger else {}
    )
    there.people.append(stranger)
    assert syncing.sync(connection) == 1
    assert Customer.objects.count() == 1
    assert CrmRecord.objects.get().person["email"] == "ingrid@nordhavn.example"
    connection.refresh_from_db()
    assert connection.cursor not in ("", earlier[there.vendor]) or there.vendor == "hubspot"
    ingrid.refresh_from_db()
    assert ingrid.tier == "enterprise"


def test_a_first_sync_begins_now_and_reads_no_archive(there: Any, ingrid: Customer) -> None:
    connection = connected(there)
    if there.vendor == "zendesk":
        there.people.clear()  # it would answer with nobody: the start is a minute ago
    assert syncing.sync(connection) == 0
    connection.refresh_from_db()
    assert connection.cursor


def test_wrong_credentials_pause_the_connection_and_say_so(there: Any, ingrid: Customer) -> None:
    connection = connected(there)
    CrmConnection.objects.update(credentials={name: "wrong" for name in there.CREDENTIALS})
    looking_up.refresh(ingrid.pk)
    connection.refresh_from_db()
    assert "credentials" in connection.last_error
    assert connection.paused_until and connection.paused_until > timezone.now() + timedelta(minutes=10)
    asked = len(there.asked)
    looking_up.refresh(ingrid.pk)
    assert len(there.asked) == asked, "nobody knocks while it is paused"


def test_a_busy_vendor_is_asked_again_when_it_said(there: Any, ingrid: Customer) -> None:
    connection = connected(there)
    there.next(429, {"Retry-After": "77"})
    looking_up.refresh(ingrid.pk)
    connection.refresh_from_db()
    assert connection.paused_until
    assert 70 < (connection.paused_until - timezone.now()).total_seconds() <= 77


def test_a_broken_vendor_keeps_what_it_said_before_with_its_age(there: Any, ingrid: Customer) -> None:
    connected(there)
    looking_up.refresh(ingrid.pk)
    CrmRecord.objects.update(fetched_at=timezone.now() - timedelta(hours=3))
    there.next(503)
    looking_up.refresh(ingrid.pk)
    (shown,) = looking_up.heard(ingrid)
    assert shown.record is not None and shown.record.person["name"] == "Ingrid Sørensen-Dahl"
    assert shown.is_stale and not shown.is_asked and shown.record.error


def test_the_circuit_opens_after_failures_in_a_row_and_one_call_tries_it(there: Any, ingrid: Customer) -> None:
    connection = connected(there)
    for _time in range(circuit.FAILURES):
        there.next(500)
        with pytest.raises(CrmUnavailable):
            circuit.exchange(connection, "find", lambda crm: crm.find(email="a@b.example", phone=""))
    with pytest.raises(CrmUnavailable, match="not asked until"):
        circuit.exchange(connection, "find", lambda crm: crm.find(email="a@b.example", phone=""))
    assert len(there.asked) == circuit.FAILURES
    CrmConnection.objects.update(paused_until=timezone.now() - timedelta(seconds=1))
    circuit.exchange(connection, "find", lambda crm: crm.find(email="a@b.example", phone=""))
    connection.refresh_from_db()
    assert (connection.failures, connection.paused_until, connection.last_error) == (0, None, "")


def test_a_vendor_that_drips_bytes_is_cut_off(there: Any, ingrid: Customer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speaking, "SECONDS", 0.4)
    there.drip = 0.05
    with pytest.raises(CrmUnavailable, match="did not answer"):
        get_crm(connected(there)).find(email="ingrid@nordhavn.example", phone="")


def test_an_answer_of_another_shape_is_refused_and_changes_nothing(there: Any, ingrid: Customer) -> None:
    connection = connected(there)
    looking_up.refresh(ingrid.pk)
    there.next(200, {"Content-Type": "application/json"}, b'{"renamed": []}')
    looking_up.refresh(ingrid.pk)
    row = CrmRecord.objects.get(connection=connection)
    assert row.person["name"] == "Ingrid Sørensen-Dahl"
    assert "has no" in row.error


def test_a_page_instead_of_an_answer_is_not_taken_for_one(zendesk: Any) -> None:
    zendesk.next(200, {"Content-Type": "text/html"}, b"<html>Sign in</html>")
    with pytest.raises((CrmUnavailable, CrmChanged)):
        get_crm(connected(zendesk)).find(email="ingrid@nordhavn.example", phone="")


def test_what_cannot_be_told_waits_longer_each_time_and_is_given_up_visibly(zendesk: Any, ingrid: Customer) -> None:
    connected(zendesk)
    cases.keep(ingrid, CASE)
    zendesk.next(422, {}, b'{"error": "RecordInvalid"}')
    cases.send_due()
    row = CrmCase.objects.get()
    assert row.state == CrmCase.State.DUE and row.due_at > timezone.now() and "422" in row.error
    CrmCase.objects.update(attempts=cases.MOST_ATTEMPTS - 1, due_at=timezone.now())
    zendesk.next(422)
    cases.send_due()
    assert CrmCase.objects.get().state == CrmCase.State.FAILED


def test_a_case_that_changes_on_its_way_is_told_again(zendesk: Any, ingrid: Customer, monkeypatch: pytest.MonkeyPatch) -> None:
    connected(zendesk)
    cases.keep(ingrid, CASE)
    told = circuit.exchange

    def meanwhile(*args: Any, **kwargs: Any) -> Any:
        cases.keep(ingrid, Case(**{**CASE.__dict__, "comment": "One more word."}))
        return told(*args, **kwargs)

    monkeypatch.setattr(cases, "exchange", meanwhile)
    cases.send_due()
    assert CrmCase.objects.get().state == CrmCase.State.DUE


def test_credentials_are_sealed_in_the_database(zendesk: Any) -> None:
    from django.db import connection as database

    connected(zendesk)
    with database.cursor() as cursor:
        cursor.execute("select credentials from customers_crmconnection")
        assert "zd-secret" not in cursor.fetchone()[0]
    assert CrmConnection.objects.get().credentials["api_token"] == "zd-secret"


def test_without_the_extra_package_salesforce_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "simple_salesforce", None)
    with SalesforceServer() as server:
        server.vendor = "salesforce"  # type: ignore[attr-defined]
        with pytest.raises((CrmRefused, ImportError), match="salesforce"):
            get_crm(connected(server)).find(email="ingrid@nordhavn.example", phone="")
