"""Who else must see it: the contract's escalation rules as data (`data/escalation_rules.json`), applied in their order.

The first rule that holds names the level; the others stay as further levels and reasons. A rule may lift the priority, and
later rules see the lifted one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .learned import data
from .rules import Facts, holds


@dataclass(frozen=True)
class Escalation:
    escalate: bool = False
    level: str | None = None  # senior_support | technical_specialist | legal | security | supervisor
    also: tuple[str, ...] = ()  # further levels that apply
    reasons: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    priority: str = "normal"  # after lifting
    lifted_by: tuple[str, ...] = ()  # reasons of the rules that lifted it


def decide(facts: Facts, rules: list[dict[str, Any]] | None = None) -> Escalation:
    applied: list[dict[str, Any]] = []
    lifted: list[str] = []
    for rule in rules or data("escalation_rules"):
        if not holds(rule["when"], facts):
            continue
        applied.append(rule)
        before = facts.priority
        facts = facts.at_least(rule.get("at_least", before))
        if facts.priority != before:
            lifted.append(rule["reason"])
    levels = list(dict.fromkeys(rule["level"] for rule in applied))
    return Escalation(
        escalate=bool(applied),
        level=levels[0] if levels else None,
        also=tuple(levels[1:]),
        reasons=tuple(rule["reason"] for rule in applied),
        rules=tuple(rule["name"] for rule in applied),
        priority=facts.priority,
        lifted_by=tuple(lifted),
    )
