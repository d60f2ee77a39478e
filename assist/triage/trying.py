"""Trying a rule or a workflow before it counts: on past tickets, and on one ticket. Nothing is stored."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from assist.models import OwnWorkflow, TriageRun
from helpdesk.core.errors import NotFound
from tickets.models import Ticket

from .arrival import case_of, scope_of
from .pipeline import analyse
from .rulebook import Rulebook
from .rules import Facts, holds

LAST = 500  # runs


def count(when: dict[str, Any]) -> tuple[int, int]:
    """(how many of the last runs it would have met, how many there were). Raises LookupError for an unknown condition."""
    runs = TriageRun.objects.select_related("ticket__customer__organisation").order_by("-created_at")[:LAST]
    tried = [_facts(run) for run in runs]
    return sum(holds(when, facts) for facts in tried), len(tried)


def walk(own: OwnWorkflow, number: str) -> str:
    """The steps that this ticket would take. Raises NotFound, or Invalid where the workflow does not parse."""
    ticket = Ticket.objects.filter(number=number).first()
    message = ticket.messages.from_customer().public().in_order().last() if ticket else None
    if ticket is None or message is None:
        raise NotFound(f"There is no ticket {number} with a message of a customer")
    scope = replace(scope_of(ticket), workflow=own.name, threads=False)
    outcome = analyse(case_of(message), scope=scope, rules=Rulebook((own.parsed(),)))
    begun = next(n for n, step in enumerate(outcome.steps) if step.name == "route")
    return ", ".join(step.name for step in outcome.steps[begun + 1 :])


def _facts(run: TriageRun) -> Facts:
    analysis = run.result.get("analysis", {})
    mood, customer = analysis.get("sentiment", {}), run.ticket.customer
    organisation = customer.organisation.tier if customer.organisation else ""
    return Facts(
        category=analysis.get("category", "general"),
        confidence=analysis.get("category_confidence", 0.0),
        label=mood.get("label", "neutral"),
        urgency=mood.get("urgency", "low"),
        frustration=mood.get("frustration_score", 0.0),
        trend=mood.get("trend", "stable"),
        tier=(organisation or customer.tier).lower(),
        signals=frozenset(analysis.get("signals", {})),
        priority=analysis.get("priority", "normal"),
    )
