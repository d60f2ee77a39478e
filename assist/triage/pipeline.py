"""Triage, step by step. This file is the table of contents; each step is the file of its name.

outcome = analyse(case, scope=Scope(viewer=agent, tickets=...))      # thinks; stores nothing
outcome.result()                                                     # contract section 4
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from tickets.models import Ticket

from . import (
    articles,
    categorise,
    draft,
    entities,
    escalate,
    key_issues,
    language,
    prioritise,
    reading,
    sentiment,
    signals,
    similar,
    system_status,
)
from .case import Case
from .rules import Facts
from .steps import Job, Recorder, Step


@dataclass(frozen=True)
class Scope:
    """What may be shown to whoever asks."""

    viewer: Any = None  # for articles
    tickets: Callable[[str], QuerySet[Ticket]] | None = None  # which tickets may be shown as similar, given the category
    customer_id: UUID | None = None
    region: str | None = None  # for local phone numbers
    threads: bool = True  # independent steps side by side; a batch has its own workers


@dataclass(frozen=True)
class Outcome:
    """Everything that was found out about a ticket."""

    case: Case
    reading: reading.Reading
    language: str
    signals: signals.Signals
    sentiment: sentiment.Sentiment
    category: categorise.Categorised
    priority: prioritise.Prioritised
    entities: entities.Entities
    key_issues: tuple[str, ...]
    knowledge: tuple[articles.Passage, ...]
    status: system_status.SystemStatus
    similar: tuple[similar.Similar, ...]
    escalation: escalate.Escalation
    reply: draft.Reply
    steps: tuple[Step, ...]
    errors: tuple[str, ...]
    total_ms: float

    def result(self) -> dict[str, Any]:
        """The JSON of contract section 4."""
        return _as_contract(self)


def analyse(case: Case, *, scope: Scope) -> Outcome:
    """Understand one ticket. A step that fails is on the record, and the rest works with what there is. Stores nothing."""
    run = Recorder(threads=scope.threads)
    text = run.step("ingest", partial(reading.read, case), reading.without_vectors(case))
    spoken = run.step("language", partial(language.detect, text.text, hint=case.language), language.FALLBACK)
    found = run.step("signals", partial(signals.find, text, language=spoken), signals.Signals())
    mood = run.step("sentiment", partial(sentiment.feel, case, text, found), sentiment.UNKNOWN)
    topic = run.step("categorise", partial(categorise.categorise, text, language=spoken), categorise.UNKNOWN)
    named = run.step("entities", partial(entities.extract, case.text, region=scope.region), entities.Entities())
    issues = run.step("key_issues", partial(key_issues.choose, text), key_issues.NONE)
    facts = _facts(case, topic, mood, found)
    urgency = run.step("prioritise", partial(prioritise.prioritise, facts), prioritise.UNKNOWN)
    up = run.step(
        "escalation", partial(escalate.decide, replace(facts, priority=urgency.priority)), escalate.Escalation(priority=urgency.priority)
    )
    passages, status, alike = run.side_by_side(
        Job("knowledge", partial(articles.look_up, text, viewer=scope.viewer, language=spoken), ()),
        Job(
            "system_status", partial(system_status.check, text, category=topic.category, at=case.received_at), system_status.SystemStatus()
        ),
        Job("similar", partial(_similar, text, scope, topic.category), ()),
    )
    reply = run.step(
        "respond",
        partial(draft.compose, case, category=topic, sentiment=mood, passages=passages, status=status, language=spoken),
        draft.Reply(),
    )
    lifted = prioritise.Prioritised(up.priority, (*urgency.reasons, *up.lifted_by)) if up.lifted_by else urgency
    return Outcome(
        case,
        text,
        spoken,
        found,
        mood,
        topic,
        lifted,
        named,
        issues,
        passages,
        status,
        alike,
        up,
        reply,
        tuple(run.steps),
        tuple(run.errors),
        run.total_ms,
    )


def _facts(case: Case, topic: categorise.Categorised, mood: sentiment.Sentiment, found: signals.Signals) -> Facts:
    """What the rules of priority and escalation ask about."""
    return Facts(
        category=topic.category,
        confidence=topic.confidence,
        label=mood.label,
        urgency=mood.urgency,
        frustration=mood.frustration_score,
        trend=mood.trend,
        tier=case.tier,
        signals=frozenset(found.found),
        previous_turns=len(case.earlier),
    )


def _similar(text: reading.Reading, scope: Scope, category: str) -> tuple[similar.Similar, ...]:
    return similar.find(text, among=scope.tickets(category), customer_id=scope.customer_id) if scope.tickets else ()


def _as_contract(found: Outcome) -> dict[str, Any]:
    return {
        "ticket_id": found.case.ticket_id,
        "analysis": _analysis(found),
        "knowledge": [{**asdict(one), "steps": list(one.steps)} for one in found.knowledge],
        "system_status": asdict(found.status),
        "similar_tickets": [asdict(one) for one in found.similar],
        "escalation": {
            "escalate": found.escalation.escalate,
            "level": found.escalation.level,
            "also": list(found.escalation.also),
            "reasons": list(found.escalation.reasons),
            "rules": list(found.escalation.rules),
        },
        "response": asdict(found.reply),
        "metrics": {"total_ms": found.total_ms, "errors": list(found.errors), "steps": [_step(step) for step in found.steps]},
    }


def _analysis(found: Outcome) -> dict[str, Any]:
    return {
        "category": found.category.category,
        "category_confidence": found.category.confidence,
        "category_why": found.category.why,
        "category_alternatives": [{"category": slug, "confidence": share} for slug, share in found.category.alternatives],
        "priority": found.priority.priority,
        "priority_reasons": list(found.priority.reasons),
        "sentiment": asdict(found.sentiment),
        "key_issues": list(found.key_issues),
        "error_codes": list(found.entities.error_codes),
        "entities": [asdict(entity) for entity in found.entities.all],
        "signals": dict(found.signals.found),
        "language": found.language,
    }


def _step(step: Step) -> dict[str, Any]:
    return {
        "name": step.name,
        "ms": step.ms,
        "engine": step.engine,
        "tokens_in": step.tokens_in,
        "tokens_out": step.tokens_out,
        "cost_usd": step.cost_usd,
        **({"error": step.error} if step.error else {}),
    }
