"""The state of our own systems: components, incidents, deployments, and the alerts behind them. Tickets are linked to them."""

from __future__ import annotations

import hashlib
import secrets
import uuid
from typing import Any, Self

from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from helpdesk.core.models import ApiKey, User


class Component(models.Model):
    class State(models.TextChoices):
        OPERATIONAL = "operational", _("Operational")
        DEGRADED = "degraded", _("Degraded")
        OUTAGE = "outage", _("Outage")
        MAINTENANCE = "maintenance", _("Maintenance")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    slug = models.SlugField(max_length=80, unique=True)
    name = models.CharField(_("name"), max_length=120)
    description = models.TextField(_("description"), blank=True)
    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.OPERATIONAL)
    position = models.PositiveSmallIntegerField(default=0)
    external_id = models.CharField(_("id at the status page"), max_length=120, blank=True, db_index=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("component")
        ordering = ("position", "name")

    def __str__(self) -> str:
        return self.name


class IncidentQuerySet(models.QuerySet["Incident"]):
    def visible_to(self, viewer: Any) -> Self:
        """Everybody who works here sees all; the world sees what was made public."""
        return self if isinstance(viewer, User | ApiKey) else self.filter(is_public=True)

    def open(self) -> Self:
        return self.filter(resolved_at__isnull=True)


class Incident(models.Model):
    class Status(models.TextChoices):
        INVESTIGATING = "investigating", _("Investigating")
        IDENTIFIED = "identified", _("Identified")
        MONITORING = "monitoring", _("Monitoring")
        RESOLVED = "resolved", _("Resolved")

    class Impact(models.TextChoices):
        DEGRADED = "degraded", _("Degraded")
        OUTAGE = "outage", _("Outage")

    class Source(models.TextChoices):
        PEOPLE = "people", _("Colleague")
        API = "api", _("API")
        ALERTMANAGER = "alertmanager", _("Alertmanager")
        STATUS_PAGE = "status_page", _("Status page")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    reference = models.CharField(_("reference"), max_length=20, unique=True)  # INC-204
    title = models.CharField(_("title"), max_length=200)
    description = models.TextField(_("description"), blank=True)
    status = models.CharField(_("status"), max_length=14, choices=Status.choices, default=Status.INVESTIGATING)
    impact = models.CharField(_("impact"), max_length=10, choices=Impact.choices, default=Impact.DEGRADED)
    components = models.ManyToManyField(Component, related_name="incidents", blank=True)
    started_at = models.DateTimeField(_("started"), default=timezone.now)
    resolved_at = models.DateTimeField(_("resolved"), null=True, blank=True)
    next_update_at = models.DateTimeField(_("next update"), null=True, blank=True)
    is_public = models.BooleanField(_("on the public status page"), default=True)
    source = models.CharField(_("source"), max_length=14, choices=Source.choices, default=Source.PEOPLE)
    external_id = models.CharField(max_length=255, blank=True)  # the group of alerts, or the incident's id at the status page
    updated_at = models.DateTimeField(auto_now=True)

    objects = IncidentQuerySet.as_manager()

    class Meta:
        verbose_name = _("incident")
        ordering = ("-started_at",)
        indexes = (models.Index(fields=("source", "external_id"), name="incident_by_source"),)

    def __str__(self) -> str:
        return f"{self.reference} · {self.title}"

    def get_absolute_url(self) -> str:
        """On the public status page."""
        return reverse("status-incident", args=[self.reference])

    @property
    def is_open(self) -> bool:
        return self.resolved_at is None

    @property
    def words(self) -> str:
        """What it is about, for comparing with tickets."""
        return f"{self.title}. {self.description}"


class IncidentUpdate(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="updates")
    status = models.CharField(max_length=14, choices=Incident.Status.choices)
    text = models.TextField(_("text"))
    at = models.DateTimeField(default=timezone.now)
    author = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    external_id = models.CharField(max_length=255, blank=True)

    class Meta:
        ordering = ("-at",)
        constraints = (
            models.UniqueConstraint(fields=("incident", "external_id"), condition=~models.Q(external_id=""), name="incident_update_once"),
        )

    def __str__(self) -> str:
        return f"{self.incident_id} {self.status}"


class Deployment(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    component = models.ForeignKey(Component, on_delete=models.CASCADE, related_name="deployments")
    version = models.CharField(_("version"), max_length=60)
    summary = models.TextField(_("summary"), blank=True)
    deployed_at = models.DateTimeField(_("deployed"), default=timezone.now)

    class Meta:
        verbose_name = _("deployment")
        ordering = ("-deployed_at",)

    def __str__(self) -> str:
        return f"{self.component_id} {self.version}"


class Alert(models.Model):
    """One firing of one alert rule, as Alertmanager tells of it."""

    fingerprint = models.CharField(max_length=64)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)
    firing = models.BooleanField(default=True)
    labels = models.JSONField(default=dict)
    annotations = models.JSONField(default=dict)
    # None: it was over before we heard of it
    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, null=True, blank=True, related_name="alerts")
    heard_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("alert")
        ordering = ("-starts_at",)
        constraints = (models.UniqueConstraint(fields=("fingerprint", "starts_at"), name="alert_once"),)

    def __str__(self) -> str:
        return str(self.labels.get("alertname") or self.fingerprint)


class StatusHook(models.Model):
    """An address for a system that cannot send an API key: 256 secret bits in the path, of which only a hash is kept."""

    class Kind(models.TextChoices):
        ALERTMANAGER = "alertmanager", _("Alertmanager")
        STATUS_PAGE = "status_page", _("Status page")

    name = models.CharField(_("name"), max_length=120)
    kind = models.CharField(_("kind"), max_length=14, choices=Kind.choices)
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    is_active = models.BooleanField(_("active"), default=True)
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("status webhook")

    def __str__(self) -> str:
        return self.name

    @classmethod
    def of(cls, token: str) -> StatusHook | None:
        return cls.objects.filter(token_hash=hashlib.sha256(token.encode()).hexdigest(), is_active=True).first()

    def renew(self) -> str:
        """A new token, to be shown once; the old one ends. The caller saves."""
        token = secrets.token_urlsafe(32)
        self.token_hash = hashlib.sha256(token.encode()).hexdigest()
        return token
