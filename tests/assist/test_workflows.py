"""Which way a ticket goes through triage, and that no failing step loses it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from assist.models import Draft, OwnWorkflow, TriageRun
from assist.triage import arrival, catalogue, workflows
from assist.triage.case import Case
from assist.triage.outcome import Scope
from assist.triage.pipeline import analyse
from assist.triage.rulebook import Rulebook
from customers.models import Customer
from helpdesk.core.errors import Invalid
from helpdesk.core.models import Event, User
from knowledge.categories import load_default_categories
from knowledge.models import Category
from tests.cast import receive
from tickets.models import Queue, Ticket

pytestmark = pytest.mark.django_db
SLOW = Case(subject="Reports are slow", body="Opening a report takes a minute since Monday.")
BIG = Case(subject="Reports are slow", body="Opening a report takes a minute since Monday.", metadata={"tier": "enterprise"})
VIP = {"name": "vip", "title": "Very important", "when": [{"tier": ["vip"]}], "stages": ["knowledge", "respond"]}


@pytest.fixture
def categories(db: None) -> list[Category]:
    return load_default_categories()


def names(outcome: Any) -> list[str]:
    return [step.name for step in outcome.steps]


def test_an_everyday_ticket_goes_the_standard_way_in_the_contracts_order() -> None:
    outcome = analyse(SLOW, scope=Scope())
    assert outcome.workflow == "standard"
    order = [
        "ingest",
        "sentiment",
        "categorise",
        "prioritise",
        "knowledge",
        "system_status",
        "respond",
        "escalation",
        "hand_over",
        "follow_up",
    ]
    assert [name for name in names(outcome) if name in order] == order
    assert outcome.result()["workflow"] == {"name": "standard", "routes": []}


def test_an_enterprise_customers_ticket_goes_the_high_priority_way_and_looks_deeper() -> None:
    outcome = analyse(BIG, scope=Scope())
    assert (outcome.workflow, outcome.routes) == ("high_priority", ("high_value",))
    assert "history" in names(outcome)


def test_an_urgent_ticket_of_a_free_plan_is_high_priority_but_not_high_value() -> None:
    case = Case(subject="All our data is gone", body="The database is corrupted and every record is lost. This is an emergency.")
    outcome = analyse(case, scope=Scope())
    assert (outcome.workflow, outcome.routes) == ("high_priority", ("standard",))
    assert "history" not in names(outcome)


def test_a_batch_takes_its_own_way_whatever_the_ticket_says() -> None:
    assert analyse(BIG, scope=Scope(threads=False, workflow="batch")).workflow == "batch"


def test_a_companys_own_workflow_is_asked_first() -> None:
    book = Rulebook((workflows.parse(VIP),))
    vip = Case(subject="Reports", body="A report is slow.", metadata={"tier": "vip"})
    outcome = analyse(vip, scope=Scope(), rules=book)
    assert outcome.workflow == "vip"
    assert names(outcome)[-2:] == ["knowledge", "respond"]
    assert analyse(SLOW, scope=Scope(), rules=book).workflow == "standard"


def test_what_a_company_saved_counts_for_the_next_ticket_and_no_longer_when_switched_off(
    support: Queue, dwayne: Customer, categories: list[Category]
) -> None:
    own = OwnWorkflow.objects.create(name="short", title="Short", when=[], stages=["knowledge", "respond"], is_active=True)
    first = arrival.understand(receive(dwayne, "Logo", "How do I change the logo?").pk)
    OwnWorkflow.objects.filter(pk=own.pk).update(is_active=False)
    second = arrival.understand(receive(dwayne, "Sound", "How do I change the sound?").pk)
    assert first is not None
    assert second is not None
    assert (first.workflow, second.workflow) == ("short", "standard")


@pytest.mark.parametrize(
    ("stages", "complaint"),
    [
        (["dance"], "there is no step 'dance'"),
        (["hand_over"], "hand_over needs escalation"),
        (["knowledge", "knowledge"], "knowledge was done before"),
        ([["respond", "knowledge"]], "respond reads knowledge"),
        ([{"step": "respond", "most": 5}], "most is a number"),
        ([{"fork": []}], "a fork has 1 to 8 routes"),
        ([{"fork": [{"route": "a", "when": [{"moon": "full"}], "stages": []}]}], "there is no condition 'moon'"),
        ([{"fork": [{"route": "a", "when": [{"tier": ["x"]}], "stages": ["escalation"]}]}, "hand_over"], "hand_over needs escalation"),
        ([{"fork": [{"route": "a", "when": [], "stages": ["history"]}, {"stages": []}]}], "a route needs a name"),
        ("respond", "expected a list"),
        ([7], "expected the name of a step"),
    ],
)
def test_a_declaration_that_cannot_work_is_refused_with_the_place(stages: Any, complaint: str) -> None:
    with pytest.raises(Invalid, match="stages") as refused:
        workflows.parse({"name": "x", "stages": stages})
    assert complaint in refused.value.detail


@pytest.mark.parametrize("name", [name for name in catalogue.STEPS if name != "history"])
def test_whichever_step_breaks_the_ticket_is_read_and_the_run_says_so(
    name: str, support: Queue, dwayne: Customer, categories: list[Category], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> Any:
        raise ZeroDivisionError("numbers")

    kind = catalogue.STEPS[name]
    broken_kind = catalogue.Kind(kind.gives, broken, kind.needs, kind.uses, kind.deep)
    monkeypatch.setitem(catalogue.STEPS, name, broken_kind)
    message = receive(dwayne, "Two payments", "My card was charged twice, please refund the second payment.")
    run = arrival.understand(message.pk)
    assert run is not None
    assert run.state == TriageRun.State.PARTIAL
    assert run.steps.get(name=name).error == "ZeroDivisionError: numbers"
    assert run.steps.exclude(name=name).exclude(error="").count() == 0
    assert message.ticket.status == Ticket.Status.NEW


def test_a_workflow_that_no_longer_reads_stops_no_ticket(support: Queue, dwayne: Customer, categories: list[Category]) -> None:
    OwnWorkflow.objects.create(name="old", title="Old", stages=["a step of last year"], is_active=True)
    run = arrival.understand(receive(dwayne, "Logo", "How do I change the logo?").pk)
    assert run is not None
    assert run.workflow == "standard"
    assert "a step of last year" in run.steps.get(name="rulebook").error


def test_a_run_asked_for_again_stands_beside_the_first_and_its_draft_takes_over(
    support: Queue, dwayne: Customer, categories: list[Category]
) -> None:
    run = arrival.understand(receive(dwayne, "Logo", "How do I change the logo?").pk)
    assert run is not None
    again = arrival.understand_again(run)
    assert (again.repeats, again.message) == (run, run.message)
    assert TriageRun.objects.count() == 2
    assert sorted(Draft.objects.values_list("state", flat=True)) == ["offered", "stale"]


def test_an_escalated_ticket_is_handed_over_with_what_there_is_to_know(
    support: Queue, dwayne: Customer, categories: list[Category]
) -> None:
    message = receive(dwayne, "Data gone", "All our records are lost since the update. Our lawyer will contact you.")
    arrival.understand(message.pk)
    message.ticket.refresh_from_db()
    briefing = message.ticket.metadata["escalation"]["briefing"]
    assert any(line.startswith("Why: ") for line in briefing)
    assert any("records are lost" in line for line in briefing)
    assert message.ticket.metadata["follow_up"]["due"] is False


def test_a_solved_ticket_gets_a_day_on_which_the_customer_is_asked_and_a_reopened_one_loses_it(
    support: Queue, dwayne: Customer, maya: User, categories: list[Category], drain: Callable[[], int]
) -> None:
    ticket = receive(dwayne, "Logo", "How do I change the logo?").ticket
    drain()
    ticket.refresh_from_db()
    ticket.resolve(by=maya)
    drain()
    ticket.refresh_from_db()
    assert ticket.metadata["follow_up"]["at"] > ticket.resolved_at.isoformat()
    assert Event.objects.filter(kind="ticket.follow_up_planned", ticket_ref=ticket.pk).count() == 1
    ticket.reopen(by=maya)
    drain()
    ticket.refresh_from_db()
    assert ticket.metadata["follow_up"]["at"] is None
