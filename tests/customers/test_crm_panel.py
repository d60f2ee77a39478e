"""What agents see of a CRM, and what a CRM hears of tickets."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from customers.models import CrmCase, CrmConnection, CrmRecord, Customer
from helpdesk.core.models import User
from tests.cast import make_agent, signed_in
from tickets import replying
from tickets.models import Ticket

pytestmark = pytest.mark.django_db


@pytest.fixture
def connection() -> CrmConnection:
    return CrmConnection.objects.create(name="Zendesk", vendor="zendesk", base_url="https://fernway.zendesk.example")


def known(connection: CrmConnection, customer: Customer, **fields: Any) -> CrmRecord:
    person = {"remote_id": "9", "company": "Nordhavn", "tier": "enterprise", "url": "https://fernway.zendesk.example/agent/users/9"}
    history = [{"remote_id": "5", "subject": "Old <b>trouble</b>", "status": "solved", "created_at": "2026-01-02T03:04:05Z"}]
    fields.setdefault("fetched_at", timezone.now())
    return CrmRecord.objects.create(connection=connection, customer=customer, remote_id="9", person=person, history=history, **fields)


def panel(client: Client, customer: Customer) -> str:
    return client.get(f"/customers/{customer.pk}/crm/").content.decode()


def test_the_panel_shows_plan_company_and_history(connection: CrmConnection, ingrid: Customer, as_maya: Client) -> None:
    known(connection, ingrid)
    page = panel(as_maya, ingrid)
    assert "Nordhavn" in page and "Enterprise" in page
    assert "Old &lt;b&gt;trouble&lt;/b&gt;" in page and "2 Jan 2026" in page


def test_old_data_is_shown_with_its_age_while_new_is_asked_for(
    connection: CrmConnection, ingrid: Customer, as_maya: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr("customers.views.send_quietly", lambda _task, pk: asked.append(pk))
    known(connection, ingrid, fetched_at=timezone.now() - timedelta(hours=5))
    CrmRecord.objects.update(asked_at=timezone.now() - timedelta(hours=5))
    page = panel(as_maya, ingrid)
    assert "5\xa0hours" in page and "Nordhavn" in page
    assert asked == [str(ingrid.pk)]


def test_a_crm_that_is_away_is_not_asked_by_pages(
    connection: CrmConnection, ingrid: Customer, as_maya: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr("customers.views.send_quietly", lambda _task, pk: asked.append(pk))
    known(connection, ingrid, fetched_at=timezone.now() - timedelta(hours=5), error="It answered with status 503.")
    CrmConnection.objects.update(paused_until=timezone.now() + timedelta(minutes=5))
    assert "what it said last" in panel(as_maya, ingrid)
    assert asked == []


def test_the_panel_costs_the_same_however_much_there_is(
    connection: CrmConnection, ingrid: Customer, as_maya: Client, django_assert_max_num_queries: Any
) -> None:
    for number in range(5):
        other = CrmConnection.objects.create(name=f"C{number}", vendor="hubspot", base_url=f"https://h{number}.example")
        known(other, ingrid)
    with django_assert_max_num_queries(6):
        panel(as_maya, ingrid)


def test_a_solved_ticket_is_noted_for_the_crm_with_what_was_said_and_no_notes(
    connection: CrmConnection, ticket: Ticket, maya: User, drain: Callable[[], int]
) -> None:
    replying.note(ticket=ticket, by=maya, text="Their contract ends soon.")
    replying.reply(ticket=ticket, by=maya, text="It works again since 14:10.", status="resolved")
    drain()
    case = CrmCase.objects.get().case
    assert (case["number"], case["status"]) == (ticket.number, "resolved")
    assert "503" in case["description"] and "works again" in case["comment"]
    assert "contract ends" not in str(case)


def test_a_ticket_that_comes_back_updates_the_same_case(
    connection: CrmConnection, ticket: Ticket, maya: User, drain: Callable[[], int]
) -> None:
    ticket.resolve(by=maya)
    drain()
    ticket.refresh_from_db()
    ticket.reopen(by=maya)
    drain()
    row = CrmCase.objects.get()
    assert (row.case["status"], row.version) == ("open", 2)


def test_tickets_that_never_were_done_are_nobodys_business(
    connection: CrmConnection, ticket: Ticket, maya: User, drain: Callable[[], int]
) -> None:
    ticket.set_status("pending", by=maya)
    drain()
    assert not CrmCase.objects.exists()


def test_an_admin_sets_up_a_connection_and_never_sees_its_secret_again(settings: Any) -> None:
    settings.OUTBOUND_ALLOW = ["127.0.0.0/8"]
    client = signed_in(make_agent("Ruth Abernathy", role=User.Role.ADMIN))
    form = {"name": "HubSpot", "vendor": "hubspot", "base_url": "http://127.0.0.1:9", "is_active": "on", "token": "pat-secret"}
    assert client.post("/admin/customers/crmconnection/add/", form).status_code == 302
    made = CrmConnection.objects.get()
    assert made.credentials == {"token": "pat-secret"}
    page = client.get(f"/admin/customers/crmconnection/{made.pk}/change/").content.decode()
    assert "pat-secret" not in page
    client.post(f"/admin/customers/crmconnection/{made.pk}/change/", {**form, "name": "Renamed", "token": ""})
    made.refresh_from_db()
    assert (made.name, made.credentials) == ("Renamed", {"token": "pat-secret"})


def test_a_connection_that_leads_inside_is_refused() -> None:
    client = signed_in(make_agent("Ruth Abernathy", role=User.Role.ADMIN))
    form = {"name": "Trap", "vendor": "hubspot", "base_url": "http://169.254.169.254", "is_active": "on", "token": "x"}
    assert "may not be reached" in client.post("/admin/customers/crmconnection/add/", form).content.decode()
    assert not CrmConnection.objects.exists()
