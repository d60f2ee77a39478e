"""What all lists and objects have in common: cursors, ordering, parts and expansions, ETags, unknown parameters, limits."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from customers.models import Customer
from helpdesk.core.api import paging, throttling
from helpdesk.core.models import ApiKey, User
from tests.cast import make_customer, receive, signed_in
from tickets.models import Ticket

LISTS = [
    "tickets", "customers", "organizations", "articles", "calls", "queues", "agents", "tags", "webhooks", "status/components",
    "status/incidents", "status/deployments",
]  # fmt: skip


@pytest.mark.django_db
def test_pages_follow_each_other_in_both_directions_though_all_are_of_one_moment(api: Client) -> None:
    """A thousand customers of one import have one time: the id settles the order."""
    now = timezone.now()
    Customer.objects.bulk_create([Customer(name=f"C {n}", created_at=now) for n in range(55)])
    seen, url, pages = [], "/api/v1/customers/?limit=10", []
    while url:
        pages.append(api.get(url).json())
        seen += [one["id"] for one in pages[-1]["results"]]
        url = pages[-1]["next"]
    assert len(seen) == len(set(seen)) == 55
    back = api.get(pages[3]["previous"]).json()
    assert [one["id"] for one in back["results"]] == [one["id"] for one in pages[2]["results"]]
    assert pages[0]["previous"] is None and api.get(back["next"]).json()["results"] == pages[3]["results"]


@pytest.mark.django_db
def test_a_row_that_comes_meanwhile_shifts_nothing(api: Client) -> None:
    for n in range(4):
        make_customer(f"C {n}", f"c{n}@x.example")
    first = api.get("/api/v1/customers/?limit=2").json()
    make_customer("New", "new@x.example")
    second = api.get(first["next"]).json()
    assert [one["name"] for one in first["results"] + second["results"]] == ["C 3", "C 2", "C 1", "C 0"]


@pytest.mark.django_db
@pytest.mark.parametrize("order", ["created_at", "-created_at", "updated_at", "-number"])
def test_a_deep_page_reads_from_an_index_no_more_than_it_shows(order: str, ingrid: Customer, support: Any) -> None:
    past = timezone.now()
    fields = {"customer": ingrid, "queue": support}
    Ticket.objects.bulk_create(
        Ticket(number=f"TKT-20250101-{n:05}", created_at=past - timedelta(hours=n), updated_at=past - timedelta(minutes=n), **fields)
        for n in range(2000)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE tickets_ticket")
    deep, name = Ticket.objects.order_by(order)[1500], order.removeprefix("-")
    page = paging._behind(Ticket.objects.all(), name, paging.Place(getattr(deep, name), deep.pk), descending=order.startswith("-"))
    (plan,) = json.loads(page[:26].explain(analyze=True, format="json"))
    read = [node["Actual Rows"] + node.get("Rows Removed by Filter", 0) for node in nodes(plan["Plan"])]
    assert max(read) <= 60, plan


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", ()):
        yield from nodes(below)


@pytest.mark.django_db
@pytest.mark.parametrize("resource", LISTS)
def test_every_list_refuses_what_it_does_not_know_by_name(resource: str, api: Client) -> None:
    for query, field in (
        ("password__startswith=p", "password__startswith"),
        ("_connector=OR", "_connector"),
        ("ordering=secrets", "ordering"),
        ("limit=101", "limit"),
        ("limit=0", "limit"),
        ("limit=x", "limit"),
        ("cursor=nonsense", "cursor"),
        ("cursor=W10", "cursor"),
        ("cursor=WyJ4IiwieSIsMF0", "cursor"),
        ("fields=password", "fields"),
        ("expand=password", "expand"),
    ):
        answer = api.get(f"/api/v1/{resource}/?{query}")
        assert answer.status_code == 400 and list(answer.json()["errors"]) == [field], (query, answer.content)


@pytest.mark.django_db
@pytest.mark.parametrize("resource", LISTS)
def test_every_list_answers_a_page(resource: str, api: Client, ticket: Ticket) -> None:
    page = api.get(f"/api/v1/{resource}/?limit=1").json()
    assert list(page) == ["next", "previous", "results"]


@pytest.mark.django_db
def test_a_part_of_an_object_and_references_as_whole_objects(api: Client, ticket: Ticket, maya: User) -> None:
    ticket.assign(to=maya, by=None)
    path = f"/api/v1/tickets/{ticket.number}/"
    assert api.get(f"{path}?fields=number,status").json() == {"number": ticket.number, "status": "new"}
    whole = api.get(f"{path}?expand=customer,assignee,organization,queue").json()
    assert whole["customer"]["attributes"] == {} and whole["customer"]["addresses"][0]["value"] == "ingrid@nordhavn.example"
    assert whole["assignee"]["email"] == "maya@fernway.example" and whole["assignee"]["queues"][0]["slug"] == "support"
    assert whole["organization"]["domains"] == ["nordhavn.example"] and whole["queue"]["agents"][0]["name"] == "Maya Lindqvist"
    assert api.get(f"{path}?fields=number,customer&expand=customer").json().keys() == {"number", "customer"}
    assert api.get(path)["ETag"] == api.get(f"{path}?fields=number")["ETag"], "of the whole, whatever part is shown"


@pytest.mark.django_db
def test_expanding_a_page_costs_the_same_however_long_it_is(
    api: Client, support: Any, maya: User, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    for n in range(20):
        receive(f"p{n}@x.example", external_id=f"{n}@x").ticket.assign(to=maya, by=None)
    with django_assert_max_num_queries(11):
        page = api.get("/api/v1/tickets/?expand=customer,assignee,queue,organization&limit=20").json()
    assert len(page["results"]) == 20


@pytest.mark.django_db
def test_tickets_are_filtered_by_their_fields(api: Client, ticket: Ticket, maya: User, ingrid: Customer) -> None:
    other = receive("li@sakura.example", "Else").ticket
    other.assign(to=maya, by=None)

    def found(query: str) -> set[str]:
        return {one["number"] for one in api.get(f"/api/v1/tickets/?{query}").json()["results"]}

    assert found("unassigned=true") == {ticket.number} and found(f"assignee={maya.pk}") == {other.number}
    assert found(f"organization={ingrid.organisation_id}") == found(f"number={ticket.number.lower()}") == {ticket.number}
    assert found(f"customer={ingrid.pk}&status=new&status=open") == {ticket.number}


@pytest.mark.django_db
def test_ten_megabytes_of_filter_are_refused(api: Client) -> None:
    answer = api.get(f"/api/v1/tickets/?search={'x' * 10_000_000}")
    assert answer.status_code in {400, 414}
    names = "&".join(f"f{n}=1" for n in range(5000))
    assert api.get(f"/api/v1/tickets/?{names}").status_code in {400, 414}


@pytest.mark.django_db(transaction=True)
def test_of_two_hundred_requests_at_once_a_limit_of_sixty_lets_sixty_pass(clean_cache: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttling.time, "time", lambda: 1_800_000_030.0)  # in the middle of a minute
    _key, secret = ApiKey.issue("Sixty", scopes=["tickets:read"], rate_limit_per_minute=60)
    answers: list[Any] = []

    def ask(number: int) -> None:
        client = Client(headers={"Authorization": f"Bearer {secret}", "X-Forwarded-For": f"10.0.0.{number}"})
        for n in range(10):
            answers.append(client.get(f"/api/v1/tags/?search={n}"))
        connection.close()

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(20)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(120)
    refused = [one for one in answers if one.status_code == 429]
    assert len(answers) == 200 and len(refused) == 140
    assert all(int(one["Retry-After"]) >= 1 and one["Content-Type"] == "application/problem+json" for one in refused)


@pytest.mark.django_db
def test_a_signed_in_agent_is_not_counted(as_maya: Client) -> None:
    assert {as_maya.get("/api/v1/tags/").status_code for _n in range(5)} == {200}
    assert signed_in(User.objects.get()).get("/api/v1/tags/").status_code == 200
