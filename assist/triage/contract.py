"""An outcome in the words of contract section 4."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from .steps import Step

if TYPE_CHECKING:
    from .outcome import Outcome


def as_contract(found: Outcome) -> dict[str, Any]:
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
        "hand_over": asdict(found.hand_over),
        "follow_up": asdict(found.follow_up),
        "response": asdict(found.reply),
        "workflow": {"name": found.workflow, "routes": list(found.routes)},
        "metrics": {"total_ms": found.total_ms, "errors": list(found.errors), "steps": [_step(step) for step in found.steps]},
    }


def _analysis(found: Outcome) -> dict[str, Any]:
    return {
        "category": found.category.category,
        "category_confidence": found.category.confidence,
        "category_why": found.category.why,
        "category_alternatives": [{"category": slug, "confidence": share} for slug, share in found.category.alternatives],
        "learned_from": found.category.learned_from,
        "suggested": [{"field": one.field, "value": one.label, "name": one.name, "confidence": one.confidence} for one in found.people],
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
