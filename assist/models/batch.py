"""A backlog that is triaged in one go: what was chosen, how far it is, and for each ticket what came of it."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar, Self

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from helpdesk.core.models import User
from tickets.models import Ticket

from .triage import TriageRun


class TriageBatch(models.Model):
    class State(models.TextChoices):
        RUNNING = "running", _("Running")
        STOPPED = "stopped", _("Stopped")
        DONE = "done", _("Done")
        UNDOING = "undoing", _("Being taken back")
        UNDONE = "undone", _("Taken back")

    BUSY: ClassVar[tuple[str, ...]] = (State.RUNNING, State.UNDOING)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    chosen = models.JSONField(default=dict)  # {"queue": "billing", "unread": "1"}: as the form was filled in
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.RUNNING)
    started_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    undone_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    held_until = models.DateTimeField(default=timezone.now)  # a worker is at it until then; one that was killed lets it run out
    created_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("triage of a backlog")
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return f"{self.created_at:%Y-%m-%d %H:%M} {self.state}"

    @property
    def is_busy(self) -> bool:
        return self.state in self.BUSY


class TriageBatchPieceQuerySet(models.QuerySet["TriageBatchPiece"]):
    def waiting(self) -> Self:
        return self.filter(state=TriageBatchPiece.State.WAITING)

    def failed(self) -> Self:
        return self.filter(state=TriageBatchPiece.State.FAILED)

    def changed(self) -> Self:
        """Read, and not taken back since."""
        return self.filter(state=TriageBatchPiece.State.READ).exclude(changes={})


class TriageBatchPiece(models.Model):
    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        READ = "read", _("Read")
        FAILED = "failed", _("Failed")
        UNDONE = "undone", _("Taken back")

    id = models.BigAutoField(primary_key=True)
    batch = models.ForeignKey(TriageBatch, on_delete=models.CASCADE, related_name="pieces")
    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="+")
    run = models.ForeignKey(TriageRun, on_delete=models.SET_NULL, null=True, related_name="+")
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    changes: models.JSONField[Any, Any] = models.JSONField(default=dict)  # the run's, kept for the report
    note = models.CharField(max_length=300, blank=True)  # why it failed, which steps did, or what was not taken back

    objects = TriageBatchPieceQuerySet.as_manager()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("batch", "ticket"), name="read_once_a_batch"),)
        indexes = (models.Index(fields=("batch", "state", "id"), name="batch_next"),)

    def __str__(self) -> str:
        return f"{self.ticket_id} {self.state}"
