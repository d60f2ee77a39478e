"""Vectors, in their own narrow table: wide columns beside them would push rows over the 2 kB TOAST limit (engine.md section 6)."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from pgvector.django import HalfVectorField

DIMENSIONS = 384


class Embedding(models.Model):
    """The meaning of one part of one object under one model. Vectors carry their model, so two models can live side by side."""

    id = models.BigAutoField(primary_key=True)
    object_kind = models.CharField(max_length=16)  # article, chunk, ticket, case, ...
    object_id = models.UUIDField()
    part = models.PositiveSmallIntegerField(default=0)  # for example 0 title, 1 title and body
    model = models.CharField(max_length=60)
    text_hash = models.CharField(max_length=32)  # what was embedded; unchanged text is not embedded again
    vector = HalfVectorField(dimensions=DIMENSIONS)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("object_kind", "object_id", "part", "model"), name="embedding_once"),)

    def __str__(self) -> str:
        return f"{self.object_kind} {self.object_id}/{self.part} by {self.model}"


class EmbeddingEngine(models.Model):
    """How far a new engine is, while the one before it still serves. `ready_at` is the moment of the change, for every process."""

    name = models.CharField(_("engine"), max_length=60, unique=True)
    made = models.PositiveIntegerField(_("vectors made"), default=0)
    error = models.CharField(_("last error"), max_length=500, blank=True)
    started_at = models.DateTimeField(_("started"), default=timezone.now)
    ready_at = models.DateTimeField(_("in use since"), null=True, blank=True)

    class Meta:
        verbose_name = _("embedding engine")

    def __str__(self) -> str:
        return self.name
