"""What is to be done with a line: the contract's rules (section 3), pure and in order. The first that holds decides."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

ESCALATE_AT = 0.8  # frustration of one line
FRUSTRATED, FRUSTRATED_LINES = 0.5, 3  # so many frustrated lines, anywhere in one conversation
MOST_FAILURES = 2  # questions in a row without an answer


class Step(StrEnum):
    ESCALATE = "escalate"  # a person
    GO_ON = "go_on"  # with what was begun: a tool waits for something
    ANSWER = "answer"  # from what we know
    TOOL = "tool"
    TALK = "talk"  # a direct, friendly answer


class Reason(StrEnum):
    NONE = ""
    FRUSTRATION = "very frustrated"
    STAYS_FRUSTRATED = "frustrated again and again"
    DECLINING = "mood is declining"
    RISK = "a matter for people"
    ASKED = "asked for a person"
    FAILED = "no answer was found"
    PROMISE = "asks for money or a promise"


@dataclass(frozen=True)
class Situation:
    """All that the rules look at."""

    intent: str = "question"
    act: str = "question"
    frustration: float = 0.0
    frustrated_lines: int = 0  # with this one
    polarity: float = 0.0
    trend: str = "stable"  # improving | stable | declining
    risk: bool = False
    promise: bool = False
    pending: bool = False
    failures: int = 0  # before this line


@dataclass(frozen=True)
class Way:
    step: Step
    reason: Reason = Reason.NONE


def route(now: Situation, *, threshold: float) -> Way:
    """`threshold` is HANDOFF_THRESHOLD."""
    people = (
        (now.frustration >= ESCALATE_AT, Reason.FRUSTRATION),
        (now.frustrated_lines >= FRUSTRATED_LINES, Reason.STAYS_FRUSTRATED),
        (now.trend == "declining" and now.polarity <= threshold, Reason.DECLINING),
        (now.act == "human", Reason.ASKED),
        (now.risk, Reason.RISK),
        (now.promise, Reason.PROMISE),
        (now.failures >= MOST_FAILURES, Reason.FAILED),
    )
    for holds, reason in people:
        if holds:
            return Way(Step.ESCALATE, reason)
    if now.pending:
        return Way(Step.GO_ON)
    if now.intent == "request":
        return Way(Step.TOOL)
    return Way(Step.TALK if now.intent in ("greeting", "feedback", "goodbye", "other") else Step.ANSWER)
