"""The state of our own systems: components, incidents, deployments. Triage links tickets to them."""

from __future__ import annotations

import uuid
from typing import Self

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


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

    class Meta:
        verbose_name = _("component")
        ordering = ("position", "name")

    def __str__(self) -> str:
        return self.name


class IncidentQuerySet(models.QuerySet["Incident"]):
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

    objects = IncidentQuerySet.as_manager()

    class Meta:
        verbose_name = _("incident")
        ordering = ("-started_at",)

    def __str__(self) -> str:
        return f"{self.reference} · {self.title}"


class IncidentUpdate(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="updates")
    status = models.CharField(max_length=14, choices=Incident.Status.choices)
    text = models.TextField(_("text"))
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("-at",)

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
