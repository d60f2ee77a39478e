"""Automation rules, and the log of what they did."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class RuleQuerySet(models.QuerySet["Rule"]):
    def hearing(self, kind: str) -> Self:
        """The rules that an event of this kind starts, in the order in which they are tried."""
        return self.filter(is_active=True, trigger=Rule.Trigger.EVENT, kinds__contains=[kind])

    def due(self, now: Any) -> Self:
        """The rules whose next round is due."""
        return self.filter(is_active=True, trigger=Rule.Trigger.SCHEDULE, next_run_at__lte=now)


class Rule(models.Model):
    """When something happens (or every so often), and the conditions hold, then do this. The rule is the actor of what it does."""

    class Trigger(models.TextChoices):
        EVENT = "event", _("When something happens")
        SCHEDULE = "schedule", _("On a schedule")

    actor_kind = "rule"  # what an event's actor is called: core.events

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(_("name"), max_length=120)
    position = models.PositiveIntegerField(default=0)
    is_active = models.BooleanField(_("on"), default=False)
    trigger = models.CharField(max_length=8, choices=Trigger.choices, default=Trigger.EVENT)
    kinds = ArrayField(models.CharField(max_length=60), default=list, blank=True)
    every_minutes = models.PositiveIntegerField(default=60)
    conditions = models.JSONField(default=dict, blank=True)  # {"all": [{"field", "op", "value"}], "any": [...]}: rules/conditions.py
    actions = models.JSONField(default=list, blank=True)  # [{"do", "value", "text"}]: rules/actions.py
    stops = models.BooleanField(default=False)  # when it fires, the rules behind it are not tried
    may_write = models.BooleanField(default=False)  # to customers: a supervisor's word, rule by rule
    zone = models.CharField(max_length=64, default="UTC")  # in which its hours and weekdays are meant
    shipped = models.SlugField(max_length=40, null=True, blank=True, unique=True)  # comes with the product; kept once only
    next_run_at = models.DateTimeField(null=True, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = RuleQuerySet.as_manager()

    class Meta:
        verbose_name = _("automation rule")
        ordering = ("position", "created_at", "id")
        indexes = (models.Index(fields=("next_run_at",), name="rule_due", condition=models.Q(is_active=True, trigger="schedule")),)

    def __str__(self) -> str:
        return self.name


class RuleFiring(models.Model):
    """One rule met one ticket: what it changed, from what to what; or why it was held back."""

    class Outcome(models.TextChoices):
        FIRED = "fired", _("Done")
        STOPPED = "stopped", _("Held back")

    MOST_DEPTH: ClassVar[int] = 5  # rules that start each other, one after the other

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    rule = models.ForeignKey(Rule, on_delete=models.CASCADE, related_name="firings")
    ticket = models.ForeignKey("tickets.Ticket", on_delete=models.CASCADE, related_name="+")
    event_id = models.BigIntegerField(null=True, blank=True)  # none: by the clock
    outcome = models.CharField(max_length=8, choices=Outcome.choices, default=Outcome.FIRED)
    changes = models.JSONField(default=dict, blank=True)  # {field: {"old", "new", "from", "to"}}
    remarks = models.JSONField(default=list, blank=True)  # what else was done, and what was left out, in words of ours
    chain = models.JSONField(default=list, blank=True)  # the rules that led here, and those tried before on the same event
    depth = models.PositiveSmallIntegerField(default=0)  # how many of them started each other
    at = models.DateTimeField(default=timezone.now)
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        verbose_name = _("firing of a rule")
        ordering = ("-at", "-id")
        constraints = (
            # an event that is heard twice starts a rule once
            models.UniqueConstraint(fields=("rule", "event_id"), condition=models.Q(event_id__isnull=False), name="rule_fires_once"),
        )
        indexes = (
            models.Index(fields=("event_id",), name="firing_by_event", condition=models.Q(event_id__isnull=False)),
            models.Index(fields=("ticket", "rule", "at"), name="firing_by_ticket"),
            models.Index(fields=("rule", "-at"), name="firing_by_rule"),
            models.Index(fields=("-at", "-id"), name="firing_newest"),
        )

    def __str__(self) -> str:
        return f"{self.rule_id} on {self.ticket_id}"
