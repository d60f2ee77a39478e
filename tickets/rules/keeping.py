"""Saving, ordering and switching rules; each change is an event with its author."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from helpdesk.core.errors import Invalid
from helpdesk.core.events import record
from helpdesk.core.models import User
from tickets.models import Rule

from . import actions, circles, conditions
from .fields import TRIGGERS

MOST_RULES = 200
MOST_MINUTES = 60 * 24 * 31


def problems(rule: Rule) -> list[str]:
    """What must be mended before a rule can be kept."""
    by_clock = rule.trigger == Rule.Trigger.SCHEDULE
    found = [] if rule.name.strip() else [_("Give the rule a name.")]
    if not by_clock and not rule.kinds:
        found.append(_("Say what starts the rule."))
    found += [_("“%(kind)s” starts no rules.") % {"kind": kind} for kind in rule.kinds if kind not in TRIGGERS]
    if by_clock and not 1 <= rule.every_minutes <= MOST_MINUTES:
        found.append(_("A schedule is between a minute and a month."))
    if by_clock and not (rule.conditions.get("all") if isinstance(rule.conditions, dict) else None):
        found.append(_("A rule on a schedule needs a condition: else it would meet every ticket there is."))
    return found + conditions.problems(rule.conditions, by_clock=by_clock) + actions.problems(rule.actions)


def warnings(rule: Rule) -> list[str]:
    """What its author should know: it may be kept all the same."""
    others = list(Rule.objects.filter(is_active=True).exclude(pk=rule.pk))
    found = [circle for circle in circles.circles([*others, rule]) if rule in circle]
    lines = [_circle(circle) for circle in found]
    if any(action.get("do") == "reply" for action in rule.actions) and not rule.may_write:
        lines.append(_("This rule writes to customers, but may not yet: nothing is sent until you allow it."))
    return lines


def save(rule: Rule, *, by: User) -> Rule:
    """Keep it. Raises Invalid with everything that is wrong."""
    if found := problems(rule):
        raise Invalid(" ".join(found))
    with transaction.atomic():
        if rule._state.adding:
            if Rule.objects.count() >= MOST_RULES:
                raise Invalid(_("At most %(n)d rules.") % {"n": MOST_RULES})
            rule.position = (Rule.objects.aggregate(last=Max("position"))["last"] or 0) + 1
            rule.created_by = by
        rule.updated_at = timezone.now()
        rule.next_run_at = next_run(rule)
        rule.save()
        _tell(rule, "saved", by)
    return rule


def switch(rule: Rule, on: bool, *, by: User) -> None:
    """Raises Invalid for a rule that names what is no more."""
    if on and (found := problems(rule)):
        raise Invalid(" ".join(found))
    with transaction.atomic():
        rule.is_active = on
        rule.next_run_at = next_run(rule)
        rule.save(update_fields=["is_active", "next_run_at"])
        _tell(rule, "on" if on else "off", by)


def remove(rule: Rule, *, by: User) -> None:
    """With its log. What it did stays done."""
    with transaction.atomic():
        _tell(rule, "removed", by)
        rule.delete()


def order(ids: Sequence[UUID]) -> None:
    """These first, in this order; the others keep theirs behind them."""
    with transaction.atomic():
        rules = list(Rule.objects.select_for_update())
        wanted = {pk: n for n, pk in enumerate(ids)}
        for n, rule in enumerate(sorted(rules, key=lambda one: wanted.get(one.pk, len(wanted)))):
            rule.position = n + 1
        Rule.objects.bulk_update(rules, ["position"])


def move(rule: Rule, step: int) -> None:
    """One place up (-1) or down (+1)."""
    ids = list(Rule.objects.values_list("pk", flat=True))
    here = ids.index(rule.pk)
    there = max(0, min(len(ids) - 1, here + step))
    ids.insert(there, ids.pop(here))
    order(ids)


def next_run(rule: Rule) -> datetime | None:
    """When the clock tries it first: at once, if it is on and goes by the clock."""
    return timezone.now() if rule.is_active and rule.trigger == Rule.Trigger.SCHEDULE else None


def _tell(rule: Rule, what: str, by: User) -> None:
    record("rule.changed", subject=rule, by=by, name=rule.name, what=what)


def _circle(circle: list[Rule]) -> str:
    if len(circle) == 1:
        return _("What “%(name)s” does would start it again. It will not: a rule never answers its own change.") % {"name": circle[0].name}
    names = " → ".join([rule.name for rule in circle] + [circle[0].name])
    return _("These rules start each other: %(names)s. The loop guard stops them after one round.") % {"names": names}
