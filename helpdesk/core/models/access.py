"""Credentials and their traces. Only hashes are stored: a copy of the database opens no door."""

from __future__ import annotations

import hashlib
import secrets
import uuid
from datetime import datetime, timedelta
from typing import Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

KEY_LIFETIME = timedelta(days=365)  # security.md section 6, default 12
KEY_OVERLAP = timedelta(hours=24)  # so long a renewed key's old secret still opens
ALL_SCOPES = "*"
RESOURCES = ("tickets", "customers", "articles", "calls", "chat", "memory", "webhooks", "triage", "status", "metrics", "ai")
COMPANY_WIDE = ("chat", "memory", "metrics", "ai")  # what belongs to no team: a key of some teams never opens it
SCOPES = (ALL_SCOPES, *(f"{resource}:{verb}" for resource in RESOURCES for verb in ("read", "write")))


def fingerprint(secret: str) -> str:
    """SHA-256 of a random secret, as hex. Enough for 256 bits of randomness; passwords use Argon2."""
    return hashlib.sha256(secret.encode()).hexdigest()


def in_a_year() -> datetime:
    return timezone.now() + KEY_LIFETIME


class ApiKeyQuerySet(models.QuerySet["ApiKey"]):
    def live(self) -> Self:
        now = timezone.now()
        return self.filter(revoked_at__isnull=True).filter(models.Q(expires_at__isnull=True) | models.Q(expires_at__gt=now))

    def opened_by(self, key_hash: str) -> Self:
        """The key of this secret; for a day after a renewal the secret before it opens too."""
        before = models.Q(previous_hash=key_hash, previous_until__gt=timezone.now())
        return self.filter(models.Q(key_hash=key_hash) | before)


class ApiKey(models.Model):
    """A partner system's key. The secret is shown once, when it is issued."""

    actor_kind = "api"
    is_authenticated = is_active = True  # stands in for the user of an API request
    is_anonymous = False

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(_("name"), max_length=150)
    prefix = models.CharField(max_length=16, editable=False)
    key_hash = models.CharField(max_length=64, unique=True, editable=False)
    previous_hash = models.CharField(max_length=64, unique=True, null=True, blank=True, editable=False)
    previous_until = models.DateTimeField(null=True, blank=True, editable=False)
    scopes = ArrayField(models.CharField(max_length=40), default=list, verbose_name=_("scopes"))
    # ids of the teams (tickets.Queue) that it is limited to; empty: none. Ids alone: this is the floor, and a removed team opens nothing
    queues = ArrayField(models.UUIDField(), default=list, blank=True, verbose_name=_("teams"))
    rate_limit_per_minute = models.PositiveIntegerField(_("requests a minute"), null=True, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True, default=in_a_year)
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True, editable=False)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)

    objects = ApiKeyQuerySet.as_manager()

    class Meta:
        verbose_name = _("API key")
        constraints = (models.CheckConstraint(condition=~models.Q(key_hash=""), name="api_key_hash_set"),)

    def __str__(self) -> str:
        return self.name

    @classmethod
    def issue(cls, name: str, *, scopes: list[str], **fields: object) -> tuple[ApiKey, str]:
        """Create a key; returns it with its secret (`hd_…`), which cannot be read again."""
        key = cls(name=name, scopes=scopes, **fields)
        secret = key.new_secret()
        key.save(force_insert=True)
        return key, secret

    def new_secret(self) -> str:
        """Make the secret of this key anew, and return it. The one before it opens for another day. Unsaved."""
        secret = f"hd_{secrets.token_urlsafe(32)}"
        if self.key_hash:
            self.previous_hash, self.previous_until = self.key_hash, timezone.now() + KEY_OVERLAP
        self.prefix, self.key_hash = secret[:10], fingerprint(secret)
        return secret

    @property
    def oversees(self) -> bool:
        """As of people: whether it sees every team."""
        return not self.queues

    def allows(self, scope: str) -> bool:
        if self.queues and scope.partition(":")[0] in COMPANY_WIDE:
            return False
        return ALL_SCOPES in self.scopes or scope in self.scopes


class IdempotencyRecord(models.Model):
    """The first answer to a POST with an Idempotency-Key, kept for 24 h and replayed word for word."""

    id = models.BigAutoField(primary_key=True)
    scope = models.CharField(max_length=80)  # whose key: "key:<uuid>" or "user:<uuid>"
    key = models.CharField(max_length=255)
    request_hash = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True, blank=True)  # NULL while the first request still runs
    content_type = models.CharField(max_length=80, blank=True)
    body = models.BinaryField(default=b"")
    created_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("scope", "key"), name="idempotency_once"),)

    def __str__(self) -> str:
        return f"{self.scope} {self.key}"


class OneTimeToken(models.Model):
    """A link that works once and for a while: invitations, the first admin, customers' signed links."""

    class Purpose(models.TextChoices):
        INVITE = "invite", _("invitation")
        SETUP = "setup", _("first admin")
        TRACKING = "tracking", _("request tracking")
        REQUESTS = "requests", _("a customer's requests")
        SOCKET = "socket", _("live connection")
        CUSTOMER = "customer", _("customer's sign-in link")
        VISIT = "visit", _("customer's visit")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    purpose = models.CharField(max_length=12, choices=Purpose.choices)
    token_hash = models.CharField(max_length=64, unique=True)
    email = models.EmailField(blank=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    data = models.JSONField(default=dict, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (models.CheckConstraint(condition=~models.Q(token_hash=""), name="one_time_token_hash_set"),)

    def __str__(self) -> str:
        return f"{self.purpose} for {self.email}"

    @classmethod
    def issue(cls, purpose: str, *, lifetime: timedelta, **fields: object) -> tuple[OneTimeToken, str]:
        """Create a token; returns it with its secret, which stands in the link and nowhere else."""
        secret = secrets.token_urlsafe(32)
        token = cls.objects.create(purpose=purpose, token_hash=fingerprint(secret), expires_at=timezone.now() + lifetime, **fields)
        return token, secret

    @classmethod
    def find(cls, purpose: str, secret: str) -> OneTimeToken | None:
        """The live token behind `secret`, or None: unknown, of another purpose, expired, used and revoked look alike."""
        live = cls.objects.filter(purpose=purpose, used_at__isnull=True, revoked_at__isnull=True, expires_at__gt=timezone.now())
        return live.filter(token_hash=fingerprint(secret)).first() if secret.strip() else None
