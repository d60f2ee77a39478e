"""One import of customers that was started in the console: its file, what its columns mean, how far it is, what came of it."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from helpdesk.core.models import User


def _place(run: CustomerImport, _name: str) -> str:
    return f"customer-imports/{run.pk}"


class CustomerImport(models.Model):
    class State(models.TextChoices):
        MAPPING = "mapping", _("Columns to be checked")
        TRYING = "trying", _("Being tried")
        TRIED = "tried", _("Tried")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")

    BUSY: ClassVar[tuple[str, ...]] = (State.TRYING, State.RUNNING)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(_("file"), max_length=255)
    file = models.FileField(upload_to=_place)
    started_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.MAPPING)
    columns = models.JSONField(default=list)
    mapping = models.JSONField(default=dict)  # {our field: their column}
    region = models.CharField(max_length=2, blank=True)  # for phone numbers without a country
    keep_others = models.BooleanField(default=False)
    done = models.PositiveIntegerField(default=0)
    counts = models.JSONField(default=dict)  # {"created": 12, "changed": 0, "unchanged": 3, "skipped": 1}
    skipped = models.JSONField(default=list)  # [{"source": "line 3", "reason": "..."}]
    error = models.TextField(blank=True)
    started_at = models.DateTimeField(_("started"), default=timezone.now)
    asked_at = models.DateTimeField(default=timezone.now)  # when the worker was last asked

    class Meta:
        verbose_name = _("import of customers")
        ordering = ("-started_at",)

    def __str__(self) -> str:
        return self.name

    @property
    def path(self) -> Path:
        return Path(self.file.path)

    @property
    def is_busy(self) -> bool:
        return self.state in self.BUSY
