"""What was offered to an agent, and what became of it. Table and columns are the contract's (section 1): reports query them."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tickets.models import Ticket

from .call import CallSession


class Suggestion(models.Model):
    class Type(models.TextChoices):
        ARTICLE = "article", _("Article")
        SOLUTION = "solution", _("Solution")
        REPLY = "reply", _("Reply")
        SIMILAR_TICKET = "similar_ticket", _("Similar ticket")
        ACTION = "action", _("Action")

    class Feedback(models.TextChoices):
        HELPFUL = "helpful", _("Helpful")
        NOT_HELPFUL = "not_helpful", _("Not helpful")
        IRRELEVANT = "irrelevant", _("Irrelevant")

    id = models.BigAutoField(primary_key=True)
    # Offered in a call (the column `session_id` holds the session's UUID) or beside a ticket.
    session = models.ForeignKey(
        CallSession, to_field="session_id", on_delete=models.CASCADE, null=True, blank=True, related_name="suggestions"
    )
    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    suggestion_type = models.CharField(max_length=16, choices=Type.choices)
    title = models.CharField(max_length=500)
    content = models.TextField(blank=True)
    source_kind = models.CharField(max_length=20, blank=True)
    source_id = models.CharField(max_length=64, blank=True)
    source_title = models.CharField(max_length=500, blank=True)
    source_url = models.CharField(max_length=500, blank=True)
    why = models.CharField(max_length=500, blank=True)
    confidence_score = models.FloatField(default=0)  # 0..1, as a probability: what a screen prints
    raw_score = models.FloatField(default=0)  # 0..1, what the bands show / possible are set on
    position = models.PositiveSmallIntegerField(default=0)  # its place on screen, kept while the call goes on
    details = models.JSONField(default=dict, blank=True)  # {"steps": [..], "band": "show", ...}
    shown_to_agent = models.BooleanField(default=False)
    agent_clicked = models.BooleanField(default=False)
    agent_feedback = models.CharField(max_length=12, choices=Feedback.choices, null=True, blank=True)
    retired_at = models.DateTimeField(null=True, blank=True)  # a later run no longer offers it
    created_at = models.DateTimeField(default=timezone.now, db_default=Now())

    class Meta:
        db_table = "suggestions"
        indexes = (models.Index(fields=("-created_at",), name="suggestion_newest"),)
        constraints = (
            models.UniqueConstraint(
                fields=("ticket", "suggestion_type", "source_id"), condition=models.Q(ticket__isnull=False), name="suggestion_once"
            ),
            models.UniqueConstraint(
                fields=("session", "suggestion_type", "source_id"), condition=models.Q(session__isnull=False), name="call_suggestion_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.suggestion_type}: {self.title}"
