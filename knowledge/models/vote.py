"""What readers said of an article: did it solve it, and if not, what was missing."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .article import Article


class ArticleVote(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="votes")
    visitor = models.CharField(max_length=64)  # a keyed hash: tells visitors apart and says nothing about them
    helpful = models.BooleanField(_("helpful"))
    reason = models.TextField(_("reason"), blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("vote")
        ordering = ("-created_at",)
        constraints = (models.UniqueConstraint(fields=("article", "visitor"), name="article_vote_once"),)

    def __str__(self) -> str:
        return f"{self.article_id} {'yes' if self.helpful else 'no'}"
