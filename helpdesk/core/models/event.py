"""The event spine's two tables: what happened, and who has dealt with it."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Func
from django.utils import timezone


class NextPosition(Func):
    """Where the feed holds what this transaction writes: its number, kept growing over restores (core.feed_order)."""

    template = "event_position()"
    output_field = models.BigIntegerField()


class Event(models.Model):
    """One thing that happened, written in the same transaction as the change it tells of. Never changed afterwards."""

    id = models.BigAutoField(primary_key=True)
    position = models.BigIntegerField(db_default=NextPosition(), editable=False)  # 0: older than the feed
    kind = models.CharField(max_length=60)
    subject_type = models.CharField(max_length=40)
    subject_id = models.CharField(max_length=64)
    # Plain columns, not foreign keys: core stands below tickets and customers.
    ticket_ref = models.UUIDField(null=True, blank=True)
    customer_ref = models.UUIDField(null=True, blank=True)
    data = models.JSONField(default=dict, blank=True)
    actor_kind = models.CharField(max_length=12, default="system")
    actor_id = models.CharField(max_length=64, blank=True)
    actor_name = models.CharField(max_length=150, blank=True)
    occurred_at = models.DateTimeField(default=timezone.now)
    request_id = models.CharField(max_length=64, blank=True)

    class Meta:
        indexes = (
            models.Index(fields=("ticket_ref", "id"), name="event_by_ticket", condition=models.Q(ticket_ref__isnull=False)),
            models.Index(fields=("customer_ref", "id"), name="event_by_customer", condition=models.Q(customer_ref__isnull=False)),
            models.Index(fields=("kind", "occurred_at"), name="event_by_kind"),
            models.Index(fields=("position", "id"), name="event_feed"),
        )

    def __str__(self) -> str:
        return f"{self.id} {self.kind} {self.subject_type}:{self.subject_id}"


class Receipt(models.Model):
    """One subscriber's duty to deal with one event: open until `done_at` (or `failed_at`) is set."""

    id = models.BigAutoField(primary_key=True)
    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="receipts")
    subscriber = models.CharField(max_length=80)
    due_at = models.DateTimeField()  # the sweep takes it from here on; a claim moves it behind its lease
    attempts = models.PositiveSmallIntegerField(default=0)
    done_at = models.DateTimeField(null=True, blank=True)
    failed_at = models.DateTimeField(null=True, blank=True)
    error = models.TextField(blank=True)

    OPEN: ClassVar[models.Q] = models.Q(done_at__isnull=True, failed_at__isnull=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("event", "subscriber"), name="receipt_once"),)
        indexes = (models.Index(fields=("due_at",), name="receipt_due", condition=models.Q(done_at__isnull=True, failed_at__isnull=True)),)

    def __str__(self) -> str:
        return f"{self.subscriber} for event {self.event_id}"
