"""The list of customers, one customer's profile, and merging two in the console."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from customers.models import Customer, CustomerMerge, Organisation
from helpdesk.core.models import User
from tests.cast import make_customer, receive, signed_in
from tickets import directory
from tickets.models import Ticket

pytestmark = pytest.mark.django_db


def page(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.parametrize("words", ["ingrid", "sørensen", "Ingrid S", "ingrid@nord", "nordhavn", "+45 55 50", "cust-9"])
def test_a_customer_is_found_by_name_address_number_organisation_and_id(words: str, ingrid: Customer, dwayne: Customer, maya: User) -> None:
    ingrid.contact_points.create(kind="phone", value="+4555500172")
    Customer.objects.filter(pk=ingrid.pk).update(external_id="cust-9")
    assert directory.page({"q": words}, viewer=maya).customers == [ingrid]


def test_pages_follow_each_other_without_gap_or_repetition(maya: User) -> None:
    Customer.objects.bulk_create([Customer(name=f"Person {n % 60:02}") for n in range(120)])  # names twice: the id decides
    seen: list[Any] = []
    after = ""
    while True:
        found = directory.page({"after": after}, viewer=maya)
        seen += [one.pk for one in found.customers]
        after = found.after
        if not after:
            break
    assert len(seen) == len(set(seen)) == 120


@pytest.mark.parametrize("after", ["nonsense", "00000000 x", "' or 1=1", "\u202e"])
def test_a_cursor_that_is_not_ours_begins_at_the_beginning(after: str, ingrid: Customer, as_maya: Client) -> None:
    assert "Ingrid" in page(as_maya, f"/customers/?after={after}")


def test_the_list_counts_what_the_viewer_may_see(ticket: Ticket, ingrid: Customer, as_maya: Client, tomasz: User) -> None:
    def count(client: Client) -> int:
        return directory.page({"q": "ingrid"}, viewer=client).customers[0].open_tickets  # type: ignore[attr-defined, arg-type]

    assert count(User.objects.get(email="maya@fernway.example")) == 1  # type: ignore[arg-type]
    assert count(tomasz) == 0  # type: ignore[arg-type]


def test_the_list_costs_the_same_however_long(as_maya: Client, django_assert_max_num_queries: Any) -> None:
    nordhavn = Organisation.objects.create(name="Nordhavn")
    for n in range(30):
        make_customer(f"P {n}", f"p{n}@x.example", organisation=nordhavn)
    with django_assert_max_num_queries(6):
        page(as_maya, "/customers/")


def test_an_empty_helpdesk_says_how_customers_come(as_maya: Client) -> None:
    assert "appears here by themselves" in page(as_maya, "/customers/")
    assert "Nobody is like that" in page(as_maya, "/customers/?q=zzz")


def test_a_profile_shows_who_they_are_their_tickets_and_what_happened(
    ticket: Ticket, ingrid: Customer, maya: User, as_maya: Client
) -> None:
    ticket.resolve(by=maya)
    shown = page(as_maya, f"/customers/{ingrid.pk}/")
    assert "ingrid@nordhavn.example" in shown and "Nordhavn Logistics" in shown
    assert ticket.number in shown and "Wrote in: EU sync API returning 503" in shown and "Solved: EU sync" in shown


def test_tickets_of_other_teams_stay_with_them(ticket: Ticket, ingrid: Customer, tomasz: User) -> None:
    shown = page(signed_in(tomasz), f"/customers/{ingrid.pk}/")
    assert "Ingrid" in shown
    assert ticket.number not in shown and ticket.subject not in shown


def test_the_timeline_is_filtered_and_paged(ingrid: Customer, support: Any, as_maya: Client) -> None:
    for n in range(35):
        receive(ingrid, f"Subject {n}", "Words")
    first = page(as_maya, f"/customers/{ingrid.pk}/timeline/?only=tickets")
    assert "Subject 34" in first and "Subject 0<" not in first and "before=" in first
    before = first.partition("before=")[2].partition('"')[0]
    assert "Subject 0<" in page(as_maya, f"/customers/{ingrid.pk}/timeline/?only=tickets&before={before}")
    assert "Nothing here yet" in page(as_maya, f"/customers/{ingrid.pk}/timeline/?only=calls")


def test_a_profile_costs_the_same_however_much_happened(
    ingrid: Customer, support: Any, as_maya: Client, django_assert_num_queries: Any, django_assert_max_num_queries: Any
) -> None:
    for n in range(12):
        receive(ingrid, f"Subject {n}", "Words")
    with django_assert_max_num_queries(18):  # 14, consent twice, and the note that it was read
        page(as_maya, f"/customers/{ingrid.pk}/")


def test_hostile_names_stay_text(support: Any, as_maya: Client) -> None:
    evil = make_customer("<img src=x onerror=alert(1)>", "evil@x.example")
    receive(evil, "<script>alert(2)</script>", "Words")
    shown = page(as_maya, f"/customers/{evil.pk}/")
    assert "<img src=x" not in shown and "<script>alert" not in shown


def test_two_records_become_one_and_two_again(ticket: Ticket, ingrid: Customer, as_maya: Client, drain: Callable[[], int]) -> None:
    twin = make_customer("Ingrid Dahl", "ingrid@home.example")
    receive(twin, "From home", "It is me.")
    assert "Ingrid Dahl" in page(as_maya, f"/customers/{ingrid.pk}/merge/?q=ingrid")
    preview = page(as_maya, f"/customers/{ingrid.pk}/merge/?with={twin.pk}")
    assert "ingrid@home.example" in preview and "1 moves" in preview
    assert as_maya.post(f"/customers/{ingrid.pk}/merge/", {"with": str(twin.pk)}).status_code == 302
    shown = page(as_maya, f"/customers/{ingrid.pk}/")
    assert "From home" in shown and "Make two again" in shown and "Merged with Ingrid Dahl" in shown
    assert as_maya.get(f"/customers/{twin.pk}/")["Location"] == f"/customers/{ingrid.pk}/"
    as_maya.post(f"/customers/merges/{CustomerMerge.objects.get().pk}/undo/")
    assert "From home" in page(as_maya, f"/customers/{twin.pk}/")


def test_nobody_is_merged_with_nobody(ingrid: Customer, as_maya: Client) -> None:
    answer = as_maya.post(f"/customers/{ingrid.pk}/merge/", {"with": "00000000-0000-4000-8000-000000000000"})
    assert answer.status_code == 422 and "not there" in answer.content.decode()


def test_a_new_ticket_for_a_customer_knows_their_address(ingrid: Customer, as_maya: Client) -> None:
    assert "ingrid@nordhavn.example" in page(as_maya, f"/inbox/new/?customer={ingrid.pk}")
