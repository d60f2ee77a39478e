"""One import that was started in the console: its file, how far it is, and what came of it."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from helpdesk.core.models import User


def _place(run: ImportRun, _name: str) -> str:
    return f"imports/{run.pk}"


class ImportRun(models.Model):
    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(_("file"), max_length=255)
    file = models.FileField(upload_to=_place)
    started_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.WAITING)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    counts = models.JSONField(default=dict, blank=True)  # {"created": 12, "changed": 0, "unchanged": 3, "skipped": 1}
    skipped = models.JSONField(default=list, blank=True)  # [{"source": "faq.json, entry 3", "reason": "no title or question"}]
    error = models.TextField(blank=True)
    started_at = models.DateTimeField(_("started"), default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("import")
        ordering = ("-started_at",)

    def __str__(self) -> str:
        return self.name

    @property
    def over(self) -> bool:
        return self.state in (self.State.DONE, self.State.FAILED)
