"""Websites that carry the chat widget, and the visitors who have written there."""

from __future__ import annotations

import secrets
import uuid
from datetime import datetime, timedelta
from typing import Any, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import RegexValidator
from django.db import IntegrityError, models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from customers.models import Customer
from helpdesk.core.models import User
from helpdesk.core.models.access import fingerprint
from helpdesk.core.sealed import SealedJSONField
from tickets.models import BusinessHours, Queue

IDENTITY = "identity"  # the name of the secret with which a site vouches for its users
DEFAULT_COLOUR = "#006177"
SIX_DIGITS = RegexValidator(r"^#[0-9a-fA-F]{6}\Z", _("Six digits, like #006177."))


def new_site_key() -> str:
    return f"site_{secrets.token_urlsafe(12)}"


class WidgetSiteQuerySet(models.QuerySet["WidgetSite"]):
    def visible_to(self, viewer: Any) -> Self:
        """Supervisors and admins look after them; nobody else sees any."""
        return self if isinstance(viewer, User) and viewer.oversees else self.none()

    def named(self, key: str) -> WidgetSite | None:
        """The site of a public key, if its widget is on."""
        return self.filter(key=key[:40], is_active=True).select_related("queue", "calendar").first()

    def of_help_centre(self) -> WidgetSite | None:
        return self.filter(in_help_centre=True, is_active=True).first()


class WidgetSite(models.Model):
    """One website with our script on it. The key is public, it stands in the page; the secret is sealed and shown once."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(_("name"), max_length=120)
    key = models.CharField(max_length=40, unique=True, default=new_site_key, editable=False)
    origins = ArrayField(models.CharField(max_length=260), default=list, blank=True, verbose_name=_("allowed addresses"))
    secrets = SealedJSONField(default=dict, editable=False)
    secret_start = models.CharField(max_length=8, blank=True, editable=False)  # tells people which secret is the present one
    generation = models.PositiveIntegerField(default=0, editable=False)  # of the secret: who came in by an older one must come anew
    greeting = models.CharField(_("greeting"), max_length=300, blank=True)
    colour = models.CharField(
        _("colour"),
        max_length=7,
        default=DEFAULT_COLOUR,
        validators=[RegexValidator(r"^#[0-9a-fA-F]{6}\Z", _("Six digits, like #006177."))],
    )
    asks_first = models.BooleanField(_("ask for name and e-mail first"), default=False)
    languages = ArrayField(models.CharField(max_length=12), default=list, blank=True, verbose_name=_("languages"))
    calendar = models.ForeignKey(
        BusinessHours, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("business hours")
    )
    hours = models.TextField(_("hours"), max_length=1000, blank=True)  # where no calendar is chosen
    time_zone = models.CharField(_("time zone"), max_length=64, default="UTC")
    offline_text = models.CharField(_("words outside hours"), max_length=300, blank=True)
    queue = models.ForeignKey(Queue, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("team"))
    in_help_centre = models.BooleanField(_("in our help centre"), default=False)
    is_active = models.BooleanField(_("on"), default=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = WidgetSiteQuerySet.as_manager()

    class Meta:
        verbose_name = _("widget site")
        ordering = ("name",)
        constraints = (
            models.UniqueConstraint(fields=("in_help_centre",), condition=models.Q(in_help_centre=True), name="one_widget_in_help_centre"),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def identity_secret(self) -> str:
        return str(self.secrets.get(IDENTITY, ""))

    def renew_secret(self) -> str:
        """A new secret for signed identities; returned once. Whoever came in by the old one must come anew."""
        fresh = secrets.token_urlsafe(32)
        self.secrets, self.secret_start = {IDENTITY: fresh}, fresh[:6]
        self.generation += 1
        self.save(update_fields=["secrets", "secret_start", "generation"])
        return fresh

    def allows(self, origin: str) -> bool:
        """Is this exact origin (scheme, host, port) on the list? Our own pages need no entry."""
        return origin in self.origins or origin == settings.SITE_URL


class WidgetVisitor(models.Model):
    """Somebody in a browser on one site: known to the site (`external_id`, signed by it), or nobody in particular.

    Name and e-mail are what they said of themselves. They prove nothing, so they lead to no customer: an address that a stranger
    may claim must not open what its owner wrote to us.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    site = models.ForeignKey(WidgetSite, on_delete=models.CASCADE, related_name="visitors")
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    external_id = models.CharField(max_length=150, blank=True)
    name = models.CharField(max_length=200, blank=True)
    email = models.EmailField(max_length=320, blank=True)
    proven_at = models.DateTimeField(null=True, blank=True)  # when the site vouched for them last
    revoked_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("site", "external_id"), condition=~models.Q(external_id=""), name="widget_visitor_once"),
        )

    def __str__(self) -> str:
        return self.user_id

    @property
    def user_id(self) -> str:
        """How the chat's addresses name them. A signed id never starts like an anonymous one: visitors.py refuses it."""
        return self.external_id or f"visitor-{self.pk.hex}"


class SpentIdentity(models.Model):
    """A signed identity with a number of its own (`jti`) that was used: it opens nothing a second time."""

    site = models.ForeignKey(WidgetSite, on_delete=models.CASCADE, related_name="+")
    mark = models.CharField(max_length=64)
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("site", "mark"), name="identity_spent_once"),)

    def __str__(self) -> str:
        return self.mark

    @classmethod
    def spend(cls, site: WidgetSite, number: str, *, until: datetime) -> bool:
        """False when it was used before. What has expired anyway is forgotten."""
        cls.objects.filter(expires_at__lt=timezone.now() - timedelta(hours=1)).delete()
        try:
            with transaction.atomic():
                cls.objects.create(site=site, mark=fingerprint(number), expires_at=until)
        except IntegrityError:
            return False
        return True
