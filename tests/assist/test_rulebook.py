"""What supervisors edit counts from the next message on; what cannot work is refused with the reason."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError

from assist.models import EscalationRule, FrustrationIndicator, OwnWorkflow, PriorityRule, TriageRun
from assist.triage import frustration
from assist.triage.case import Case
from assist.triage.learned import data
from assist.triage.outcome import Scope
from assist.triage.pipeline import analyse
from helpdesk.core.models import User
from tests.cast import signed_in
from tickets.models import Ticket

pytestmark = pytest.mark.django_db
PLAIN = Case(subject="Question", body="The blue lamp on the router blinks. What does it mean?")


def test_the_tables_begin_with_what_we_ship() -> None:
    assert [rule.as_data() for rule in EscalationRule.objects.all()] == data("escalation_rules")
    assert [rule.as_data() for rule in PriorityRule.objects.all()] == data("priority_rules")["rules"]
    assert FrustrationIndicator.objects.count() == len(data("frustration")) >= 50


def test_an_edited_indicator_counts_on_the_next_message() -> None:
    before = analyse(PLAIN, scope=Scope()).sentiment
    indicator = FrustrationIndicator.objects.create(pattern="blue lamp", weight=0.9, reason="the blue lamp")
    after = analyse(PLAIN, scope=Scope()).sentiment
    assert "the blue lamp" in after.frustration_reasons
    assert after.frustration_score > before.frustration_score
    FrustrationIndicator.objects.filter(pk=indicator.pk).update(is_active=False)
    assert "the blue lamp" not in analyse(PLAIN, scope=Scope()).sentiment.frustration_reasons


def test_an_edited_rule_of_escalation_and_of_priority_counts_on_the_next_message() -> None:
    when = {"tier": ["gold"]}
    EscalationRule.objects.create(name="gold", when=when, level="supervisor", reason="Gold customers", position=99)
    PriorityRule.objects.create(name="gold", when=when, effect="at_least", value="urgent", reason="Gold is urgent", position=99)
    outcome = analyse(PLAIN.model_copy(update={"metadata": {"tier": "gold"}}), scope=Scope())
    assert (outcome.escalation.level, outcome.priority.priority) == ("supervisor", "urgent")
    assert not analyse(PLAIN, scope=Scope()).escalation.escalate


def test_empty_tables_mean_our_own_rules() -> None:
    EscalationRule.objects.all().delete()
    outcome = analyse(Case(subject="Court", body="Our lawyer will take you to court."), scope=Scope())
    assert outcome.escalation.level == "legal"


@pytest.mark.parametrize(
    "row",
    [
        EscalationRule(name="x", when={"moon": 1}, level="legal", reason="x"),
        EscalationRule(name="x", when=["a"], level="legal", reason="x"),
        PriorityRule(name="x", when={}, effect="raise", value="urgent", reason="x"),
        PriorityRule(name="x", when={"urgent": "yes"}, effect="at_least", value="high", reason="x"),
        FrustrationIndicator(pattern="(", weight=0.5, reason="x"),
        FrustrationIndicator(pattern="(?=a)b", weight=0.5, reason="x"),
        FrustrationIndicator(pattern=r"(a)\1", weight=0.5, reason="x"),
        FrustrationIndicator(pattern=r"\bété", weight=0.5, reason="x"),
        FrustrationIndicator(pattern="a", weight=2, reason="x"),
        OwnWorkflow(name="standard", title="x", stages=[]),
        OwnWorkflow(name="mine", title="x", stages=["dance"]),
    ],
)
def test_what_cannot_work_is_refused(row: Any) -> None:
    with pytest.raises(ValidationError):
        row.full_clean()


def test_a_pattern_that_would_take_for_ever_elsewhere_is_searched_at_once() -> None:
    """A backtracking engine needs 2^60 steps for this text: the test would not end."""
    indicator = FrustrationIndicator(pattern="^(x+x+)+y$", weight=0.5, reason="many")
    indicator.full_clean()
    [compiled] = frustration.compiled([indicator.as_data()])
    assert compiled.pattern.search("x" * 60) is None
    assert compiled.pattern.search("X" * 60 + "y") is not None


def test_a_pattern_of_earlier_days_that_cannot_be_searched_silences_only_itself() -> None:
    FrustrationIndicator.objects.create(pattern="(?<=a)b", weight=0.5, reason="before")
    FrustrationIndicator.objects.create(pattern="blue lamp", weight=0.9, reason="the blue lamp")
    assert "the blue lamp" in analyse(PLAIN, scope=Scope()).sentiment.frustration_reasons


def test_a_workflow_is_tried_on_a_ticket_before_it_is_saved(priya: User, ticket: Ticket) -> None:
    client = signed_in(priya)
    form = {"name": "mine", "title": "Mine", "when": "[]", "stages": '["knowledge", "respond"]', "position": "0", "is_active": "on"}
    tried = client.post("/admin/assist/ownworkflow/add/", {**form, "try_on": ticket.number}).content.decode()
    assert "Not saved yet" in tried
    assert "knowledge, respond" in tried
    assert not OwnWorkflow.objects.exists()
    assert client.post("/admin/assist/ownworkflow/add/", form).status_code == 302
    assert OwnWorkflow.objects.get().is_active
    assert not TriageRun.objects.exists()
