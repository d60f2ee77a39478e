"""The form of a rule: rows of conditions and actions as plain fields, read from a POST and shown again as they were sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _

from helpdesk.core.models import User
from tickets.models import Rule
from tickets.rules import actions
from tickets.rules.fields import FIELDS, TRIGGERS, Field
from tickets.rules.wording import Words, every

EVERY = (5, 15, 60, 240, 1440, 10080)  # minutes
GROUPS = ("all", "any")


@dataclass
class ConditionRow:
    """One line of conditions; an empty one is there to be filled in."""

    group: str
    words: Words
    field: str = ""
    op: str = ""
    value: str = ""

    @property
    def chosen(self) -> Field | None:
        return FIELDS.get(self.field)

    @property
    def fields(self) -> list[Field]:
        return list(FIELDS.values())

    @property
    def choices(self) -> Mapping[str, Any]:
        return self.words.fields.get(self.field, {})

    @property
    def missing(self) -> bool:
        """The value is none of the choices any more; it is shown, so that nobody saves another by accident."""
        return bool(self.choices) and self.value not in self.choices


@dataclass
class ActionRow:
    words: Words
    do: str = ""
    value: str = ""
    text: str = ""

    @property
    def chosen(self) -> actions.Kind | None:
        return actions.KINDS.get(self.do)

    @property
    def kinds(self) -> list[actions.Kind]:
        return list(actions.KINDS.values())

    @property
    def choices(self) -> Mapping[str, Any]:
        return self.words.actions.get(self.do, {})

    @property
    def missing(self) -> bool:
        return bool(self.choices) and self.value not in self.choices

    @property
    def long(self) -> bool:
        return self.do in ("note", "reply")


@dataclass
class RuleForm:
    """What the page shows of a rule."""

    rule: Rule
    words: Words = field(default_factory=Words)

    @property
    def all(self) -> list[ConditionRow]:
        return self._conditions("all")

    @property
    def any(self) -> list[ConditionRow]:
        return self._conditions("any")

    @property
    def then(self) -> list[ActionRow]:
        rows = [ActionRow(self.words, **{key: str(one.get(key, "")) for key in ("do", "value", "text")}) for one in self.rule.actions]
        return [*rows, ActionRow(self.words)]

    @property
    def triggers(self) -> list[tuple[str, Any, bool]]:
        return [(kind, label, kind in self.rule.kinds) for kind, label in TRIGGERS.items()]

    @property
    def schedules(self) -> list[tuple[int, str]]:
        return [(minutes, every(minutes)) for minutes in sorted({*EVERY, self.rule.every_minutes})]

    def _conditions(self, group: str) -> list[ConditionRow]:
        stored = self.rule.conditions.get(group, ())
        rows = [ConditionRow(group, self.words, **{key: str(one.get(key, "")) for key in ("field", "op", "value")}) for one in stored]
        return [*rows, ConditionRow(group, self.words)]


def fill(rule: Rule, post: QueryDict, by: User) -> None:
    """Put what was sent into the rule, unsaved. Rows without a field are no rows."""
    rule.name = post.get("name", "").strip()[:120]
    rule.trigger = post.get("trigger", "") if post.get("trigger") in Rule.Trigger.values else Rule.Trigger.EVENT
    rule.kinds = [kind for kind in post.getlist("kinds") if kind in TRIGGERS] if rule.trigger == Rule.Trigger.EVENT else []
    try:
        rule.every_minutes = min(int(post.get("every_minutes", "60")), 10**6)
    except ValueError:
        rule.every_minutes = 0  # refused, in words
    rule.conditions = {group: _rows(post, group, ("field", "op", "value")) for group in GROUPS}
    rule.actions = _rows(post, "then", ("do", "value", "text"))
    rule.stops, rule.may_write = "stops" in post, "may_write" in post
    rule.zone = by.time_zone or "UTC"


def _rows(post: QueryDict, group: str, keys: tuple[str, ...]) -> list[dict[str, str]]:
    columns = [post.getlist(f"{group}-{key}") for key in keys]
    return [dict(zip(keys, row, strict=True)) for row in zip(*columns, strict=False) if row[0]]


def example() -> Rule:
    """What a new rule begins as."""
    return Rule(name="", kinds=["ticket.created"], conditions={}, actions=[], every_minutes=60)


def title(rule: Rule) -> str:
    return rule.name or _("New rule")
