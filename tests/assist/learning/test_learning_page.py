"""The learning page: figures that agree with a recount, and the tickets behind them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from assist.learning import policy, progress
from assist.models import ActionPolicy, LabelledExample, Prediction
from customers.models import Customer
from helpdesk.core.models import User
from knowledge.categories import load_default_categories
from tests.cast import signed_in
from tickets.models import Queue, Ticket

pytestmark = pytest.mark.django_db

GUESSES = [
    ("billing", "billing", 0.9),
    ("billing", "sales", 0.6),
    ("sales", "sales", 0.7),
    ("sales", "billing", 0.3),
    ("billing", "billing", 0.8),
]


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    policy.forget_here()
    yield
    policy.forget_here()


@pytest.fixture
def settled(support: Queue, ingrid: Customer) -> list[Ticket]:
    """Five tickets over five weeks: what each was, and what the engine had called it."""
    load_default_categories()
    now, tickets = timezone.now(), []
    for n, (actual, label, sure) in enumerate(GUESSES):
        ticket = Ticket.objects.create(
            number=f"TKT-20261101-{n:04}", subject=f"Subject {n}", queue=support, customer=ingrid, channel="email"
        )
        Prediction.objects.create(
            ticket=ticket,
            field="category",
            label=label,
            confidence=sure,
            band="act" if sure >= 0.55 else "propose",
            actual=actual,
            correct=actual == label,
            outcome=("untouched" if n == 0 else "confirmed") if actual == label else "corrected",
            created_at=now - timedelta(weeks=n),
            settled_at=now,
        )
        tickets.append(ticket)
    return tickets


@pytest.fixture
def as_priya(priya: User) -> Client:
    return signed_in(priya)


def page(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_figures_agree_with_a_recount_by_hand(settled: list[Ticket]) -> None:
    found = progress.of("category", days=365)
    assert (found.outcomes.n, found.outcomes.accuracy) == (5, 0.6)
    assert (found.outcomes.confirmed, found.outcomes.corrected, found.outcomes.untouched) == (2, 2, 1)
    assert (found.outcomes.decided, found.outcomes.of_decided) == (4, 0.5)
    billing = next(one for one in found.labels if one.label == "billing")
    assert (billing.n, billing.precision, billing.recall, billing.f1) == (3, 2 / 3, 2 / 3, pytest.approx(2 / 3))
    assert {(one.band, one.outcomes.n) for one in found.bands} == {("Done by itself", 4), ("Proposed", 1)}
    assert len(found.weeks) == 5 and sum(week.n for week in found.weeks) == 5
    assert sum(bucket.count for bucket in found.buckets) == 5
    cells = {(one.actual, one.label): one.n for _name, row in found.rows for one in row if one.n}
    assert cells == {("billing", "billing"): 2, ("billing", "sales"): 1, ("sales", "sales"): 1, ("sales", "billing"): 1}


def test_a_shorter_period_leaves_older_tickets_out(settled: list[Ticket]) -> None:
    assert progress.of("category", days=10).outcomes.n == 2


def test_the_page_shows_curve_calibration_and_matrix(settled: list[Ticket], as_priya: Client) -> None:
    shown = page(as_priya, "/evaluation/learning/?days=365")
    assert "right, of 5 settled guesses, if what nobody touched was right" in shown and "50% right of the 4 that an agent decided" in shown
    assert "60%" in shown and shown.count("<svg") > 2 and "Billing" in shown
    assert "actual=billing&amp;label=sales" in shown


def test_a_cell_opens_its_tickets_and_no_others(settled: list[Ticket], as_priya: Client) -> None:
    shown = page(as_priya, "/evaluation/learning/category/tickets/?actual=billing&label=sales")
    assert "Subject 1" in shown and "Subject 0" not in shown


def test_without_settled_work_it_says_how_it_comes(as_priya: Client) -> None:
    assert "Nothing settled yet" in page(as_priya, "/evaluation/learning/")
    assert "Nothing settled yet" in page(as_priya, "/evaluation/")


def test_pages_cost_the_same_however_much_was_learned(settled: list[Ticket], as_priya: Client, django_assert_max_num_queries: Any) -> None:
    with django_assert_max_num_queries(16):
        page(as_priya, "/evaluation/learning/")


def test_a_lesson_is_taken_back_on_the_page(settled: list[Ticket], maya: User, as_priya: Client) -> None:
    example = LabelledExample.objects.create(ticket=settled[0], field="category", label="sales", said="Sales", text="x", by=maya, weight=3)
    assert "Maya Lindqvist" in page(as_priya, "/evaluation/learning/")
    as_priya.post(f"/evaluation/learning/examples/{example.pk}/undo/")
    example.refresh_from_db()
    assert example.undone_at is not None
    assert "taken back" in page(as_priya, "/evaluation/learning/")


def policies(**changed: str) -> dict[str, str]:
    form = {}
    for action, (mode, act_from, propose_from) in ActionPolicy.DEFAULTS.items():
        form |= {f"{action}-mode": str(mode), f"{action}-act_from": str(act_from), f"{action}-propose_from": str(propose_from)}
        form[f"{action}-by_measure"] = "on"
    return form | {name.replace("__", "-"): value for name, value in changed.items()}


def test_a_supervisor_sets_what_it_may_do_and_sees_what_that_would_have_meant(settled: list[Ticket], as_priya: Client, priya: User) -> None:
    shown = page(as_priya, "/evaluation/policies/")
    assert "75% right of 4" in shown and "2 confirmed, 1 corrected, 1 untouched" in shown
    assert as_priya.post("/evaluation/policies/", policies(category__mode="shadow", category__act_from="0.8")).status_code == 302
    assert policy.of("category") == policy.Policy("category", "shadow", 0.8, 0.15)
    row = ActionPolicy.objects.get()
    assert (row.action, row.changed_by) == ("category", priya)
    policy.forget_here()


@pytest.mark.parametrize("wrong", [{"category__act_from": "1.5"}, {"category__propose_from": "0.9"}, {"category__mode": "sometimes"}])
def test_what_makes_no_sense_is_refused_and_changes_nothing(wrong: dict[str, str], as_priya: Client) -> None:
    answer = as_priya.post("/evaluation/policies/", policies(**wrong))
    assert (answer.status_code == 422 and 'role="alert"' in answer.content.decode()) or "sometimes" in str(wrong)
    assert not ActionPolicy.objects.exists()


def test_one_switch_puts_everything_in_shadow_and_back(as_priya: Client, priya: User) -> None:
    ActionPolicy.objects.create(action="assignee", mode="off", act_from=0.9, propose_from=0.5)
    as_priya.post("/evaluation/policies/shadow/", {"on": "yes"})
    assert {policy.of(action).mode for action in ActionPolicy.DEFAULTS} == {"shadow", "off"}
    assert "Shadow mode is on" in page(as_priya, "/evaluation/policies/") and priya.name in page(as_priya, "/evaluation/policies/")
    as_priya.post("/evaluation/policies/shadow/", {"on": "no"})
    assert policy.of("category") == policy.default("category") and policy.of("assignee").mode == "off"


def test_the_chosen_bars_show_with_what_they_were_chosen_by(as_priya: Client) -> None:
    ActionPolicy.objects.create(
        action="queue",
        act_from=0.7,
        propose_from=0.4,
        measured_act_from=1.01,
        measured_propose_from=0.62,
        measured_of=75,
        measured_at=timezone.now(),
    )
    shown = page(as_priya, "/evaluation/policies/")
    assert "never acts" in shown and "proposes from 0.62" in shown and "chosen by 75 settled guesses" in shown
    assert "0 of 60 settled" in shown, "the others have nothing to choose by"


def test_agents_do_not_evaluate(as_maya: Client) -> None:
    assert as_maya.get("/evaluation/learning/").status_code == 403
