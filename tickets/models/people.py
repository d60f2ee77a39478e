"""Who takes part in a ticket by e-mail, and how far an agent has read it."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from customers.models import Customer
from helpdesk.core.models import User

from .ticket import Ticket


class Participant(models.Model):
    """Someone who takes part in a ticket by e-mail. Only participants get into it; `suggested` ones do not, yet."""

    class Role(models.TextChoices):
        REQUESTER = "requester", _("Requester")
        CC = "cc", _("In copy")
        SUGGESTED = "suggested", _("Suggested")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="participants")
    customer = models.ForeignKey(Customer, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    address = models.CharField(max_length=320)
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.CC)
    removed_at = models.DateTimeField(null=True, blank=True)  # a removed participant's reply token opens nothing

    class Meta:
        constraints = (models.UniqueConstraint(fields=("ticket", "address"), name="participant_once"),)

    def __str__(self) -> str:
        return self.address


class TicketRead(models.Model):
    """How far an agent has read a ticket."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="reads")
    read_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("user", "ticket"), name="read_once"),)

    def __str__(self) -> str:
        return f"{self.user_id} read {self.ticket_id}"
