"""What supervisors decide about triage: who else must see a ticket, how soon, and which words show that patience ends.

The rows begin as ours (`triage/data/*.json`). Where a table is empty, ours hold.
"""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from assist.triage.patterns import Unsearchable, searchable
from assist.triage.rules import PRIORITIES, checked

STEPS = tuple((name, name) for name in PRIORITIES)


def _check(when: Any) -> None:
    try:
        checked(when)
    except (LookupError, TypeError) as error:
        raise ValidationError(str(error).strip("'\"")) from error


def _check_pattern(pattern: str) -> None:
    try:
        searchable(pattern)
    except Unsearchable as error:
        raise ValidationError(_("This cannot be searched for: %(why)s") % {"why": error}) from error


class Rule(models.Model):
    name = models.SlugField(_("name"), max_length=60, unique=True)
    when = models.JSONField(_("when"), validators=[_check], help_text=_('All must hold, such as {"tier": ["enterprise"], "urgent": true}'))
    reason = models.CharField(_("reason"), max_length=200, help_text=_("As people read it on the ticket"))
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    is_active = models.BooleanField(_("in use"), default=True)

    class Meta:
        abstract = True
        ordering = ("position", "id")

    def __str__(self) -> str:
        return self.reason


class EscalationRule(Rule):
    class Level(models.TextChoices):
        SENIOR = "senior_support", _("Senior support")
        SPECIALIST = "technical_specialist", _("Technical specialist")
        LEGAL = "legal", _("Legal")
        SECURITY = "security", _("Security")
        SUPERVISOR = "supervisor", _("Supervisor")

    level = models.CharField(_("goes to"), max_length=24, choices=Level.choices)
    at_least = models.CharField(_("priority at least"), max_length=8, choices=STEPS, blank=True)

    class Meta(Rule.Meta):
        verbose_name = _("escalation rule")

    def as_data(self) -> dict[str, Any]:
        lifted = {"at_least": self.at_least} if self.at_least else {}
        return {"name": self.name, "when": self.when, "level": self.level, "reason": self.reason, **lifted}


class PriorityRule(Rule):
    class Effect(models.TextChoices):
        RAISE = "raise", _("Raise by steps (may be negative)")
        AT_LEAST = "at_least", _("At least")
        AT_MOST = "at_most", _("At most")

    effect = models.CharField(_("effect"), max_length=8, choices=Effect.choices)
    value = models.CharField(_("value"), max_length=8, help_text=_("A priority, or a number of steps"))

    class Meta(Rule.Meta):
        verbose_name = _("priority rule")

    def clean(self) -> None:
        wanted = ("-3", "-2", "-1", "1", "2", "3") if self.effect == self.Effect.RAISE else PRIORITIES
        if self.value not in wanted:
            raise ValidationError({"value": _("One of %(values)s") % {"values": ", ".join(wanted)}})

    def as_data(self) -> dict[str, Any]:
        value = int(self.value) if self.effect == self.Effect.RAISE else self.value
        return {"name": self.name, "when": self.when, "reason": self.reason, self.effect: value}


class FrustrationIndicator(models.Model):
    pattern = models.CharField(
        _("pattern"),
        max_length=300,
        unique=True,
        validators=[_check_pattern],
        help_text=_("A regular expression of RE2: no look-around and no back-references, so none can take for ever"),
    )
    weight = models.FloatField(_("weight"), validators=[MinValueValidator(0.0), MaxValueValidator(1.0)])
    reason = models.CharField(_("reason"), max_length=80)
    is_active = models.BooleanField(_("in use"), default=True)

    class Meta:
        verbose_name = _("frustration indicator")
        ordering = ("reason", "id")

    def __str__(self) -> str:
        return self.reason

    def as_data(self) -> dict[str, Any]:
        return {"pattern": self.pattern, "weight": self.weight, "reason": self.reason}
