"""What we know of a customer, on their profile: facts in time, corrections, consent, and who looked."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from customers import memory
from customers.known import WIDTH, known
from customers.memory import Source
from customers.models import AccessEntry, Customer, MemoryFact
from helpdesk.core.models import User
from tests.cast import ago, make_customer, signed_in
from tickets.models import Ticket

pytestmark = pytest.mark.django_db


@pytest.fixture
def plans(ingrid: Customer) -> Customer:
    """Growth for a year, then Enterprise; we learned of each when it began. A region that nobody confirmed."""
    memory.grant(ingrid)
    for value, days in (("Growth", 800), ("Enterprise", 400)):
        memory.learn(ingrid, "plan", value, source=Source("agent"), since=ago(days=days), learned=ago(days=days), confidence=1.0)
    memory.learn(ingrid, "region", "eu-west", source=Source("message"), since=ago(days=30), learned=ago(days=30))
    return ingrid


def page(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def day(**parts: float) -> str:
    return f"{ago(**parts):%Y-%m-%d}"


def test_a_bar_for_each_value_from_its_start_to_its_end(plans: Customer, maya: User) -> None:
    plan, region = known(plans, maya).rows
    assert [(bar.label, bar.state) for bar in plan.bars] == [("Growth", "past"), ("Enterprise", "now")]
    growth, enterprise = plan.bars
    assert growth.x + growth.width < enterprise.x < enterprise.x + enterprise.width <= WIDTH
    assert region.bars[0].state == "ask"


def test_as_of_shows_what_we_believed_on_that_day(plans: Customer, as_maya: Client) -> None:
    then = page(as_maya, f"/customers/{plans.pk}/?as_of={day(days=500)}")
    assert "Growth" in then
    assert "Enterprise" not in then
    assert "Enterprise" in page(as_maya, f"/customers/{plans.pk}/")


@pytest.mark.parametrize("asked", ["nonsense", "2999-01-01", "0001-01-01", "2026-02-31", "' or 1=1"])
def test_a_day_that_is_none_is_today(asked: str, plans: Customer, as_maya: Client) -> None:
    assert "Enterprise" in page(as_maya, f"/customers/{plans.pk}/?as_of={asked}")


def test_a_correction_counts_from_its_day_and_the_old_belief_stays(plans: Customer, as_maya: Client) -> None:
    fact = MemoryFact.objects.get(value="Enterprise", retired_at=None)
    answer = as_maya.post(f"/customers/{plans.pk}/facts/{fact.pk}/", {"value": "Premium", "since": day(days=10)})
    assert answer.status_code == 302
    assert [one.value for one in memory.facts(plans).filter(attribute="plan")] == ["Premium"]
    shown = page(as_maya, f"/customers/{plans.pk}/?as_of={day(days=2)}")
    assert "Enterprise" in shown
    assert "Premium" not in shown  # on that day we did not know it yet


def test_a_fact_may_be_added_and_come_back_later(plans: Customer, as_maya: Client) -> None:
    for value, days in (("Køge", 90), ("Malmö", 60), ("Køge", 30)):
        form = {"attribute": "Warehouse", "value": value, "since": day(days=days)}
        assert as_maya.post(f"/customers/{plans.pk}/facts/", form).status_code == 302
    assert memory.facts(plans).get(attribute="warehouse").value == "Køge"
    assert "Maya Lindqvist" in page(as_maya, f"/customers/{plans.pk}/")


@pytest.mark.parametrize(
    "form", [{"attribute": "x"}, {"attribute": "x", "value": "y", "since": "2999-01-01"}, {"value": "y", "since": "soon"}]
)
def test_a_fact_that_makes_no_sense_is_refused_with_what_was_typed(form: dict[str, str], plans: Customer, as_maya: Client) -> None:
    answer = as_maya.post(f"/customers/{plans.pk}/facts/", form)
    assert answer.status_code == 422
    assert not memory.facts(plans).filter(attribute="x").exists()


def test_confirming_makes_it_sure_and_keeps_what_was_believed(plans: Customer, as_maya: Client) -> None:
    fact = MemoryFact.objects.get(attribute="region")
    assert "Confirm" in page(as_maya, f"/customers/{plans.pk}/")
    as_maya.post(f"/customers/{plans.pk}/facts/{fact.pk}/confirm/")
    now = memory.facts(plans).get(attribute="region")
    assert (now.confidence, now.starts_at) == (1.0, fact.starts_at)
    fact.refresh_from_db()
    assert fact.retired_at == now.learned_at
    assert "Something newer" in as_maya.post(f"/customers/{plans.pk}/facts/{fact.pk}/confirm/", follow=True).content.decode()


def test_what_came_from_a_ticket_is_seen_by_those_who_see_the_ticket(
    ticket: Ticket, plans: Customer, as_maya: Client, tomasz: User
) -> None:
    fact = memory.learn(plans, "carrier", "PostNord", source=Source("message", "x", ticket=ticket.pk))
    assert "PostNord" in page(as_maya, f"/customers/{plans.pk}/")
    assert f"/tickets/{ticket.number}/" in page(as_maya, f"/customers/{plans.pk}/")
    stranger = signed_in(tomasz)
    assert "PostNord" not in page(stranger, f"/customers/{plans.pk}/")
    assert "PostNord" not in page(stranger, f"/customers/{plans.pk}/card/")
    assert stranger.get(f"/customers/{plans.pk}/facts/{fact.pk}/").status_code == 404


def test_a_fact_of_another_customer_is_not_there(plans: Customer, dwayne: Customer, as_maya: Client) -> None:
    fact = MemoryFact.objects.filter(customer=plans).latest("id")
    assert as_maya.get(f"/customers/{dwayne.pk}/facts/{fact.pk}/").status_code == 404


def test_without_leave_nothing_is_shown_and_nothing_is_kept(plans: Customer, as_maya: Client) -> None:
    assert "eu-west" in page(as_maya, f"/customers/{plans.pk}/card/")
    memory.revoke(plans)
    assert "Enterprise" not in page(as_maya, f"/customers/{plans.pk}/")
    assert "eu-west" not in page(as_maya, f"/customers/{plans.pk}/card/")
    answer = as_maya.post(f"/customers/{plans.pk}/facts/", {"attribute": "plan", "value": "Free"})
    assert answer.status_code == 422
    assert not MemoryFact.objects.filter(value="Free").exists()


def test_an_agent_notes_what_the_customer_allowed_and_took_back(ingrid: Customer, as_maya: Client, maya: User) -> None:
    path = f"/customers/{ingrid.pk}/consent/"
    assert as_maya.post(path, {"purpose": ["storage"], "decision": "grant"}).status_code == 422  # how do we know?
    assert as_maya.post(path, {"purpose": ["nothing"], "decision": "grant", "source": "x"}).status_code == 422
    assert as_maya.post(path, {"purpose": ["storage", "retrieval"], "decision": "grant", "source": "Agreement v4"}).status_code == 302
    assert memory.allows(ingrid, "storage", "Entity")
    assert "Agreement v4" in page(as_maya, f"/customers/{ingrid.pk}/")
    as_maya.post(path, {"purpose": ["storage"], "decision": "revoke"})
    assert not memory.allows(ingrid, "storage", "Entity")
    assert {entry.actor_id for entry in ingrid.consents.all()} == {str(maya.pk)}
    assert "Withdrawn" in page(as_maya, path)


def test_every_look_is_written_down_and_supervisors_see_who_looked(plans: Customer, as_maya: Client, priya: User) -> None:
    page(as_maya, f"/customers/{plans.pk}/")
    as_maya.get(f"/customers/{plans.pk}/card/", headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/inbox/all/48213/"})
    looked = AccessEntry.objects.filter(customer_ref=plans.pk).order_by("id")
    assert [(one.actor_name, one.what, one.why) for one in looked] == [
        ("Maya Lindqvist", "profile", ""),
        ("Maya Lindqvist", "card", "/inbox/all/48213/"),
    ]
    shown = page(signed_in(priya), f"/customers/{plans.pk}/access/")
    assert "Maya Lindqvist" in shown
    assert "/inbox/all/48213/" in shown
    assert as_maya.get(f"/customers/{plans.pk}/access/").status_code == 403


def test_the_profile_costs_the_same_however_much_is_known(plans: Customer, as_maya: Client, django_assert_max_num_queries: Any) -> None:
    start = timezone.now() - timedelta(days=1500)
    for n in range(40):
        memory.learn(plans, f"thing {n % 8}", f"value {n}", source=Source("agent", f"{n}"), since=start + timedelta(days=30 * n))
    with django_assert_max_num_queries(24):
        page(as_maya, f"/customers/{plans.pk}/")
    with django_assert_max_num_queries(12):
        page(as_maya, f"/customers/{plans.pk}/card/")


def test_strange_words_are_shown_as_words(as_maya: Client) -> None:
    customer = make_customer("X", "x@x.example")
    memory.grant(customer, source='"><script>alert(1)</script>')
    memory.learn(customer, "<b>plan", "<img src=x onerror=alert(1)>", source=Source("api"), since=ago(days=900))
    shown = page(as_maya, f"/customers/{customer.pk}/")
    assert "<img" not in shown
    assert "<b>plan" not in shown.lower()
    assert "<script>alert" not in shown
