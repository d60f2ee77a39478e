"""Files and pictures that belong to an article."""

from __future__ import annotations

import uuid
from typing import Any, Self

from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from helpdesk.core.models import User

from .article import Article


def _place(file: ArticleFile, _name: str) -> str:
    return f"articles/{file.article_id}/{file.pk}"  # never the uploader's name: it is for display only


class ArticleFileQuerySet(models.QuerySet["ArticleFile"]):
    def visible_to(self, viewer: Any) -> Self:
        """Whoever may read the article may have its files."""
        return self.filter(article__in=Article.objects.visible_to(viewer))


class ArticleFile(models.Model):
    """Its name is for display only; what a browser gets of it is decided by helpdesk.core.downloads."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="files")
    name = models.CharField(_("name"), max_length=255)
    size = models.PositiveIntegerField(_("size"))  # bytes
    sha256 = models.CharField(max_length=64)
    picture = models.BooleanField(default=False)  # by its content: may be shown inside the text
    file = models.FileField(upload_to=_place)
    uploaded_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    objects = ArticleFileQuerySet.as_manager()

    class Meta:
        verbose_name = _("article file")
        ordering = ("created_at",)
        constraints = (models.UniqueConstraint(fields=("article", "sha256", "name"), name="article_file_once"),)

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("knowledge-file", args=[self.pk])

    @property
    def markdown(self) -> str:
        """How the text shows it, or links to it."""
        name = self.name.replace("[", "(").replace("]", ")").replace("\\", "/")
        words = name.rpartition(".")[0] or name if self.picture else name
        return f"{'!' if self.picture else ''}[{words}]({self.get_absolute_url()})"
