"""That one ticket became part of another: what moved, so that it can be taken back."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from helpdesk.core.models import User

from .ticket import Ticket


class TicketMerge(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kept = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="merges")
    merged = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="merged_by")
    messages = models.JSONField(default=list)  # ids of what moved
    participants = models.JSONField(default=list)  # ids of those who came to the kept one
    tags = models.JSONField(default=list)
    status = models.CharField(max_length=10)  # of the merged one, before
    by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("merge of tickets")
        ordering = ("-at",)
        constraints = (models.UniqueConstraint(fields=("merged",), condition=models.Q(undone_at__isnull=True), name="merged_once"),)

    def __str__(self) -> str:
        return f"{self.merged_id} into {self.kept_id}"
