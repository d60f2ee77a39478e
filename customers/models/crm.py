"""Other systems that know our customers: which, what they last said of whom, what we have to tell them, and how each exchange went."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any, ClassVar, Self

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from helpdesk.core.sealed import SealedJSONField

from .customer import Customer


class CrmConnection(models.Model):
    """One account at one vendor."""

    class Vendor(models.TextChoices):
        SALESFORCE = "salesforce", "Salesforce"
        ZENDESK = "zendesk", "Zendesk"
        HUBSPOT = "hubspot", "HubSpot"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(_("name"), max_length=100)
    vendor = models.CharField(_("vendor"), max_length=12, choices=Vendor.choices)
    base_url = models.URLField(_("address"), max_length=300, help_text=_("For example https://example.zendesk.com"))
    credentials = SealedJSONField(default=dict, editable=False)  # what the vendor's file asks for; written, never shown
    is_active = models.BooleanField(_("in use"), default=True)
    writes_cases = models.BooleanField(_("tell it of solved tickets and calls"), default=True)
    cursor = models.CharField(max_length=500, blank=True, editable=False)  # how far changes were read; the vendor's own words
    synced_at = models.DateTimeField(_("changes read"), null=True, blank=True, editable=False)
    failures = models.PositiveSmallIntegerField(default=0, editable=False)  # in a row
    paused_until = models.DateTimeField(_("not asked until"), null=True, blank=True, editable=False)
    last_error = models.CharField(_("last error"), max_length=500, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("CRM connection")
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class CrmRecordQuerySet(models.QuerySet["CrmRecord"]):
    def visible_to(self, viewer: Any) -> Self:
        """Whoever may see the customer."""
        return self.filter(customer__in=Customer.objects.visible_to(viewer))


class CrmRecord(models.Model):
    """What one connection last said of one customer. `remote_id` is empty when they are not known there."""

    connection = models.ForeignKey(CrmConnection, on_delete=models.CASCADE, related_name="records")
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="crm_records")
    remote_id = models.CharField(max_length=100, blank=True)
    url = models.CharField(max_length=500, blank=True)
    person = models.JSONField(default=dict)  # customers.crm.base.Person
    history = models.JSONField(default=list)  # [customers.crm.base.RemoteCase], newest first
    fetched_at = models.DateTimeField(null=True, blank=True)  # None: asked for, not answered yet
    asked_at = models.DateTimeField(default=timezone.now)
    error = models.CharField(max_length=500, blank=True)  # of the last try; what stands above is older then

    objects = CrmRecordQuerySet.as_manager()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("connection", "customer"), name="crm_record_once"),)
        indexes = (models.Index(fields=("connection", "remote_id"), name="crm_record_remote"),)

    def __str__(self) -> str:
        return f"{self.customer_id} at {self.connection_id}"


class CrmCase(models.Model):
    """A case that a connection has to be told of: the outbox. One row for each connection and source, brought up to date in place."""

    class State(models.TextChoices):
        DUE = "due", _("Waiting")
        SENT = "sent", _("Sent")
        FAILED = "failed", _("Not sent")

    OPEN: ClassVar[models.Q] = models.Q(state="due")

    connection = models.ForeignKey(CrmConnection, on_delete=models.CASCADE, related_name="cases")
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="+")
    source = models.CharField(max_length=64)  # our number: TKT-20261120-0001
    case = models.JSONField(default=dict)  # customers.crm.base.Case
    version = models.PositiveIntegerField(default=1)  # rises when `case` changes while an older one is on its way
    remote_id = models.CharField(max_length=100, blank=True)
    state = models.CharField(_("state"), max_length=6, choices=State.choices, default=State.DUE)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True, blank=True)
    error = models.CharField(max_length=500, blank=True)

    class Meta:
        verbose_name = _("CRM case")
        constraints = (models.UniqueConstraint(fields=("connection", "source"), name="crm_case_once"),)
        indexes = (models.Index(fields=("due_at",), name="crm_case_due", condition=models.Q(state="due")),)

    def __str__(self) -> str:
        return f"{self.source} {self.state}"


class CrmExchange(models.Model):
    """One line of the sync log. No bodies: only what was done, and how it went."""

    class Outcome(models.TextChoices):
        DONE = "done", _("Done")
        NOT_FOUND = "not_found", _("Not known there")
        FAILED = "failed", _("Failed")

    connection = models.ForeignKey(CrmConnection, on_delete=models.CASCADE, related_name="exchanges")
    operation = models.CharField(_("operation"), max_length=12)  # find | history | save_case | changes | test
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome.choices)
    detail = models.CharField(_("detail"), max_length=500, blank=True)
    subject = models.CharField(max_length=64, blank=True)  # our customer's id, or our number
    ms = models.FloatField(default=0)
    at = models.DateTimeField(_("time"), default=timezone.now)

    class Meta:
        verbose_name = _("CRM exchange")
        ordering = ("-at",)
        indexes = (models.Index(fields=("connection", "-at"), name="crm_exchange_latest"),)

    def __str__(self) -> str:
        return f"{self.operation} {self.outcome} {self.at:%Y-%m-%d %H:%M}"


def age(since: datetime | None) -> float | None:
    """Seconds since then; None for never."""
    return None if since is None else (timezone.now() - since).total_seconds()
