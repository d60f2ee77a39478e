"""Who did what how often, counted in PostgreSQL: a flush of Redis must not open a door (security.md T25, T26)."""

from __future__ import annotations

from django.db import models


class Allowance(models.Model):
    """The count of one deed by one subject in one window of time. Subjects are hashed: this is no log of addresses."""

    id = models.BigAutoField(primary_key=True)
    deed = models.CharField(max_length=40)
    subject_hash = models.CharField(max_length=64)
    window_start = models.DateTimeField()
    count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("deed", "subject_hash", "window_start"), name="allowance_once"),)
        indexes = (models.Index(fields=("window_start",), name="allowance_by_age"),)

    def __str__(self) -> str:
        return f"{self.deed} x{self.count}"
