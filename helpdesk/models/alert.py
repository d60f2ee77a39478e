"""Alert rules on figures, and what they raised."""

from __future__ import annotations

import uuid
from typing import Self

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from helpdesk.core.models import User
from tickets.models import Queue


class AlertRule(models.Model):
    """One figure, one limit. Opens an alert when the figure passes it, and closes it when the figure is back."""

    class Metric(models.TextChoices):
        FIRST_RESPONSE = "first_response", _("Average first reply (s)")
        ESCALATION_RATE = "escalation_rate", _("Escalation rate (%)")
        SATISFACTION = "satisfaction", _("Satisfaction (1 to 5)")
        QUEUE_AGE = "queue_age", _("Longest wait of an open ticket (min)")
        OVERDUE = "overdue", _("Tickets past their SLA")
        BACKLOG = "backlog", _("Open tickets")
        NEGATIVE_MOOD = "negative_mood", _("Negative mood (%)")
        ERROR_RATE = "error_rate", _("Failed AI calls (%)")
        MODEL_SPEND = "model_spend", _("AI cost today ($)")

    class Direction(models.TextChoices):
        ABOVE = "above", _("rises above")
        BELOW = "below", _("falls below")

    class Severity(models.TextChoices):
        INFO = "info", _("Information")
        WARNING = "warning", _("Warning")
        CRITICAL = "critical", _("Critical")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(_("name"), max_length=120)
    metric = models.CharField(_("figure"), max_length=20, choices=Metric.choices)
    direction = models.CharField(_("when it"), max_length=5, choices=Direction.choices, default=Direction.ABOVE)
    limit = models.FloatField(_("limit"))
    hours = models.PositiveSmallIntegerField(_("over the last hours"), default=24)
    at_least = models.PositiveIntegerField(_("with at least so many cases"), default=1)
    queue = models.ForeignKey(Queue, on_delete=models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("team"))
    severity = models.CharField(_("severity"), max_length=8, choices=Severity.choices, default=Severity.WARNING)
    is_on = models.BooleanField(_("on"), default=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("alert rule")
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class AlertQuerySet(models.QuerySet["Alert"]):
    def open(self) -> Self:
        return self.filter(closed_at=None)


class Alert(models.Model):
    """A rule that is broken, or was: opened once, closed by itself, acknowledged by a person."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    rule = models.ForeignKey(AlertRule, on_delete=models.CASCADE, related_name="alerts")
    type = models.CharField(max_length=20)  # the rule's metric then
    severity = models.CharField(max_length=8, choices=AlertRule.Severity.choices)
    message = models.CharField(max_length=300)
    value = models.FloatField()  # the newest
    opened_at = models.DateTimeField(default=timezone.now)
    closed_at = models.DateTimeField(null=True, blank=True)
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")

    objects = AlertQuerySet.as_manager()

    class Meta:
        verbose_name = _("alert")
        ordering = ("-opened_at",)
        constraints = (models.UniqueConstraint(fields=("rule",), condition=models.Q(closed_at__isnull=True), name="alert_open_once"),)

    def __str__(self) -> str:
        return self.message
