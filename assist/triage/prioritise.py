"""How soon somebody must look: each category starts somewhere, rules (`data/priority_rules.json`) move it and say why.

What the company's people set on tickets like this one is heard too; below a floor that a rule sets it never goes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from assist.learning import deciding, recalling

from .learned import data
from .reading import Reading
from .rules import PRIORITIES, Facts, holds

FIELD = "priority"
OF_RULES = 0.6  # what the rules' own choice weighs against what people set


@dataclass(frozen=True)
class Prioritised:
    priority: str
    reasons: tuple[str, ...]
    confidence: float = 0.0


UNKNOWN: Prioritised = Prioritised("normal", ("Priority could not be worked out",))


def prioritise(
    facts: Facts,
    rules: dict[str, Any] | None = None,
    *,
    reading: Reading | None = None,
    learned: recalling.Learned = recalling.NOTHING,
) -> Prioritised:
    """What the rules say, and then what people set on tickets like this one."""
    by_rule, floor = _by_rules(facts, rules)
    company, near = learned.companies.get(FIELD), learned.labelled(FIELD)
    if reading is None or (company is None and not near):
        return by_rule
    return _with_company(by_rule, floor, reading, company, near)


def _with_company(
    by_rule: Prioritised, floor: str, reading: Reading, company: recalling.Company | None, near: Sequence[recalling.Labelled]
) -> Prioritised:
    own = dict.fromkeys(PRIORITIES, (1 - OF_RULES) / (len(PRIORITIES) - 1)) | {by_rule.priority: OF_RULES}
    theirs = None
    if company and reading.vector is not None:
        shares = company.taught.shares(reading.vector, reading.text, [one.neighbour for one in near])
        theirs = {label: float(share) for label, share in zip(company.taught.labels, shares, strict=True)}
    mixed = deciding.mixed(own, theirs, company.examples if company else 0, deciding.fresh_of(near, company))
    best = max(PRIORITIES, key=lambda priority: mixed.get(priority, 0.0))
    best = max(best, floor, key=PRIORITIES.index) if floor else best
    sure = round(mixed.get(best, 0.0), 3)
    if best == by_rule.priority:
        return replace(by_rule, confidence=sure)
    return Prioritised(best, (f"Colleagues set tickets like this to {best}",), sure)


def _by_rules(facts: Facts, rules: dict[str, Any] | None) -> tuple[Prioritised, str]:
    """(what they say, below which priority nothing may go): the first rules raise by steps, then come floors, then ceilings."""
    rules = rules or data("priority_rules")
    facts = Facts(**{**facts.__dict__, "priority": rules["start"].get(facts.category, "normal")})
    reasons, floor = [], ""
    for rule in rules["rules"]:
        if not holds(rule["when"], facts):
            continue
        floor = max(floor or PRIORITIES[0], rule.get("at_least", PRIORITIES[0]), key=PRIORITIES.index)
        moved = _moved(facts, rule)
        if moved.priority != facts.priority:
            reasons.append(rule["reason"])
            facts = moved
    why = tuple(reasons) or (f"Usual for {facts.category.replace('_', ' ')}",)
    return Prioritised(facts.priority, why, facts.confidence), floor if floor != PRIORITIES[0] else ""


def _moved(facts: Facts, rule: dict[str, Any]) -> Facts:
    if "at_least" in rule:
        return facts.at_least(rule["at_least"])
    if "at_most" in rule:
        return facts.at_most(rule["at_most"])
    return facts.raised(rule["raise"])
