"""The ledger of erasures: that somebody was erased, and how much of what. Nothing in it says who it was."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from helpdesk.core.models import User

from .customer import Customer


class ErasureWish(models.Model):
    """Somebody is to be erased: the customer asked, and a supervisor orders it; or a supervisor does unasked. Goes with the customer."""

    customer = models.OneToOneField(Customer, on_delete=models.CASCADE, primary_key=True, related_name="erasure_wish")
    asked_at = models.DateTimeField(default=timezone.now)
    by_customer = models.BooleanField(default=True)
    ordered_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    ordered_at = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)  # by a worker, the last time
    failed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("wish to be erased")

    def __str__(self) -> str:
        return str(self.customer_id)


class Erasure(models.Model):
    id = models.BigAutoField(primary_key=True)
    id_hash = models.CharField(max_length=64, unique=True)  # SHA-256 of the customer's random id: finds them in a restored backup, no more
    stores = models.JSONField(default=dict)  # {"tickets": 12, "vectors": 31}: rows or files, by store
    by = models.CharField(max_length=64, blank=True)  # the agent's id; "customer", or "command"
    at = models.DateTimeField(_("time"), default=timezone.now)

    class Meta:
        verbose_name = _("erasure")
        ordering = ("-id",)

    def __str__(self) -> str:
        return self.id_hash[:12]

    @property
    def receipt(self) -> dict[str, Any]:
        return {"id_hash": self.id_hash, "stores": self.stores, "by": self.by, "at": self.at.isoformat()}
