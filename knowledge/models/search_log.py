"""What people looked for, and whether they found it. Words only: no person, no address; kept for ninety days."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .article import Article


class SearchLog(models.Model):
    class Place(models.TextChoices):
        HELP = "help", _("Help centre")
        CONTACT = "contact", _("Contact form")
        CONSOLE = "console", _("Console")
        WIDGET = "widget", _("Chat widget")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    query = models.CharField(_("words"), max_length=200)  # small letters, one space; addresses and long numbers masked
    language = models.CharField(max_length=12, blank=True)
    place = models.CharField(_("where"), max_length=8, choices=Place.choices)
    results = models.PositiveSmallIntegerField(_("results"), default=0)
    confidence = models.FloatField(default=0)  # raw, of the best
    clicked = models.ForeignKey(Article, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    deflected = models.BooleanField(_("solved it"), default=False)  # shown before a request was sent, which then was not
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("search")
        verbose_name_plural = _("searches")
        indexes = (models.Index(fields=("-created_at",), name="search_log_latest"),)

    def __str__(self) -> str:
        return self.query
