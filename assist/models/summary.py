"""What a ticket is about, in short: one summary of each engine, with the moment it was made and how far it had read."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils import timezone

from tickets.models import Ticket


class TicketSummary(models.Model):
    class Engine(models.TextChoices):
        LOCAL = "local", "Local engine"
        MODEL = "model", "Language model"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="+")
    engine = models.CharField(max_length=8, choices=Engine.choices)
    lines = models.JSONField(default=list)  # [{"part", "text", "message"}]: in which part, what, and the message it rests on
    messages = models.PositiveIntegerField(default=0)  # public ones that there were
    read_to = models.DateTimeField(null=True, blank=True)  # when the newest of them was written
    prompt = models.CharField(max_length=80, blank=True)
    ms = models.FloatField(default=0)
    made_at = models.DateTimeField(default=timezone.now)
    # Of a model's: what the customer went through with us, [{"text", "tickets"}], and the digest of the tickets that it was told of.
    customer = models.JSONField(default=list, blank=True)
    customer_digest = models.CharField(max_length=64, blank=True)
    # Of ours, which is always there: that a model's is being written, or why none came.
    asked_at = models.DateTimeField(null=True, blank=True)
    refused = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("ticket", "engine"), name="summary_once_an_engine"),)

    def __str__(self) -> str:
        return f"summary of {self.ticket_id} ({self.engine})"
