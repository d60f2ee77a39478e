"""Settings, automation rules: a supervisor makes a rule by its form, tries it, orders it, reads what fired and takes it back."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from helpdesk.core.models import User
from tests.cast import signed_in
from tickets.models import Rule, RuleFiring, Ticket
from tickets.rules import keeping

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def as_priya(priya: User) -> Client:
    return signed_in(priya)


def form(**changes: Any) -> dict[str, Any]:
    """A rule as the browser sends it, with the empty row at the end of each list."""
    usual = {
        "name": "Enterprise first",
        "trigger": "event",
        "kinds": ["ticket.created"],
        "every_minutes": "60",
        "all-field": ["tier", ""],
        "all-op": ["has", ""],
        "all-value": ["enterprise", ""],
        "any-field": [""],
        "any-op": [""],
        "any-value": [""],
        "then-do": ["priority", "note", ""],
        "then-value": ["high", "", ""],
        "then-text": ["", "{{customer.name}} first", ""],
    }
    return {**usual, **changes}


def saved(client: Client, **changes: Any) -> Rule:
    answer = client.post("/settings/rules/new/", form(**changes))
    assert answer.status_code == 302, answer.content.decode()
    return Rule.objects.latest("created_at")


def test_a_rule_is_made_by_its_form_and_begins_switched_off(as_priya: Client) -> None:
    rule = saved(as_priya)
    assert rule.conditions == {"all": [{"field": "tier", "op": "has", "value": "enterprise"}], "any": []}
    assert [(one["do"], one["value"], one["text"]) for one in rule.actions] == [
        ("priority", "high", ""),
        ("note", "", "{{customer.name}} first"),
    ]
    assert (rule.is_active, rule.may_write, rule.stops) == (False, False, False)
    page = as_priya.get("/settings/rules/").content.decode()
    assert "customer&#x27;s plan is enterprise" in page
    assert "set the priority to High" in page


def test_the_form_shows_what_was_saved_and_saves_it_again(as_priya: Client) -> None:
    rule = saved(as_priya, may_write="on", **{"then-do": ["reply", ""], "then-value": ["", ""], "then-text": ["Hello <b>", ""]})
    page = as_priya.get(f"/settings/rules/{rule.pk}/").content.decode()
    assert "Hello &lt;b&gt;</textarea>" in page
    assert '<option value="enterprise" selected>' in page
    as_priya.post(f"/settings/rules/{rule.pk}/", form(name="Another", trigger="schedule", every_minutes="1440"))
    rule.refresh_from_db()
    assert (rule.name, rule.trigger, rule.kinds, rule.every_minutes, rule.may_write) == ("Another", "schedule", [], 1440, False)


def test_what_is_wrong_is_said_and_what_was_typed_is_kept(as_priya: Client) -> None:
    answer = as_priya.post("/settings/rules/new/", form(name="", **{"then-text": ["", "{{nobody.knows}}", ""]}))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Give the rule a name" in page
    assert "There is no variable nobody.knows" in page
    assert "{{nobody.knows}}" in page
    assert not Rule.objects.exists()


UNKNOWN = {"then-do": ["explode"], "then-value": ["x"], "then-text": ["x"]}


@pytest.mark.parametrize("junk", [{"every_minutes": "soon", "trigger": "schedule"}, UNKNOWN, {"all-op": []}])
def test_a_form_that_nobody_filled_in_by_hand_is_no_error_of_ours(as_priya: Client, junk: dict[str, Any]) -> None:
    assert as_priya.post("/settings/rules/new/", form(**junk)).status_code in (302, 422)


def test_without_scripts_there_is_a_button_for_more_rows(as_priya: Client) -> None:
    page = as_priya.post("/settings/rules/new/", form(step="rows", name="", **{"all-field": ["status"], "all-op": [""], "all-value": [""]}))
    assert page.status_code == 200
    assert '<option value="pending">Waiting on customer</option>' in page.content.decode()


def test_a_row_comes_for_what_was_chosen(as_priya: Client) -> None:
    def row(query: str) -> str:
        return as_priya.get(f"/settings/rules/row/?{query}").content.decode()

    assert "Waiting on customer" in row("what=all&all-field=status")
    assert "contains any of" in row("what=any&any-field=subject")
    assert "<textarea" in row("what=then&then-do=note")
    assert 'type="hidden"' in row("what=then&then-do=explode")


def test_a_dry_run_shows_the_tickets_and_saves_nothing(as_priya: Client, ticket: Ticket) -> None:
    part = as_priya.post("/settings/rules/new/", form(step="try"), headers=HTMX).content.decode()
    assert "1 of the last 1 tickets" in part
    assert ticket.number in part
    assert "set the priority to High" in part
    assert not Rule.objects.exists()
    whole = as_priya.post("/settings/rules/new/", form(step="try", last="1000")).content.decode()
    assert "1 of the last 1 tickets" in whole
    assert "<h1" in whole


def test_rules_are_switched_ordered_and_removed(as_priya: Client) -> None:
    first, second = saved(as_priya, name="First"), saved(as_priya, name="Second")
    as_priya.post(f"/settings/rules/{second.pk}/switch/")
    as_priya.post(f"/settings/rules/{second.pk}/move/", {"to": "up"})
    assert [(rule.name, rule.is_active) for rule in Rule.objects.all()] == [("Second", True), ("First", False)]
    as_priya.post(f"/settings/rules/{first.pk}/remove/")
    assert Rule.objects.get() == second


def test_a_rule_whose_team_is_gone_is_not_switched_on(as_priya: Client, support: Any, billing: Any) -> None:
    rule = saved(as_priya, **{"then-do": ["queue"], "then-value": [str(billing.pk)], "then-text": [""]})
    billing.delete()
    as_priya.post(f"/settings/rules/{rule.pk}/switch/")
    assert not Rule.objects.get().is_active
    assert "no longer there" in as_priya.get(f"/settings/rules/{rule.pk}/").content.decode()


def test_a_circle_is_warned_of_when_it_is_saved(as_priya: Client) -> None:
    answer = as_priya.post("/settings/rules/new/", form(kinds=["note.added"]), follow=True)
    assert "start it again" in answer.content.decode()


def test_what_fired_is_read_and_taken_back(as_priya: Client, priya: User, ticket: Ticket, drain: Any) -> None:
    rule = saved(as_priya)
    keeping.switch(rule, True, by=priya)
    drain()
    page = as_priya.get(f"/settings/rules/history/?rule={rule.pk}").content.decode()
    assert ticket.number in page
    assert "<del>Normal</del> → <ins>High</ins>" in page
    as_priya.post(f"/settings/rules/firings/{RuleFiring.objects.get().pk}/undo/")
    assert Ticket.objects.get().priority == "normal"
    assert "taken back by Priya Raman" in as_priya.get("/settings/rules/history/").content.decode()


def test_rules_travel_as_a_file(as_priya: Client) -> None:
    saved(as_priya)
    answer = as_priya.get("/settings/rules/export/")
    assert answer["Content-Disposition"].startswith("attachment")
    assert json.loads(answer.content)["rules"][0]["name"] == "Enterprise first"
    as_priya.post("/settings/rules/import/", {"file": SimpleUploadedFile("rules.json", answer.content)})
    assert Rule.objects.count() == 2
    said = as_priya.post("/settings/rules/import/", {"file": SimpleUploadedFile("rules.json", b"nonsense")}, follow=True)
    assert "not a file of rules" in said.content.decode()


def test_the_usual_rules_are_put_in_once(as_priya: Client) -> None:
    as_priya.post("/settings/rules/usual/")
    page = as_priya.post("/settings/rules/usual/", follow=True).content.decode()
    assert Rule.objects.count() == 4
    assert "Add the usual rules" not in page


def test_the_list_costs_the_same_for_one_rule_and_for_many(as_priya: Client) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            as_priya.get("/settings/rules/")
        return len(queries)

    saved(as_priya)
    before = cost()
    for n in range(5):
        saved(as_priya, name=f"Rule {n}")
    assert cost() == before
