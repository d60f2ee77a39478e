"""A reply that the engine wrote for an agent to use, edit or dismiss. It never reaches a customer by itself."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from helpdesk.core.models import User
from tickets.models import Message, Ticket


class Draft(models.Model):
    class State(models.TextChoices):
        OFFERED = "offered", _("Offered")
        USED = "used", _("Used")
        DISMISSED = "dismissed", _("Dismissed")
        STALE = "stale", _("Out of date")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="+")
    answers = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="+")  # the customer's message it replies to
    sent_as = models.ForeignKey(Message, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    text = models.TextField()
    sources = models.JSONField(default=list)  # [{"n", "kind", "id", "title", "url", "passage"}]
    action_steps = models.JSONField(default=list)
    confidence = models.FloatField(default=0)
    tone = models.CharField(max_length=40, blank=True)
    engine = models.CharField(max_length=20, default="local")
    arm = models.ForeignKey("assist.ExperimentArm", on_delete=models.SET_NULL, null=True, blank=True, related_name="+")  # that it is of
    ms = models.FloatField(default=0)
    wish = models.JSONField(default=dict, blank=True)  # how an agent wants it changed, while that is done: copilot/wishing.py
    state = models.CharField(max_length=10, choices=State.choices, default=State.OFFERED)
    decided_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    edit_distance = models.FloatField(null=True, blank=True)  # 0 as written .. 1 nothing left of it
    created_at = models.DateTimeField(default=timezone.now)
    shown_at = models.DateTimeField(null=True, blank=True)  # first before an agent's eyes
    accepted_at = models.DateTimeField(null=True, blank=True)  # put into the field

    class Meta:
        constraints = (models.UniqueConstraint(fields=("answers",), condition=models.Q(state="offered"), name="one_offered_draft"),)
        indexes = (
            models.Index(fields=("ticket", "-created_at"), name="draft_latest"),
            models.Index(fields=("-created_at",), name="draft_newest"),
        )

    def __str__(self) -> str:
        return f"draft for {self.ticket_id} ({self.state})"
