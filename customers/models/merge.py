"""Two customers who turned out to be one person: what was moved, so that it can be moved back."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from helpdesk.core.models import User

from .customer import Customer


class CustomerMerge(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kept = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="merges")
    merged = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="+")
    moved = models.JSONField(default=dict)  # {"tickets.ticket.customer": [pk, ...]}: model and field
    filled = models.JSONField(default=dict)  # {"title": [before, after]}: what the kept one got from the other
    by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("merge of customers")
        ordering = ("-at",)

    def __str__(self) -> str:
        return f"{self.merged_id} into {self.kept_id}"
