"""Rules that start each other: found before they are saved, as far as rules can be read without running them. Pure.

A leads to B where A makes a kind of event that B hears, unless B asks for another value than the one that A sets. The loop guard
stops such a circle at run time; the person who writes it should know all the same.
"""

from __future__ import annotations

from collections.abc import Iterable

from tickets.models import Rule

from .actions import KINDS


def circles(rules: Iterable[Rule]) -> list[list[Rule]]:
    """Every circle once, each as the rules in the order in which they start each other."""
    events = [rule for rule in rules if rule.trigger == Rule.Trigger.EVENT]
    leads = {rule.pk: [other for other in events if leads_to(rule, other)] for rule in events}
    found: list[list[Rule]] = []
    for first in events:  # the lowest rule of a circle finds it; the others are not asked again
        _walk(first, [first], leads, {rule.pk: n for n, rule in enumerate(events)}, found)
    return found


def leads_to(rule: Rule, other: Rule) -> bool:
    """Whether what one rule does may start the other."""
    for action in rule.actions:
        kind = KINDS.get(str(action.get("do")))
        if kind and kind.starts in other.kinds and not _otherwise(other, kind.field, str(action.get("value", ""))):
            return True
    return False


def _walk(first: Rule, path: list[Rule], leads: dict, rank: dict, found: list[list[Rule]]) -> None:  # type: ignore[type-arg]
    if len(found) >= 20 or len(path) > 6:  # noqa: PLR2004 - enough to be warned by; longer ones the depth limit ends
        return
    for following in leads[path[-1].pk]:
        if following.pk == first.pk:
            found.append(path)
        elif rank[following.pk] > rank[first.pk] and following not in path:
            _walk(first, [*path, following], leads, rank, found)


def _otherwise(rule: Rule, field: str, value: str) -> bool:
    """Whether the rule asks for another value of this field than the one just set: then it does not hold."""
    if field not in ("status", "priority", "queue", "assignee"):
        return False
    for condition in rule.conditions.get("all", ()):
        if condition.get("field") == field and (condition.get("op") == "is") != (condition.get("value") == value):
            return True
    return False
