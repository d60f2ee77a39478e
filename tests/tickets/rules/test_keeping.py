"""Keeping rules: what is refused, what is warned of, circles, order, files, and the dry run that changes nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from helpdesk.core.errors import Invalid
from helpdesk.core.models import Event, Webhook, WebhookDelivery
from tests.cast import make_category, make_customer, receive
from tickets.models import BusinessHours, Rule, RuleFiring, Ticket
from tickets.rules import circles, keeping, porting
from tickets.rules.dry_run import dry_run

pytestmark = pytest.mark.django_db


def draft(name: str = "A rule", **fields: Any) -> Rule:
    usual: dict[str, Any] = {"kinds": ["ticket.created"], "actions": [{"do": "priority", "value": "high", "text": ""}], "conditions": {}}
    return Rule(name=name, **{**usual, **fields})


def does(name: str, value: str = "", text: str = "") -> dict[str, str]:
    return {"do": name, "value": value, "text": text}


def only(field: str, op: str, value: str) -> dict[str, Any]:
    return {"all": [{"field": field, "op": op, "value": value}]}


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"name": " "}, "name"),
        ({"kinds": []}, "starts the rule"),
        ({"kinds": ["moon.rose"]}, "starts no rules"),
        ({"actions": []}, "what the rule does"),
        ({"actions": [does("explode")]}, "not known"),
        ({"actions": [does("status", "exploded")]}, "choose one"),
        ({"actions": [does("snooze", "soon")]}, "number of hours"),
        ({"actions": [does("note", "", "Dear {{customer.password}}")]}, "no variable"),
        ({"actions": [does("notify", "", "x")]}, "choose one"),
        ({"trigger": "schedule", "conditions": {}}, "every ticket there is"),
        ({"trigger": "schedule", "every_minutes": 0, "conditions": only("status", "is", "open")}, "between a minute and a month"),
        ({"conditions": only("status", "is", "exploded")}, "no such choice"),
    ],
)
def test_what_makes_no_sense_is_refused_in_a_sentence(wrong, said, priya) -> None:
    with pytest.raises(Invalid, match=said):
        keeping.save(draft(**wrong), by=priya)
    assert not Rule.objects.exists()


def test_each_change_is_an_event_with_its_author(priya) -> None:
    rule = keeping.save(draft(), by=priya)
    keeping.switch(rule, True, by=priya)
    keeping.switch(rule, False, by=priya)
    keeping.remove(rule, by=priya)
    told = Event.objects.filter(kind="rule.changed").order_by("id")
    assert [(event.data["what"], event.actor_name) for event in told] == [
        (what, "Priya Raman") for what in ("saved", "on", "off", "removed")
    ]


def test_rules_are_put_into_another_order(priya) -> None:
    first, second, third = (keeping.save(draft(name), by=priya) for name in ("one", "two", "three"))
    keeping.move(third, -1)
    assert [rule.name for rule in Rule.objects.all()] == ["one", "three", "two"]
    keeping.move(first, -1)
    keeping.order([second.pk])
    assert [rule.name for rule in Rule.objects.all()] == ["two", "one", "three"]


def test_circles_are_found_and_named(priya) -> None:
    itself = draft("Echo", kinds=["note.added"], actions=[does("note", "", "x")])
    assert "start it again" in keeping.warnings(itself)[0]
    up = draft("Up", kinds=["ticket.tagged"], actions=[does("priority", "urgent")])
    down = draft("Down", kinds=["ticket.priority_changed"], actions=[does("tag", "x")], is_active=True)
    keeping.save(down, by=priya)
    assert "Down → Up → Down" in " ".join(keeping.warnings(up))


def test_no_circle_where_a_rule_asks_for_another_value() -> None:
    up = draft("Up", kinds=["ticket.priority_changed"], conditions=only("priority", "is", "low"), actions=[does("priority", "urgent")])
    assert circles.circles([up]) == []


def test_who_forgets_to_let_a_rule_write_is_told(priya) -> None:
    assert "may not yet" in keeping.warnings(draft(actions=[does("reply", "", "Hello")]))[0]


# -- files -----------------------------------------------------------------------------------------------------


def test_a_file_of_rules_comes_back_as_it_was_switched_off(priya, billing, maya) -> None:
    category = make_category("billing")
    conditions = {"all": [{"field": "category", "op": "is", "value": str(category.pk)}], "any": []}
    deeds = [does("queue", str(billing.pk)), does("assignee", str(maya.pk)), does("notify", "supervisors", "Look")]
    rule = keeping.save(draft("Money", conditions=conditions, actions=deeds, is_active=True, may_write=True), by=priya)
    file = json.dumps(porting.export([rule]))
    assert "billing" in file and str(billing.pk) not in file and maya.email in file
    rule.delete()
    (back,) = porting.load(file.encode(), by=priya)
    assert (back.conditions, back.actions) == (conditions, deeds)
    assert (back.is_active, back.may_write) == (False, False)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        '{"rules": 3}',
        '{"rules": [{"name": 3}]}',
        '{"rules": [{"name": "x", "conditions": []}]}',
        '{"rules": [{"name": "x", "actions": ["y"]}]}',
    ],
)
def test_a_file_that_makes_no_sense_adds_nothing(text, priya) -> None:
    with pytest.raises(Invalid):
        porting.load(text.encode(), by=priya)
    assert not Rule.objects.exists()


# -- dry run ---------------------------------------------------------------------------------------------------


@pytest.fixture
def past(support, ingrid, dwayne, maya) -> list[Ticket]:
    """Ingrid's is solved by now, and was urgent for a while."""
    hers, his = receive(ingrid, "Refund", "Money back").ticket, receive(dwayne, "Hello", "There").ticket
    hers.set_priority("urgent", by=maya)
    hers.tag("late", by=maya)
    hers.resolve(by=maya)
    return [hers, his]


