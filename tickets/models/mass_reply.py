"""One word to everybody behind an incident: a job, and a row for each ticket that hears it."""

from __future__ import annotations

import uuid
from typing import ClassVar, Self

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from helpdesk.core.models import User
from knowledge.models import IncidentUpdate

from .message import Message
from .ticket import Ticket


class MassReply(models.Model):
    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")  # for second thoughts
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        STOPPED = "stopped", _("Stopped")

    BUSY: ClassVar[tuple[str, ...]] = (State.WAITING, State.RUNNING)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    update = models.OneToOneField(IncidentUpdate, on_delete=models.CASCADE, related_name="+")  # each is sent once, whoever presses twice
    started_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.WAITING)
    starts_at = models.DateTimeField(default=timezone.now)
    asked_at = models.DateTimeField(default=timezone.now)  # when a worker was last at it
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("reply to many")
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return f"{self.update_id} {self.state}"

    @property
    def is_busy(self) -> bool:
        return self.state in self.BUSY


class MassReplyPieceQuerySet(models.QuerySet["MassReplyPiece"]):
    def waiting(self) -> Self:
        return self.filter(state=MassReplyPiece.State.WAITING)


class MassReplyPiece(models.Model):
    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        SENT = "sent", _("Sent")
        LEFT_OUT = "left_out", _("Left out")

    id = models.BigAutoField(primary_key=True)
    job = models.ForeignKey(MassReply, on_delete=models.CASCADE, related_name="pieces")
    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="+")
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    message = models.ForeignKey(Message, on_delete=models.SET_NULL, null=True, related_name="+")
    why = models.CharField(max_length=300, blank=True)  # it was left out

    objects = MassReplyPieceQuerySet.as_manager()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("job", "ticket"), name="told_once"),)
        indexes = (models.Index(fields=("job", "id"), name="mass_reply_next", condition=models.Q(state="waiting")),)

    def __str__(self) -> str:
        return f"{self.ticket_id} {self.state}"
