"""Every step that a workflow may use: what it needs, what it gives, and what it does.

A step is named as on the screen; what it gives is the field of `Outcome` of that name. `most` is how far a workflow wants it to
look (0: as far as usual); only the steps that have a depth read it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from assist.learning import people, recalling

from . import (
    articles,
    categorise,
    draft,
    entities,
    escalate,
    follow_up,
    hand_over,
    history,
    key_issues,
    language,
    prioritise,
    reading,
    sentiment,
    signals,
    similar,
    system_status,
)
from .outcome import Outcome

Work = Callable[[Outcome, int], Any]


@dataclass(frozen=True)
class Kind:
    """One kind of step. `needs` and `gives` name fields of Outcome; the case itself is always there."""

    gives: str
    work: Work
    needs: tuple[str, ...] = ()
    uses: tuple[str, ...] = ()  # read where given, done without where not
    deep: bool = False  # whether it has a depth


def _recall(found: Outcome, _most: int) -> recalling.Learned:
    vector = found.reading.vector
    return recalling.NOTHING if vector is None else recalling.recall(vector, besides=found.scope.ticket_id)


def _escalate(found: Outcome, _most: int) -> escalate.Escalation:
    return escalate.decide(found.facts, found.rules.escalation)


def _similar(found: Outcome, most: int) -> tuple[similar.Similar, ...]:
    scope = found.scope
    if scope.tickets is None:
        return ()
    return similar.find(found.reading, among=scope.tickets(found.category.category), customer_id=scope.customer_id, most=most)


def _respond(found: Outcome, _most: int) -> draft.Reply:
    scope, topic = found.scope, found.category.category
    return draft.compose(
        found.case,
        category=found.category,
        sentiment=found.sentiment,
        passages=found.knowledge,
        status=found.status,
        language=found.language,
        frames=scope.frames(found.reading.vector, topic, found.language) if scope.frames else (),
        on_record=scope.on_record(found.case.text) if scope.on_record else (),
    )


def _hand_over(found: Outcome, _most: int) -> hand_over.HandOver:
    return hand_over.brief(
        found.escalation,
        issues=found.key_issues,
        mood=found.sentiment,
        status=found.status,
        alike=found.similar,
        history=found.history,
    )


STEPS: dict[str, Kind] = {
    "ingest": Kind("reading", lambda f, _: reading.read(f.case)),
    "language": Kind("language", lambda f, _: language.detect(f.reading.text, hint=f.case.language), ("reading",)),
    "signals": Kind("signals", lambda f, _: signals.find(f.reading, language=f.language), ("reading",), ("language",)),
    "sentiment": Kind(
        "sentiment", lambda f, _: sentiment.feel(f.case, f.reading, f.signals, f.rules.indicators), ("reading",), ("signals",)
    ),
    "recall": Kind("learned", _recall, ("reading",)),
    "categorise": Kind(
        "category",
        lambda f, _: categorise.categorise(f.reading, language=f.language, learned=f.learned),
        ("reading",),
        ("language", "learned"),
    ),
    "entities": Kind("entities", lambda f, _: entities.extract(f.case.text, region=f.scope.region)),
    "key_issues": Kind("key_issues", lambda f, _: key_issues.choose(f.reading), ("reading",)),
    "prioritise": Kind(
        "priority",
        lambda f, _: prioritise.prioritise(f.facts, f.rules.priority, reading=f.reading, learned=f.learned),
        ("category", "sentiment"),
        ("signals", "learned"),
    ),
    "people": Kind("people", lambda f, _: people.suggest(f.learned.near), ("learned",)),
    "knowledge": Kind(
        "knowledge",
        lambda f, most: articles.look_up(f.reading, viewer=f.scope.viewer, language=f.language, most=most),
        ("reading",),
        ("language",),
        deep=True,
    ),
    "system_status": Kind(
        "status",
        lambda f, _: system_status.check(f.reading, category=f.category.category, at=f.case.received_at),
        ("reading",),
        ("category",),
    ),
    "similar": Kind("similar", _similar, ("reading",), ("category",), deep=True),
    "history": Kind("history", lambda f, _: history.look_back(f.scope.customer_id, besides=f.case.ticket_id)),
    "respond": Kind("reply", _respond, ("category", "sentiment"), ("reading", "knowledge", "status", "language")),
    "escalation": Kind("escalation", _escalate, ("priority",), ("category", "sentiment", "signals")),
    "hand_over": Kind("hand_over", _hand_over, ("escalation",), ("key_issues", "sentiment", "status", "similar", "history")),
    "follow_up": Kind("follow_up", lambda f, _: follow_up.plan(f.category.category, f.escalation.level), ("category",), ("escalation",)),
}

GIVEN_BY = {kind.gives: name for name, kind in STEPS.items()}


def inputs_of(name: str) -> tuple[str, ...]:
    """The steps whose values this one reads."""
    kind = STEPS[name]
    return tuple(GIVEN_BY[field] for field in (*kind.needs, *kind.uses))


def take(found: Outcome, name: str, value: Any) -> None:
    """Put a step's value where later steps read it. A rule of escalation may lift the priority, and says why."""
    setattr(found, STEPS[name].gives, value)
    if name == "escalation" and value.lifted_by:
        found.priority = replace(found.priority, priority=value.priority, reasons=(*found.priority.reasons, *value.lifted_by))