def test_a_dry_run_shows_what_would_have_changed_and_changes_nothing(past) -> None:
    events = Event.objects.count()
    found = dry_run(draft(conditions=only("tier", "has", "enterprise"), actions=[does("priority", "high"), does("note", "", "x")]))
    assert (found.tried, found.matched) == (2, 1)
    assert found.matches[0].ticket == past[0]
    assert found.matches[0].lines == ["set the priority to High", "add an internal note"]
    assert (Event.objects.count(), RuleFiring.objects.count()) == (events, 0)


def test_a_dry_run_sees_tickets_as_they_were_when_it_happened(past) -> None:
    assert dry_run(draft(conditions=only("status", "is", "new"))).matched == 2
    assert dry_run(draft(conditions=only("priority", "is", "urgent"))).matched == 0
    assert dry_run(draft(conditions=only("tag", "has", "late"))).matched == 0
    assert dry_run(draft(conditions=only("message", "contains", "money"))).matched == 1
    assert dry_run(draft(kinds=["ticket.status_changed"], conditions=only("was_status", "is", "new"))).matched == 1


def test_a_dry_run_names_the_webhook_it_does_not_call_and_asks_what_the_hours_were(past) -> None:
    webhook = Webhook.objects.create(name="Crane", url="https://crane.example/")
    never, always = (
        BusinessHours.objects.create(name=name, week=week) for name, week in (("Never", [[]] * 7), ("Always", [[[0, 1440]]] * 7))
    )
    call = [does("webhook", str(webhook.pk))]
    found = dry_run(draft(conditions=only("business_hours", "inside", str(always.pk)), actions=call))
    assert (found.matched, found.matches[0].lines) == (2, ["call the webhook Crane"])
    assert dry_run(draft(conditions=only("business_hours", "inside", str(never.pk)), actions=call)).matched == 0
    assert dry_run(draft(conditions=only("business_hours", "outside", str(never.pk)), actions=call)).matched == 2
    assert not WebhookDelivery.objects.exists() and not Event.objects.filter(kind="rule.called").exists()


def test_a_rule_on_a_schedule_is_tried_on_what_is(past) -> None:
    assert dry_run(draft(trigger="schedule", kinds=[], conditions=only("status", "is", "resolved"))).matched == 1


def test_a_dry_run_costs_the_same_for_many_tickets(past, support) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            dry_run(draft(conditions=only("priority", "is", "normal"), actions=[does("tag", "x")]), last=1000)
        return len(queries)

    before = cost()
    for n in range(12):
        receive(make_customer(f"C{n}", f"c{n}@x.example"), "Hello", "There")
    assert cost() == before
