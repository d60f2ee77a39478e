"""The contract's routing rules, as a table."""

from __future__ import annotations

from typing import Any

import pytest

from assist.chat.routing import Reason, Situation, Step, Way, route

TABLE: list[tuple[dict[str, Any], Way]] = [
    ({"intent": "question"}, Way(Step.ANSWER)),
    ({"intent": "complaint", "act": "complaint"}, Way(Step.ANSWER)),
    ({"intent": "request", "act": "create_ticket"}, Way(Step.TOOL)),
    ({"intent": "greeting", "act": "greeting"}, Way(Step.TALK)),
    ({"intent": "feedback", "act": "feedback"}, Way(Step.TALK)),
    ({"intent": "goodbye", "act": "goodbye"}, Way(Step.TALK)),
    ({"intent": "other", "act": "other"}, Way(Step.TALK)),
    ({"frustration": 0.79}, Way(Step.ANSWER)),
    ({"frustration": 0.8}, Way(Step.ESCALATE, Reason.FRUSTRATION)),
    ({"frustration": 0.8, "intent": "greeting", "act": "greeting"}, Way(Step.ESCALATE, Reason.FRUSTRATION)),
    ({"frustrated_lines": 2}, Way(Step.ANSWER)),
    ({"frustrated_lines": 3}, Way(Step.ESCALATE, Reason.STAYS_FRUSTRATED)),
    ({"trend": "declining", "polarity": -0.49}, Way(Step.ANSWER)),
    ({"trend": "declining", "polarity": -0.5}, Way(Step.ESCALATE, Reason.DECLINING)),
    ({"trend": "stable", "polarity": -0.9}, Way(Step.ANSWER)),
    ({"act": "human", "intent": "request"}, Way(Step.ESCALATE, Reason.ASKED)),
    ({"act": "human", "intent": "request", "pending": True}, Way(Step.ESCALATE, Reason.ASKED)),
    ({"risk": True}, Way(Step.ESCALATE, Reason.RISK)),
    ({"promise": True}, Way(Step.ESCALATE, Reason.PROMISE)),
    ({"failures": 2}, Way(Step.ESCALATE, Reason.FAILED)),
    ({"pending": True}, Way(Step.GO_ON)),
    ({"pending": True, "frustration": 0.9}, Way(Step.ESCALATE, Reason.FRUSTRATION)),
]


@pytest.mark.parametrize(("now", "way"), TABLE)
def test_the_first_rule_that_holds_decides(now: dict[str, Any], way: Way) -> None:
    assert route(Situation(**now), threshold=-0.5) == way


def test_the_threshold_is_a_setting() -> None:
    now = Situation(trend="declining", polarity=-0.3)
    assert route(now, threshold=-0.2).step == Step.ESCALATE
    assert route(now, threshold=-0.5).step == Step.ANSWER
