from __future__ import annotations

import pytest

from assist.triage import escalate, prioritise
from assist.triage.rules import Facts, holds


@pytest.mark.parametrize(
    ("facts", "level", "priority"),
    [
        (Facts(label="very_negative", priority="urgent"), "senior_support", "urgent"),
        (Facts(label="very_negative", urgency="critical", priority="high"), "senior_support", "high"),
        (Facts(category="technical", tier="enterprise"), "technical_specialist", "normal"),
        (Facts(category="technical", tier="professional"), None, "normal"),
        (Facts(category="billing", signals=frozenset({"legal_threat"})), "legal", "urgent"),
        (Facts(category="privacy_legal"), "legal", "high"),
        (Facts(category="security"), "security", "urgent"),
        (Facts(category="data_loss"), "technical_specialist", "urgent"),
        (Facts(signals=frozenset({"asks_for_manager"})), "supervisor", "normal"),
        (Facts(category="feedback", label="very_positive"), None, "normal"),
    ],
)
def test_the_contracts_escalation_rules_hold(facts: Facts, level: str | None, priority: str) -> None:
    found = escalate.decide(facts)
    assert (found.level, found.priority, found.escalate) == (level, priority, level is not None)


def test_a_legal_threat_over_lost_data_goes_to_legal_and_to_a_specialist() -> None:
    found = escalate.decide(Facts(category="data_loss", signals=frozenset({"legal_threat"})))
    assert (found.level, found.also) == ("legal", ("technical_specialist",))
    assert len(found.reasons) == 2


@pytest.mark.parametrize("category", ["privacy_legal", "security", "data_loss"])
def test_a_mere_guess_at_the_category_escalates_nothing(category: str) -> None:
    assert escalate.decide(Facts(category=category, confidence=0.2)).escalate is False


def test_a_guess_that_the_words_confirm_does() -> None:
    assert escalate.decide(Facts(category="data_loss", confidence=0.2, signals=frozenset({"data_lost"}))).level == "technical_specialist"


def test_a_companys_own_rule_replaces_the_default_ones() -> None:
    rules = [{"name": "vip", "when": {"tier": ["vip"]}, "level": "supervisor", "at_least": "high", "reason": "A VIP"}]
    assert escalate.decide(Facts(category="security"), rules).escalate is False
    assert escalate.decide(Facts(tier="vip"), rules).priority == "high"


def test_a_misspelt_condition_is_refused_rather_than_ignored() -> None:
    with pytest.raises(LookupError, match="categroy"):
        holds({"categroy": ["billing"]}, Facts())


def test_money_taken_wrongly_is_high_and_says_why() -> None:
    found = prioritise.prioritise(Facts(category="billing", signals=frozenset({"wrongly_charged"})))
    assert found.priority == "high"
    assert found.reasons == ("Money may have been taken wrongly",)


def test_a_wish_stays_low_however_loud_it_is() -> None:
    assert prioritise.prioritise(Facts(category="feature_request", urgency="critical", frustration=0.9, label="negative")).priority in (
        "low",
        "normal",
    )


def test_an_outage_that_hits_many_is_urgent() -> None:
    assert prioritise.prioritise(Facts(category="technical", signals=frozenset({"outage", "many_affected"}))).priority == "urgent"


def test_every_priority_has_a_reason() -> None:
    assert prioritise.prioritise(Facts(category="general")).reasons == ("Usual for general",)
