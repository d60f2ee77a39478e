"""E-mail on its way in and out: raw mail kept word for word, and one delivery for each recipient of a reply."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .message import Message
from .queue import Queue


class RawMail(models.Model):
    """A mail as it came in. It is committed before it is acknowledged, and before anyone tries to parse it."""

    class State(models.TextChoices):
        STORED = "stored", _("Stored")
        PROCESSED = "processed", _("Processed")
        UNREADABLE = "unreadable", _("Could not be read")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    raw = models.BinaryField()
    content_hash = models.CharField(max_length=64)  # SHA-256 of raw
    source = models.CharField(max_length=20)  # lmtp, smtp, pipe, imap, provider
    envelope_from = models.CharField(max_length=320, blank=True)
    envelope_to = ArrayField(models.CharField(max_length=320), default=list, blank=True)
    queue = models.ForeignKey(Queue, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    state = models.CharField(max_length=10, choices=State.choices, default=State.STORED)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.TextField(blank=True)
    message = models.ForeignKey(Message, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    received_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("raw mail")
        constraints = (models.UniqueConstraint(fields=("content_hash",), name="raw_mail_once"),)
        indexes = (models.Index(fields=("received_at",), name="raw_mail_waiting", condition=models.Q(state="stored")),)

    def __str__(self) -> str:
        return f"{self.source} {self.received_at:%Y-%m-%d %H:%M} {self.state}"


class Delivery(models.Model):
    """One reply to one recipient. Its row is unique, so nobody gets the same answer twice."""

    class State(models.TextChoices):
        QUEUED = "queued", _("Waiting")
        SENDING = "sending", _("Sending")
        SENT = "sent", _("Sent")
        FAILED = "failed", _("Not sent")
        BOUNCED = "bounced", _("Bounced")
        NO_SERVER = "no_server", _("No mail server configured")

    OPEN: ClassVar[tuple[str, ...]] = (State.QUEUED, State.SENDING, State.NO_SERVER)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="deliveries")
    recipient = models.CharField(max_length=320)
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    due_at = models.DateTimeField(default=timezone.now)  # not before: undo, and back-off
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.TextField(blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("delivery")
        constraints = (models.UniqueConstraint(fields=("message", "recipient"), name="delivery_once"),)
        indexes = (models.Index(fields=("due_at",), name="delivery_due", condition=models.Q(state__in=("queued", "sending"))),)

    def __str__(self) -> str:
        return f"{self.recipient} {self.state}"
