"""Vectors, in their own narrow table: wide columns beside them would push rows over the 2 kB TOAST limit (engine.md section 6)."""

from __future__ import annotations

from django.db import models
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
