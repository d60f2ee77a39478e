"""What was said in a ticket, by whom, and the files that came with it."""

from __future__ import annotations

import uuid
from typing import Any, Self

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from customers.models import Customer
from helpdesk.core.models import ApiKey, User

from .ticket import Ticket


class MessageQuerySet(models.QuerySet["Message"]):
    def visible_to(self, viewer: Any) -> Self:
        """Agents and keys see all of a ticket they may see; customers never an internal note."""
        messages = self.filter(ticket__in=Ticket.objects.visible_to(viewer))
        return messages if isinstance(viewer, User | ApiKey) else messages.public()

    def public(self) -> Self:
        return self.filter(visibility=Message.Visibility.PUBLIC)

    def from_customer(self) -> Self:
        return self.filter(author_kind=Message.AuthorKind.CUSTOMER)

    def in_order(self) -> Self:
        return self.order_by("created_at", "id")


class Message(models.Model):
    class AuthorKind(models.TextChoices):
        CUSTOMER = "customer", _("Customer")
        AGENT = "agent", _("Agent")
        ASSISTANT = "assistant", _("Assistant")
        SYSTEM = "system", _("System")

    class Visibility(models.TextChoices):
        PUBLIC = "public", _("Public")
        INTERNAL = "internal", _("Internal")

    class DeliveryState(models.TextChoices):
        NONE = "none", _("Nothing to deliver")
        QUEUED = "queued", _("Waiting to be sent")
        SENT = "sent", _("Sent")
        FAILED = "failed", _("Not sent")
        BOUNCED = "bounced", _("Bounced")
        NO_SERVER = "no_server", _("No mail server configured")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="messages")
    author_kind = models.CharField(max_length=10, choices=AuthorKind.choices)
    customer = models.ForeignKey(Customer, on_delete=models.SET_NULL, null=True, blank=True, related_name="messages")
    user = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    author_name = models.CharField(max_length=200, blank=True)
    visibility = models.CharField(max_length=8, choices=Visibility.choices, default=Visibility.PUBLIC)
    channel = models.CharField(max_length=10, choices=Ticket.Channel.choices)
    body_text = models.TextField(blank=True)
    body_html = models.TextField(blank=True)  # cleaned by tickets/channels/html.py
    quoted_text = models.TextField(blank=True)
    external_id = models.CharField(max_length=998, blank=True)  # RFC 5322 Message-ID, or the provider's event id
    in_reply_to = models.CharField(max_length=998, blank=True)
    recipients = models.JSONField(default=list, blank=True)  # To and Cc, as addresses
    automatic = models.BooleanField(default=False)
    verified = models.CharField(max_length=10, default="none")  # was the sender proven: pass | fail | none | temperror
    undisplayable = models.BooleanField(default=False)
    delivery = models.CharField(max_length=10, choices=DeliveryState.choices, default=DeliveryState.NONE)
    raw_mail = models.ForeignKey("tickets.RawMail", on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    sentiment = models.CharField(max_length=16, choices=Ticket.Sentiment.choices, blank=True)
    polarity = models.FloatField(null=True, blank=True)
    frustration = models.FloatField(null=True, blank=True)
    metadata = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    objects = MessageQuerySet.as_manager()

    class Meta:
        verbose_name = _("message")
        indexes = (models.Index(fields=("ticket", "created_at", "id"), name="message_thread"),)
        constraints = (
            # the same mail, event or post twice is one message
            models.UniqueConstraint(fields=("channel", "external_id"), condition=~models.Q(external_id=""), name="message_once"),
        )

    def __str__(self) -> str:
        return f"{self.author_name}: {self.body_text[:60]}"

    @property
    def is_note(self) -> bool:
        return self.visibility == self.Visibility.INTERNAL

    @property
    def author(self) -> dict[str, str]:
        """The contract's author object (section 8)."""
        person = self.customer_id or self.user_id
        return {"kind": self.author_kind, "id": str(person) if person else "", "name": self.author_name}


class ThreadReference(models.Model):
    """Every Message-ID that a ticket's mails carried or pointed to. Mails that share one belong together (zammad#5716)."""

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="references")
    value = models.CharField(max_length=998)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("value", "ticket"), name="reference_once"),)

    def __str__(self) -> str:
        return self.value


def stored_under(attachment: Attachment, filename: str) -> str:
    """A path without anything that a sender chose (security T04); the day keeps folders small."""
    return f"attachments/{timezone.now():%Y/%m/%d}/{attachment.pk}"


class Attachment(models.Model):
    """A file. Its name is for display only; what a browser gets of it is decided by tickets.views.files."""

    class Verdict(models.TextChoices):
        UNCHECKED = "unchecked", _("Not scanned")
        CLEAN = "clean", _("Clean")
        DANGEROUS = "dangerous", _("Can run programs")
        INFECTED = "infected", _("Infected")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="attachments")
    name = models.CharField(max_length=255)
    content_type = models.CharField(max_length=120, default="application/octet-stream")
    size = models.PositiveIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True)
    file = models.FileField(upload_to=stored_under, max_length=200)
    content_id = models.CharField(max_length=255, blank=True)
    inline = models.BooleanField(default=False)
    verdict = models.CharField(max_length=10, choices=Verdict.choices, default=Verdict.UNCHECKED)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ("created_at", "id")

    def __str__(self) -> str:
        return self.name
