"""The partners' resources: customers, organisations, queues, agents, tags, attachments, merging, messages with files."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from django.test import Client

from customers.models import ContactPoint, Customer, Organisation
from helpdesk.core.models import Event, User
from tests.cast import make_customer, receive, signed_in
from tickets.models import Attachment, Queue, Tag, Ticket

pytestmark = pytest.mark.django_db
JSON = "application/json"


def post(api: Client, path: str, body: Any, **headers: str) -> Any:
    return api.post(f"/api/v1/{path}", body, content_type=JSON, headers=headers)


def patch(api: Client, path: str, body: Any, **headers: str) -> Any:
    return api.patch(f"/api/v1/{path}", body, content_type=JSON, headers=headers)


class TestCustomers:
    NEW = {"name": "Li Wei", "email": "Li@Sakura.example", "phone": "+81 3 1234 5678", "external_id": "c-1", "attributes": {"plan": "pro"}}

    def test_a_customer_is_written_down_read_and_changed(self, api: Client) -> None:
        sakura = post(api, "organizations/", {"name": "Sakura", "domains": ["Sakura.example"]}).json()
        made = post(api, "customers/", self.NEW)
        assert made.status_code == 201
        assert made.json()["email"] == "li@sakura.example" and made.json()["phone"] == "+81312345678"
        assert made.json()["organization"] == {"id": sakura["id"], "name": "Sakura"}, "by the domain"
        pk = made.json()["id"]
        for reference in (pk, "c-1"):
            assert api.get(f"/api/v1/customers/{reference}/").json()["id"] == pk
        changed = patch(api, f"customers/{pk}/", {"tier": "enterprise", "email": "li.wei@sakura.example", "time_zone": "Asia/Tokyo"})
        assert changed.json()["tier"] == "enterprise" and changed.json()["email"] == "li.wei@sakura.example"
        assert {one["value"] for one in changed.json()["addresses"] if one["kind"] == "email"} == {
            "li@sakura.example",
            "li.wei@sakura.example",
        }
        event = Event.objects.get(kind="customer.changed")
        assert event.data["old"]["tier"] == "standard" and event.data["new"]["tier"] == "enterprise" and event.actor_kind == "api"

    def test_somebody_known_is_not_written_down_twice(self, api: Client, ingrid: Customer) -> None:
        refused = post(api, "customers/", {"email": "INGRID@nordhavn.example"})
        assert refused.status_code == 409 and refused.json()["customer_id"] == str(ingrid.pk)

    def test_an_address_of_another_customer_is_not_taken(self, api: Client, ingrid: Customer, dwayne: Customer) -> None:
        dwayne.external_id = "d"
        dwayne.save()
        for wanted in ({"email": dwayne.email, "tier": "premium"}, {"external_id": "d"}):
            assert patch(api, f"customers/{ingrid.pk}/", wanted).status_code == 409
        ingrid.refresh_from_db()
        assert ingrid.tier == "enterprise" and ContactPoint.objects.get(value="dwayne@barrett.example").customer == dwayne

    def test_a_stale_change_is_refused(self, api: Client, ingrid: Customer) -> None:
        path = f"customers/{ingrid.pk}/"
        tag = api.get(f"/api/v1/{path}")["ETag"]
        assert patch(api, path, {"title": "Head"}, **{"If-Match": tag}).status_code == 200
        assert patch(api, path, {"title": "Tail"}, **{"If-Match": tag}).status_code == 412
        assert patch(api, path, {"title": "Tail"}, **{"If-Match": "*"}).status_code == 200

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({"name": "x"}, "non_field_errors"),
            ({"email": "no"}, "email"),
            ({"email": "a@b.example", "merged_into": "x"}, "merged_into"),
            ({"phone": "none"}, "phone"),
            ({"external_id": "1", "satisfaction_score": 6}, "satisfaction_score"),
            ({"external_id": "1", "time_zone": "Mars/Olympus"}, "time_zone"),
            ({"external_id": "1", "organization_id": "00000000-0000-4000-8000-000000000000"}, "organization_id"),
            ({"external_id": "1", "attributes": {"x": "y" * 30_000}}, "attributes"),
        ],
    )
    def test_bad_input_names_the_field(self, api: Client, body: Any, field: str) -> None:
        answer = post(api, "customers/", body)
        assert answer.status_code == 400 and field in answer.json()["errors"]
        assert not Customer.objects.exists()

    def test_customers_are_found_by_address_words_and_organisation(self, api: Client, ingrid: Customer, dwayne: Customer) -> None:
        def names(query: str) -> list[str]:
            return [one["name"] for one in api.get(f"/api/v1/customers/?{query}").json()["results"]]

        assert names("email=Ingrid@nordhavn.example") == names(f"organization={ingrid.organisation_id}") == [ingrid.name]
        assert names("search=nordhavn") == names("search=sørensen%20ingrid@") == [ingrid.name]
        assert names("tier=standard") == [dwayne.name]
        assert names("ordering=name") == [dwayne.name, ingrid.name] == names("ordering=-name")[::-1]

    def test_an_organisation_is_changed_and_found(self, api: Client, ingrid: Customer) -> None:
        path = f"organizations/{ingrid.organisation_id}/"
        tag = api.get(f"/api/v1/{path}")["ETag"]
        assert patch(api, path, {"tier": "premium", "notes": "Calls on Mondays"}, **{"If-Match": tag}).json()["tier"] == "premium"
        assert patch(api, path, {"tier": "free"}, **{"If-Match": tag}).status_code == 412
        assert patch(api, path, {"domains": ["not a domain"]}).status_code == 400
        assert [one["id"] for one in api.get("/api/v1/organizations/?domain=NORDHAVN.example").json()["results"]] == [
            str(ingrid.organisation_id)
        ]
        assert Event.objects.filter(kind="organisation.changed").count() == 1
        assert Organisation.objects.get().notes == "Calls on Mondays"


def test_queues_agents_and_tags_are_read(api: Client, support: Queue, maya: User, tomasz: User, ticket: Ticket) -> None:
    ticket.tag("late", by=None)
    queues = api.get("/api/v1/queues/").json()["results"]
    assert {one["slug"] for one in queues} == {"support", "billing"}
    assert [one["name"] for one in api.get("/api/v1/queues/support/").json()["agents"]] == ["Maya Lindqvist"]
    assert [one["name"] for one in api.get("/api/v1/agents/?queue=billing").json()["results"]] == ["Tomasz Wójcik"]
    whole = api.get(f"/api/v1/agents/{maya.pk}/")
    assert whole.json()["queues"][0]["slug"] == "support" and "password" not in whole.content.decode() and whole["ETag"]
    assert [one["name"] for one in api.get("/api/v1/tags/?search=la").json()["results"]] == ["late"]
    assert Tag.objects.count() == 1
    assert [one["slug"] for one in signed_in(tomasz).get("/api/v1/queues/").json()["results"]] == ["billing"]


def test_a_file_comes_in_with_a_message_and_is_read_with_the_key(api: Client, ticket: Ticket) -> None:
    content = base64.b64encode(b"%PDF-1.7 \x00\xff").decode()
    files = [{"name": "../invoice.pdf", "content_type": "application/pdf", "content": content}]
    for author in ("customer", "agent"):
        made = post(api, f"tickets/{ticket.number}/messages/", {"body": "See the file", "author": author, "attachments": files})
        assert made.status_code == 201, made.content
        (file,) = made.json()["attachments"]
        assert file["size"] == 11 and "/" not in file["name"]
        answer = api.get(f"/api/v1/attachments/{file['id']}/content/")
        assert b"".join(answer.streaming_content) == b"%PDF-1.7 \x00\xff"
        assert answer["Content-Disposition"].startswith("attachment") and answer["X-Content-Type-Options"] == "nosniff"
    whole = api.get(f"/api/v1/tickets/{ticket.number}/messages/{made.json()['id']}/").json()
    assert whole["delivery"] in {"queued", "no_server"} and whole["deliveries"][0]["recipient"] == "ingrid@nordhavn.example"
    Attachment.objects.update(verdict="infected")
    assert api.get(f"/api/v1/attachments/{file['id']}/content/").status_code == 404


@pytest.mark.parametrize(
    "files",
    [
        [{"name": "x", "content": "not base64!"}],
        [{"name": "x", "content": "eA==", "path": "/etc"}],
        [{"name": "x", "content": "eA==", "content_type": "a b"}],
        [{"name": "x", "content": "eA=="}] * 21,
    ],
)
def test_a_file_that_is_none_is_refused(api: Client, ticket: Ticket, files: Any) -> None:
    answer = post(api, f"tickets/{ticket.number}/messages/", {"body": "x", "attachments": files})
    assert answer.status_code == 400 and any(name.startswith("attachments") for name in answer.json()["errors"])
    assert not Attachment.objects.exists()


def test_one_ticket_becomes_part_of_another(api: Client, ticket: Ticket, ingrid: Customer, dwayne: Customer) -> None:
    other = receive(ingrid, "Again", "Still 503").ticket
    foreign = receive(dwayne, "Else").ticket
    tag = api.get(f"/api/v1/tickets/{other.number}/")["ETag"]
    assert post(api, f"tickets/{other.number}/merge/", {"into": foreign.number}).status_code == 409
    assert post(api, f"tickets/{other.number}/merge/", {"into": "TKT-20200101-0001"}).json()["errors"] == {
        "into": ["There is no such ticket."]
    }
    assert post(api, f"tickets/{other.number}/merge/", {"into": ticket.number}, **{"If-Match": '"0"'}).status_code == 412
    done = post(api, f"tickets/{other.number}/merge/", {"into": ticket.number}, **{"If-Match": tag})
    assert done.status_code == 200 and done.json()["number"] == ticket.number
    assert ticket.messages.count() == 2
    assert post(api, f"tickets/{other.number}/merge/", {"into": ticket.number}).status_code == 409


def test_an_agent_merges_only_into_what_they_see(ticket: Ticket, billing: Queue, tomasz: User) -> None:
    mine = receive("li@sakura.example", "Bill", queue="billing").ticket
    answer = post(signed_in(tomasz), f"tickets/{mine.number}/merge/", {"into": ticket.number})
    assert answer.status_code == 400 and not ticket.merges.exists()


def test_customers_of_a_page_cost_the_same_however_many(api: Client, django_assert_max_num_queries: Any) -> None:
    for n in range(20):
        make_customer(f"C {n}", f"c{n}@x.example", organisation=Organisation.objects.create(name=str(n)))
    with django_assert_max_num_queries(6):
        assert len(api.get("/api/v1/customers/?expand=organization").json()["results"]) == 20
