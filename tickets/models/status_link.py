"""That a ticket comes of an incident or a deployment: who or what said so, how sure, and whether somebody took it back."""

from __future__ import annotations

from typing import Any, Self

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from helpdesk.core.models import User
from knowledge.models import Deployment, Incident

from .ticket import Ticket


class StatusLinkQuerySet(models.QuerySet["StatusLink"]):
    def visible_to(self, viewer: Any) -> Self:
        return self.filter(ticket__in=Ticket.objects.visible_to(viewer))

    def present(self) -> Self:
        """Those that nobody took back."""
        return self.filter(removed_at__isnull=True)


class StatusLink(models.Model):
    class Origin(models.TextChoices):
        PERSON = "person", _("Colleague")
        TRIAGE = "triage", _("Triage")
        LOOKING_BACK = "looking_back", _("When the incident began")

    id = models.BigAutoField(primary_key=True)
    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="status_links")
    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    deployment = models.ForeignKey(Deployment, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    origin = models.CharField(max_length=12, choices=Origin.choices)
    score = models.FloatField(null=True, blank=True)  # closeness in meaning, 0..1; people give none
    why = models.CharField(max_length=300, blank=True)
    by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    removed_at = models.DateTimeField(null=True, blank=True)  # a person said no: the engine does not link it again
    removed_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")

    objects = StatusLinkQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("ticket", "incident"), name="incident_linked_once"),
            models.UniqueConstraint(fields=("ticket", "deployment"), name="deployment_linked_once"),
            models.CheckConstraint(
                condition=models.Q(incident__isnull=True) ^ models.Q(deployment__isnull=True), name="linked_to_one_thing"
            ),
        )

    def __str__(self) -> str:
        return f"{self.ticket_id} {self.target}"

    @property
    def target(self) -> Incident | Deployment | None:
        return self.incident or self.deployment
