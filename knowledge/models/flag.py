"""A passage of an article that somebody found wrong, old or unclear while answering: for the article's owner to put right."""

from __future__ import annotations

import uuid
from typing import Self

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from helpdesk.core.models import User

from .article import Article


class PassageFlagQuerySet(models.QuerySet["PassageFlag"]):
    def open(self) -> Self:
        return self.filter(resolved_at=None)


class PassageFlag(models.Model):
    class Kind(models.TextChoices):
        WRONG = "wrong", _("Wrong")
        OUTDATED = "outdated", _("Out of date")
        UNCLEAR = "unclear", _("Hard to understand")
        MISSING = "missing", _("Something is missing")

    class Outcome(models.TextChoices):
        FIXED = "fixed", _("Put right")
        KEPT = "kept", _("Right as it is")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="flags")
    passage = models.TextField(_("passage"), blank=True)  # as it stood in the article; empty: the whole
    kind = models.CharField(_("what is the matter"), max_length=8, choices=Kind.choices)
    note = models.TextField(_("note"), blank=True)
    by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    outcome = models.CharField(max_length=8, choices=Outcome.choices, blank=True)
    resolved_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    resolved_at = models.DateTimeField(null=True, blank=True)

    objects = PassageFlagQuerySet.as_manager()

    class Meta:
        verbose_name = _("passage to improve")
        ordering = ("-created_at",)
        indexes = (models.Index(fields=("article", "-created_at"), name="flags_open", condition=models.Q(resolved_at__isnull=True)),)

    def __str__(self) -> str:
        return f"{self.article_id} {self.kind}"
