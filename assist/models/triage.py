"""A run of the triage pipeline over one ticket, and its steps: inputs, outputs, timings and errors stay readable."""

from __future__ import annotations

import uuid
from typing import Any, Self

from django.db import models
from django.utils import timezone

from tickets.models import Message, Ticket


class TriageRunQuerySet(models.QuerySet["TriageRun"]):
    def visible_to(self, viewer: Any) -> Self:
        """Whoever may see the ticket."""
        return self.filter(ticket__in=Ticket.objects.visible_to(viewer))


class TriageRun(models.Model):
    class State(models.TextChoices):
        DONE = "done", "Done"
        PARTIAL = "partial", "With errors"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="+")
    message = models.ForeignKey(Message, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    repeats = models.ForeignKey("self", on_delete=models.CASCADE, null=True, blank=True, related_name="+")  # a person asked for it again
    workflow = models.CharField(max_length=40, default="standard")
    routes = models.JSONField(default=list)  # the ways taken where the workflow divides
    state = models.CharField(max_length=8, choices=State.choices, default=State.DONE)
    result = models.JSONField(default=dict)  # contract section 4, word for word
    applied = models.JSONField(default=list)  # what was changed on the ticket because of it
    changes = models.JSONField(default=dict)  # how, so that it can be taken back: `triage/undoing.py`
    engine = models.CharField(max_length=20, default="local")
    total_ms = models.FloatField(default=0)
    created_at = models.DateTimeField(default=timezone.now)

    objects = TriageRunQuerySet.as_manager()

    class Meta:
        indexes = (models.Index(fields=("ticket", "-created_at"), name="triage_latest"),)
        constraints = (models.UniqueConstraint(fields=("message",), condition=models.Q(repeats__isnull=True), name="one_run_a_message"),)

    def __str__(self) -> str:
        return f"triage of {self.ticket_id} at {self.created_at:%Y-%m-%d %H:%M}"


class TriageStep(models.Model):
    run = models.ForeignKey(TriageRun, on_delete=models.CASCADE, related_name="steps")
    position = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=40)
    engine = models.CharField(max_length=20, default="local")
    ms = models.FloatField(default=0)
    tokens_in = models.PositiveIntegerField(default=0)
    tokens_out = models.PositiveIntegerField(default=0)
    cost_usd = models.DecimalField(max_digits=10, decimal_places=6, default=0)
    inputs = models.JSONField(default=list)  # names of the steps whose values it read
    output = models.JSONField(null=True, blank=True)
    error = models.TextField(blank=True)

    class Meta:
        ordering = ("run", "position")
        constraints = (models.UniqueConstraint(fields=("run", "position"), name="triage_step_once"),)

    def __str__(self) -> str:
        return f"{self.name} {self.ms:.1f} ms"
