"""Everything that is held of one person, as one archive: asked for, made in the background, fetched, and gone after a week."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from helpdesk.core.models import User

from .customer import Customer

KEPT = timedelta(days=7)


class CustomerExport(models.Model):
    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        RUNNING = "running", _("Being made")
        READY = "ready", _("Ready")
        FAILED = "failed", _("Failed")

    BUSY: ClassVar[tuple[str, ...]] = (State.WAITING, State.RUNNING)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="exports")
    asked_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")  # None: the customer
    state = models.CharField(_("state"), max_length=7, choices=State.choices, default=State.WAITING)
    file = models.FileField(upload_to="exports/", blank=True)
    done = models.PositiveIntegerField(default=0)  # parts, of `total`
    total = models.PositiveIntegerField(default=0)
    asked_at = models.DateTimeField(default=timezone.now)
    ready_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("export of a customer")
        ordering = ("-asked_at",)

    def __str__(self) -> str:
        return f"{self.customer_id} {self.state}"

    @property
    def is_busy(self) -> bool:
        return self.state in self.BUSY

    @property
    def gone_at(self) -> datetime:
        return self.asked_at + KEPT
