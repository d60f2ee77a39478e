"""How soon somebody must look: each category starts somewhere, rules (`data/priority_rules.json`) move it and say why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .learned import data
from .rules import Facts, holds


@dataclass(frozen=True)
class Prioritised:
    priority: str
    reasons: tuple[str, ...]


UNKNOWN = Prioritised("normal", ("Priority could not be worked out",))


def prioritise(facts: Facts, rules: dict[str, Any] | None = None) -> Prioritised:
    """Apply the rules in their order: the first ones raise by steps, then come floors, then ceilings."""
    rules = rules or data("priority_rules")
    facts = Facts(**{**facts.__dict__, "priority": rules["start"].get(facts.category, "normal")})
    reasons = []
    for rule in rules["rules"]:
        if not holds(rule["when"], facts):
            continue
        moved = _moved(facts, rule)
        if moved.priority != facts.priority:
            reasons.append(rule["reason"])
            facts = moved
    return Prioritised(facts.priority, tuple(reasons) or (f"Usual for {facts.category.replace('_', ' ')}",))


def _moved(facts: Facts, rule: dict[str, Any]) -> Facts:
    if "at_least" in rule:
        return facts.at_least(rule["at_least"])
    if "at_most" in rule:
        return facts.at_most(rule["at_most"])
    return facts.raised(rule["raise"])
