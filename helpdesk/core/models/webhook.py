"""Outgoing webhooks: who is told of what, and what became of each telling."""

from __future__ import annotations

import secrets
import uuid
from datetime import datetime, timedelta
from typing import Any, ClassVar, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from helpdesk.core.sealed import SealedJSONField

from .access import ApiKey
from .user import User

OVERLAP = timedelta(hours=24)  # so long the old secret signs beside the new one


class WebhookQuerySet(models.QuerySet["Webhook"]):
    def visible_to(self, viewer: Any) -> Self:
        """Supervisors and admins: all. A key: those that it made, and all with every scope and team. Nobody else any."""
        if isinstance(viewer, User):
            return self if viewer.oversees else self.none()
        if isinstance(viewer, ApiKey):
            return self if viewer.allows("*") and viewer.oversees else self.filter(key=viewer)
        return self.none()

    def on(self) -> Self:
        return self.filter(is_active=True)

    def hearing(self, kind: str) -> Self:
        """Those that want events of this kind. An empty list wants all."""
        return self.filter(models.Q(kinds=[]) | models.Q(kinds__contains=[kind]))


class Webhook(models.Model):
    """One address that is told. Its secret signs what we send; it is shown once, and kept sealed."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(_("name"), max_length=150)
    url = models.CharField(_("address"), max_length=1000)
    kinds = ArrayField(models.CharField(max_length=60), default=list, blank=True, verbose_name=_("events"))
    scopes = ArrayField(models.CharField(max_length=40), default=list, blank=True)  # what its maker could read; of more it does not hear
    queues = ArrayField(models.UUIDField(), default=list, blank=True)  # of its key: it hears of these teams alone; empty: of all
    secrets = SealedJSONField(default=dict, blank=True)
    secret_start = models.CharField(max_length=12, blank=True)
    is_active = models.BooleanField(_("on"), default=True)
    key = models.ForeignKey(ApiKey, on_delete=models.SET_NULL, null=True, blank=True, related_name="webhooks")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)  # by a person or a key, not by deliveries: it is the ETag
    # how it has been answering
    busy_until = models.DateTimeField(null=True, blank=True)  # somebody works on its deliveries
    paused_until = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveIntegerField(default=0)  # one after the other
    failing_since = models.DateTimeField(null=True, blank=True)
    last_success_at = models.DateTimeField(null=True, blank=True)
    last_error = models.CharField(max_length=300, blank=True)
    switched_off_because = models.CharField(max_length=300, blank=True)

    objects = WebhookQuerySet.as_manager()

    class Meta:
        verbose_name = _("webhook")
        ordering = ("name", "id")

    def __str__(self) -> str:
        return self.name

    def new_secret(self) -> str:
        """Make a secret, and return it: it cannot be read again. The one before it goes on signing for a day. Unsaved."""
        made = f"whsec_{secrets.token_urlsafe(32)}"
        before = self.secrets.get("now")
        self.secrets = {"now": made} | ({"before": before, "until": (timezone.now() + OVERLAP).isoformat()} if before else {})
        self.secret_start = made[:12]
        return made

    def signing(self) -> list[str]:
        """The secrets that sign now: the new one first."""
        until = self.secrets.get("until")
        both = until and datetime.fromisoformat(until) > timezone.now()
        return [one for one in (self.secrets.get("now"), self.secrets.get("before") if both else None) if one]


class WebhookDelivery(models.Model):
    """One event for one webhook: what is sent, word for word, and each try."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        DELIVERED = "delivered", _("Delivered")
        FAILED = "failed", _("Given up")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="deliveries")
    event_id = models.BigIntegerField(null=True, blank=True)  # none: a test
    kind = models.CharField(max_length=60)
    ticket_ref = models.UUIDField(null=True, blank=True)
    customer_ref = models.UUIDField(null=True, blank=True)
    body = models.TextField()
    state = models.CharField(max_length=9, choices=State.choices, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    tries = models.JSONField(default=list, blank=True)  # [{"at", "status", "ms", "error", "answer"}], the newest last
    due_at = models.DateTimeField(default=timezone.now)
    created_at = models.DateTimeField(default=timezone.now)
    delivered_at = models.DateTimeField(null=True, blank=True)
    replay_of = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, blank=True, related_name="+")

    OPEN: ClassVar[models.Q] = models.Q(state="waiting")

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        constraints = (
            models.UniqueConstraint(
                fields=("webhook", "event_id"), condition=models.Q(replay_of=None, event_id__isnull=False), name="webhook_hears_once"
            ),
        )
        indexes = (
            models.Index(fields=("webhook", "due_at"), name="webhook_due", condition=models.Q(state="waiting")),
            models.Index(fields=("webhook", "-created_at", "-id"), name="webhook_log"),
            models.Index(fields=("created_at",), name="webhook_delivery_age"),
            models.Index(fields=("ticket_ref",), name="webhook_of_ticket", condition=models.Q(ticket_ref__isnull=False)),
            models.Index(fields=("customer_ref",), name="webhook_of_customer", condition=models.Q(customer_ref__isnull=False)),
        )

    def __str__(self) -> str:
        return f"{self.kind} for {self.webhook_id}"

    @property
    def last(self) -> dict[str, Any]:
        """The newest try; {} before the first."""
        return self.tries[-1] if self.tries else {}
