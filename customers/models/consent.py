"""By whose leave, and who looked: the consent ledger and the log of every reading. Rows are added, never changed."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .customer import Customer


class ConsentEntry(models.Model):
    """One thing that a customer allowed or took back. The latest entry that names a purpose and a type decides."""

    class Purpose(models.TextChoices):
        STORAGE = "storage", _("Remember")
        RETRIEVAL = "retrieval", _("Look up")
        CONTEXT_INFUSION = "context_infusion", _("Give to the assistant")

    id = models.BigAutoField(primary_key=True)
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="consents")
    granted = models.BooleanField()  # False: taken back
    data_types = ArrayField(models.CharField(max_length=12))
    purposes = ArrayField(models.CharField(max_length=20))
    expires_at = models.DateTimeField(null=True, blank=True)
    source = models.CharField(max_length=150, blank=True)  # how we know: form, call, contract, an API key's name
    actor_kind = models.CharField(max_length=12, default="system")
    actor_id = models.CharField(max_length=64, blank=True)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("consent")
        ordering = ("id",)
        indexes = (models.Index(fields=("customer", "id"), name="consent_of"),)

    def __str__(self) -> str:
        return f"{'+' if self.granted else '-'} {', '.join(self.purposes)}"


class AccessEntry(models.Model):
    """Somebody read a customer's data."""

    id = models.BigAutoField(primary_key=True)
    customer_ref = models.UUIDField()  # a plain column: the log outlives the customer
    actor_kind = models.CharField(max_length=12)
    actor_id = models.CharField(max_length=64, blank=True)
    actor_name = models.CharField(max_length=150, blank=True)
    what = models.CharField(max_length=60)
    why = models.CharField(max_length=200, blank=True)
    request_id = models.CharField(max_length=64, blank=True)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("reading of customer data")
        verbose_name_plural = _("access log")
        ordering = ("-id",)
        indexes = (models.Index(fields=("customer_ref", "-id"), name="access_of"),)

    def __str__(self) -> str:
        return f"{self.actor_name}: {self.what}"
