"""Solved work: what a customer asked, and which article answered it. This is the memory that search learns from."""

from __future__ import annotations

import uuid
from typing import Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from .article import Article, Category


class SolvedCaseQuerySet(models.QuerySet["SolvedCase"]):
    def linked(self) -> Self:
        return self.filter(article__isnull=False)


class SolvedCase(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    source_kind = models.CharField(_("source"), max_length=16)  # ticket, call, chat, import
    source_id = models.CharField(max_length=100)
    text = models.TextField(_("what was asked"))  # subject and the customer's first words
    category = models.ForeignKey(Category, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    article = models.ForeignKey(Article, on_delete=models.SET_NULL, null=True, blank=True, related_name="cases")
    priority = models.CharField(_("priority"), max_length=10, blank=True)
    customer_ref = models.UUIDField(null=True, blank=True, db_index=True)  # so that erasing a customer finds it
    resolved_at = models.DateTimeField(_("resolved"), null=True, blank=True)

    objects = SolvedCaseQuerySet.as_manager()

    class Meta:
        verbose_name = _("solved case")
        constraints = (models.UniqueConstraint(fields=("source_kind", "source_id"), name="solved_case_once"),)
        indexes = (models.Index(fields=("article",), name="solved_case_linked", condition=models.Q(article__isnull=False)),)

    def __str__(self) -> str:
        return f"{self.source_kind} {self.source_id}"

    @property
    def source(self) -> tuple[str, str]:
        return self.source_kind, self.source_id
