"""Telephony systems that are connected, and what they have sent us."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from secrets import token_urlsafe
from typing import Any, ClassVar, Self

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from helpdesk.core.models import User
from helpdesk.core.models.access import fingerprint
from helpdesk.core.sealed import SealedJSONField
from tickets.models import Queue

from .call import CallSession

KEY_BYTES = 32  # of randomness in a secret address


class AcdConnectionQuerySet(models.QuerySet["AcdConnection"]):
    def visible_to(self, viewer: Any) -> Self:
        """Supervisors and admins look after them; nobody else sees any."""
        return self if isinstance(viewer, User) and viewer.oversees else self.none()

    def at(self, provider: str, key: str) -> AcdConnection | None:
        """The connection behind an address, if it is on."""
        return self.filter(provider=provider, key_hash=fingerprint(key), is_active=True).select_related("queue").first()


class AcdConnection(models.Model):
    """One telephony system as it is set up here. Its secrets are sealed, the key of its address is kept as a hash."""

    class Provider(models.TextChoices):
        TWILIO = "twilio", "Twilio"
        GENESYS = "genesys", "Genesys Cloud"
        AVAYA = "avaya", "Avaya Experience Platform"
        PBX = "pbx", _("Telephone system (PBX)")

    class Listening(models.TextChoices):
        """What its notification channel does; only Genesys Cloud has one."""

        NOT = "", _("Not listening")
        CONNECTING = "connecting", _("Connecting")
        LISTENING = "listening", _("Listening")
        WAITING = "waiting", _("Trying again soon")

    SIGNED: ClassVar[tuple[str, ...]] = (Provider.TWILIO,)  # their events prove themselves: the address need not be secret

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    provider = models.CharField(_("provider"), max_length=12, choices=Provider.choices)
    name = models.CharField(_("name"), max_length=120)
    queue = models.ForeignKey(Queue, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("team"))
    is_active = models.BooleanField(_("on"), default=True)
    settings = models.JSONField(default=dict, blank=True)
    secrets = SealedJSONField(default=dict, editable=False)
    key_hash = models.CharField(max_length=64, unique=True, editable=False)
    key_start = models.CharField(max_length=8, editable=False)  # tells people which address is the present one
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    last_event_at = models.DateTimeField(null=True, blank=True, editable=False)
    refused = models.PositiveIntegerField(default=0, editable=False)
    last_refused_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_refusal = models.CharField(max_length=300, blank=True, editable=False)
    listening = models.CharField(max_length=12, choices=Listening.choices, blank=True, editable=False)
    listening_error = models.CharField(max_length=300, blank=True, editable=False)
    listening_since = models.DateTimeField(null=True, blank=True, editable=False)  # renewed while it listens: also a claim

    objects = AcdConnectionQuerySet.as_manager()

    class Meta:
        verbose_name = _("telephony connection")
        ordering = ("created_at",)
        constraints = (models.CheckConstraint(condition=~models.Q(key_hash=""), name="acd_key_hash_set"),)

    def __str__(self) -> str:
        return self.name

    @classmethod
    def create(cls, **fields: Any) -> tuple[AcdConnection, str]:
        """Connect a system; returns it with the key of its address. A secret one cannot be read again."""
        row = cls(**fields)
        key = row.new_key()
        row.save(force_insert=True)
        return row, key

    def new_key(self) -> str:
        """The key of an address that was not in use before. The caller saves."""
        key = self.address_key or token_urlsafe(KEY_BYTES)
        self.key_hash, self.key_start = fingerprint(key), key[:6]
        return key

    def renew_key(self) -> str:
        """A new address; events at the old one are refused from now on."""
        key = token_urlsafe(KEY_BYTES)
        self.key_hash, self.key_start = fingerprint(key), key[:6]
        self.save(update_fields=["key_hash", "key_start"])
        return key

    @property
    def address_key(self) -> str:
        """What stands in its address; "" when that is a secret, which was shown once."""
        return str(self.pk) if self.provider in self.SIGNED else ""

    def keep_secrets(self, **changed: str) -> None:
        """Replace the secrets that are given; an empty one is left as it is. The caller saves."""
        self.secrets = {**self.secrets, **{name: value for name, value in changed.items() if value}}

    def note_refusal(self, why: str) -> None:
        """Somebody sent what was not taken: counted, not kept, so that it cannot fill the disk."""
        AcdConnection.objects.filter(pk=self.pk).update(
            refused=models.F("refused") + 1, last_refused_at=timezone.now(), last_refusal=why[:300]
        )

    @property
    def is_listening(self) -> bool:
        """Its line is open, and the process that holds it alive."""
        recent = self.listening_since is not None and self.listening_since > timezone.now() - timedelta(seconds=60)
        return self.listening == self.Listening.LISTENING and recent

    def claim_line(self, lease: timedelta) -> bool:
        """Make its line ours to hold; False while another process holds it."""
        free = models.Q(listening="") | models.Q(listening_since__isnull=True) | models.Q(listening_since__lt=timezone.now() - lease)
        row = AcdConnection.objects.filter(free, pk=self.pk)
        return bool(row.update(listening=self.Listening.CONNECTING, listening_error="", listening_since=timezone.now()))

    def note_listening(self, state: str, error: str = "") -> None:
        AcdConnection.objects.filter(pk=self.pk).update(listening=state, listening_error=error[:300], listening_since=timezone.now())


class AcdEventQuerySet(models.QuerySet["AcdEvent"]):
    def left_behind(self) -> Self:
        """What was kept and is not done: its process ended, it failed, or it waits for an earlier one."""
        return self.filter(outcome__in=AcdEvent.OPEN, due_at__lte=timezone.now()).order_by("id")


class AcdEvent(models.Model):
    """One event as a provider sent it, kept before it was acknowledged; each once, however often it is sent."""

    class Outcome(models.TextChoices):
        RECEIVED = "received", _("Received")
        WAITING = "waiting", _("Waits for the start of the call")
        DONE = "done", _("Done")
        IGNORED = "ignored", _("Does not concern us")
        TEST = "test", _("Test")
        FAILED = "failed", _("Failed")

    OPEN: ClassVar[tuple[str, ...]] = (Outcome.RECEIVED, Outcome.WAITING)

    id = models.BigAutoField(primary_key=True)
    connection = models.ForeignKey(AcdConnection, on_delete=models.CASCADE, related_name="events")
    event_id = models.CharField(max_length=255)
    kind = models.CharField(max_length=120)
    call_id = models.CharField(max_length=255, blank=True)
    session = models.ForeignKey(CallSession, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    content_type = models.CharField(max_length=80)
    body = models.TextField()
    outcome = models.CharField(max_length=8, choices=Outcome.choices, default=Outcome.RECEIVED)
    detail = models.CharField(max_length=300, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField()  # when it is taken up again if it is not done by then
    received_at = models.DateTimeField(default=timezone.now)

    objects = AcdEventQuerySet.as_manager()

    class Meta:
        verbose_name = _("telephony event")
        ordering = ("-id",)
        constraints = (models.UniqueConstraint(fields=("connection", "event_id"), name="acd_event_once"),)
        indexes = (
            models.Index(fields=("connection", "call_id"), name="acd_event_by_call"),
            models.Index(fields=("due_at",), name="acd_event_open", condition=models.Q(outcome__in=("received", "waiting"))),
            models.Index(fields=("received_at",), name="acd_event_by_age"),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.call_id}"

    def claim(self, lease: timedelta) -> bool:
        """Make it ours to work on until the lease is over; False when somebody else works on it or has done it."""
        now = timezone.now()
        mine = AcdEvent.objects.filter(pk=self.pk, outcome__in=self.OPEN, due_at=self.due_at)
        with transaction.atomic():
            claimed = bool(mine.update(due_at=now + lease, attempts=models.F("attempts") + 1))
        if claimed:
            self.due_at, self.attempts = now + lease, self.attempts + 1
        return claimed

    def conclude(self, outcome: str, detail: str = "", *, session: CallSession | None = None, due_at: datetime | None = None) -> None:
        """Note what became of it."""
        self.outcome, self.detail, self.session = outcome, detail[:300], session or self.session
        self.due_at = due_at or self.due_at
        self.save(update_fields=["outcome", "detail", "session", "due_at"])
