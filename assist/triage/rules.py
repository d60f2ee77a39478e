"""Rules as data: a `when` of named conditions over the facts of one ticket. Pure; used for priority and for escalation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

PRIORITIES = ("low", "normal", "high", "urgent")


@dataclass(frozen=True)
class Facts:
    """Everything that a rule may ask about."""

    category: str = "general"
    confidence: float = 1.0  # of the category
    label: str = "neutral"
    urgency: str = "low"
    frustration: float = 0.0
    trend: str = "stable"
    tier: str = ""
    signals: frozenset[str] = field(default_factory=frozenset)
    priority: str = "normal"
    previous_turns: int = 0

    def at_least(self, priority: str) -> Facts:
        return replace(self, priority=max(self.priority, priority, key=PRIORITIES.index))

    def at_most(self, priority: str) -> Facts:
        return replace(self, priority=min(self.priority, priority, key=PRIORITIES.index))

    def raised(self, steps: int) -> Facts:
        position = PRIORITIES.index(self.priority) + steps
        return replace(self, priority=PRIORITIES[max(0, min(position, len(PRIORITIES) - 1))])


@dataclass(frozen=True)
class Edited:
    """The company's rules in the form of our data files; None where ours hold."""

    escalation: list[dict[str, Any]] | None = None
    priority: dict[str, Any] | None = None
    indicators: Any = None  # tuple[frustration.Indicator, ...]


# Each condition says when it holds. "urgent" in a rule means priority urgent or urgency critical (contract section 4).
CONDITIONS: dict[str, Callable[[Facts, Any], bool]] = {
    "category": lambda facts, wanted: facts.category in wanted,
    "not_category": lambda facts, wanted: facts.category not in wanted,
    "confidence_from": lambda facts, wanted: facts.confidence >= wanted,
    "label": lambda facts, wanted: facts.label in wanted,
    "urgency": lambda facts, wanted: facts.urgency in wanted,
    "tier": lambda facts, wanted: facts.tier in wanted,
    "trend": lambda facts, wanted: facts.trend in wanted,
    "priority": lambda facts, wanted: facts.priority in wanted,
    "any_signal": lambda facts, wanted: bool(facts.signals & set(wanted)),
    "all_signals": lambda facts, wanted: facts.signals >= set(wanted),
    "no_signal": lambda facts, wanted: not facts.signals & set(wanted),
    "frustration_from": lambda facts, wanted: facts.frustration >= wanted,
    "turns_from": lambda facts, wanted: facts.previous_turns >= wanted,
    "urgent": lambda facts, wanted: (facts.priority == "urgent" or facts.urgency == "critical") is wanted,
}


def holds(when: dict[str, Any], facts: Facts) -> bool:
    """Whether all conditions hold. Raises LookupError for one that does not exist: a typing mistake must not silence a rule."""
    unknown = set(when) - set(CONDITIONS)
    if unknown:
        raise LookupError(f"unknown condition in a rule: {', '.join(sorted(unknown))}")
    return all(CONDITIONS[name](facts, wanted) for name, wanted in when.items())


NUMBERS = ("confidence_from", "frustration_from", "turns_from")


def checked(when: Any) -> dict[str, Any]:
    """The conditions, if each exists and has a value of its kind. Raises LookupError or TypeError that says which does not."""
    if not isinstance(when, dict):
        raise TypeError('conditions are an object, such as {"category": ["billing"]}')
    for name, wanted in when.items():
        if name not in CONDITIONS:
            raise LookupError(f"there is no condition {name!r}; there are {', '.join(CONDITIONS)}")
        if name == "urgent":
            if not isinstance(wanted, bool):
                raise TypeError("urgent is true or false")
        elif name in NUMBERS:
            if isinstance(wanted, bool) or not isinstance(wanted, int | float):
                raise TypeError(f"{name} is a number")
        elif not isinstance(wanted, list) or not wanted or not all(isinstance(one, str) for one in wanted):
            raise TypeError(f"{name} is a list of words")
    return when
