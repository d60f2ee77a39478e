"""A rule in a sentence, for the list and the history: "When a ticket arrives and the priority is Urgent, then tell the assignee"."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from helpdesk.core import clock
from tickets.models import Rule

from . import actions
from .fields import FIELDS, TRIGGERS


class Words:
    """The choices behind ids, read once for a page, however many rules stand on it."""

    @cached_property
    def fields(self) -> dict[str, Mapping[str, Any]]:
        return {name: field.choices() for name, field in FIELDS.items() if field.choices}

    @cached_property
    def actions(self) -> dict[str, Mapping[str, Any]]:
        people = {key: value for key, value in self.fields["assignee"].items() if key}
        special = {"notify": {**actions.WHO, **people}, **{name: actions.choices_of(name) for name in ("escalate", "webhook")}}
        return {**{name: self.fields.get(kind.field, {}) for name, kind in actions.KINDS.items() if kind.value == "choice"}, **special}

    def when(self, rule: Rule) -> str:
        if rule.trigger == Rule.Trigger.EVENT:
            return _(" or ").join(str(TRIGGERS.get(kind, kind)) for kind in rule.kinds)
        return every(rule.every_minutes)

    def conditions(self, rule: Rule, group: str) -> list[str]:
        return [said for one in rule.conditions.get(group, ()) if (said := self.condition(one))]

    def condition(self, one: Mapping[str, Any]) -> str:
        field = FIELDS.get(str(one.get("field")))
        if field is None:
            return ""
        value = str(one.get("value", ""))
        shown = str(self.fields.get(field.name, {}).get(value, value)) if field.choices else value
        op = str(field.ops.get(str(one.get("op")), ""))
        if field.kind in ("since", "until"):
            return f"{field.label} {op.replace('…', shown)}"
        return f"{field.label} {op} {shown}"

    def deeds(self, rule: Rule) -> list[str]:
        return [actions.said(one, self.actions) for one in rule.actions if one.get("do") in actions.KINDS]


def every(minutes: int) -> str:
    """How often, in words."""
    if minutes == 60:  # noqa: PLR2004 - an hour
        return _("every hour")
    if minutes == 60 * 24:
        return _("every day")
    if minutes < 60:  # noqa: PLR2004
        return ngettext("every minute", "every %(n)d minutes", minutes) % {"n": minutes}
    return _("every %(time)s") % {"time": clock.span(minutes * 60)}
