"""The memory fills itself: replies, CRM, merges, and what was written before the customer agreed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from customers import memory, merging
from customers.memory import Source
from customers.memory.hearing import hear_merge
from customers.models import Customer, MemoryNode
from helpdesk.core.events import record
from helpdesk.core.models import Event, User
from tests.cast import make_customer, receive
from tickets import remembering, replying

pytestmark = pytest.mark.django_db
START = timezone.now() - timedelta(days=300)


def values(customer: Customer) -> dict[str, str]:
    return {fact.attribute: fact.value for fact in memory.facts(customer)}


@pytest.mark.usefixtures("support")
def test_what_an_agent_answers_is_remembered_and_says_nothing_of_the_customer(
    ingrid: Customer, maya: User, drain: Callable[[], int]
) -> None:
    memory.grant(ingrid)
    ticket = receive(ingrid, "Label printer", "It jams").ticket
    sent = replying.reply(ticket=ticket, by=maya, text="We are on the premium plan ourselves. Clean the rollers.")
    drain()
    node = MemoryNode.objects.get(source_id=str(sent.pk))
    assert (node.customer, node.content["observer_id"], node.ticket_ref) == (ingrid, str(maya.pk), ticket.pk)
    assert values(ingrid) == {}
    replying.withdraw(sent, by=maya)
    drain()
    assert not MemoryNode.objects.filter(source_id=str(sent.pk)).exists()


@pytest.mark.usefixtures("support")
def test_who_agrees_later_is_remembered_from_before_once(ingrid: Customer, drain: Callable[[], int]) -> None:
    receive(ingrid, "Label printer", "We are on the premium plan. It jams.")
    drain()
    assert not MemoryNode.objects.exists()
    memory.grant(ingrid)
    drain()
    assert values(ingrid) == {"plan": "premium"}
    (asked,) = MemoryNode.objects.filter(source_kind="ticket")
    assert asked.text == "Asked for help: Label printer"
    memory.grant(ingrid)
    drain()
    assert MemoryNode.objects.filter(source_kind="message").count() == 1
    assert MemoryNode.objects.filter(source_kind="ticket").count() == 1


@pytest.mark.usefixtures("support")
def test_products_of_the_catalogue_are_known_by_their_names(ingrid: Customer, drain: Callable[[], int]) -> None:
    from assist.models import Product

    Product.objects.create(name="Print Bridge")
    memory.grant(ingrid)
    receive(ingrid, "Labels", "We use Print Bridge. They use the Driver app.")
    drain()
    assert values(ingrid) == {"product": "Print Bridge"}


def test_taking_consent_back_reads_nothing(ingrid: Customer) -> None:
    memory.revoke(ingrid)
    remembering.catch_up(Event.objects.get(kind="customer.consent_changed"))
    assert not MemoryNode.objects.exists()


@pytest.mark.parametrize("agreed", [True, False])
def test_what_the_crm_says_is_a_fact_by_leave(ingrid: Customer, agreed: bool, drain: Callable[[], int]) -> None:
    if agreed:
        memory.grant(ingrid)
    changed = {"tier": "enterprise", "owner": "Björn Åkesson", "satisfaction": 4.7}
    record("customer.crm_changed", subject=ingrid, customer=ingrid, connection="Salesforce", changed=changed)
    drain()
    assert values(ingrid) == ({"plan": "enterprise", "account manager": "Björn Åkesson"} if agreed else {})
    assert MemoryNode.objects.filter(source_kind="crm").count() == agreed


def test_beliefs_become_one_with_a_merge_and_two_again_without(ingrid: Customer, maya: User, drain: Callable[[], int]) -> None:
    private = make_customer("Ingrid", "ingrid@home.example")
    for customer, value, days, sure in ((ingrid, "premium", 100, 0.9), (private, "free", 0, 0.7)):
        memory.grant(customer)
        memory.learn(customer, "plan", value, source=Source("api"), since=START + timedelta(days=days), learned=START, confidence=sure)
    done = merging.merge(kept=ingrid, merged=private, by=maya)
    drain()
    drain()
    told = [(fact.value, fact.starts_at, fact.ends_at) for fact in memory.facts(ingrid, valid=False)]
    turn = START + timedelta(days=100)
    assert told == [("free", START, turn), ("premium", turn, None)]
    before = memory.facts(ingrid, as_of=done.at - timedelta(days=1), valid=False).values_list("value", flat=True)
    assert list(before) == ["free", "premium"]
    done.refresh_from_db()
    merging.undo(done, by=maya)
    drain()
    hear_merge(Event.objects.get(kind="customer.merge_undone"))
    assert [(fact.value, fact.ends_at) for fact in memory.facts(private, valid=False)] == [("free", None)]
    assert [(fact.value, fact.ends_at) for fact in memory.facts(ingrid, valid=False)] == [("premium", None)]
