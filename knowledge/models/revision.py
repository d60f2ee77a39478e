"""The history of an article: every saved version, and what each colleague has typed and not saved yet.

An article's own title and text are what readers find. While it is published, a newer version may wait beside it; the
newest version is always what the editor goes on from.
"""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass
from typing import Any, Self

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from helpdesk.core.models import User

from .article import Article


@dataclass(frozen=True)
class Text:
    """Title and Markdown of a version. `of` normalises what a browser sends, so that equal texts have equal stamps."""

    title: str
    body: str

    @classmethod
    def of(cls, title: str, body: str) -> Text:
        lines = body.replace("\x00", "").replace("\r\n", "\n").replace("\r", "\n")
        return cls(" ".join(title.replace("\x00", "").split()), lines.rstrip())

    @property
    def stamp(self) -> str:
        """32 hexadecimal digits; the editor sends them back to say which text it started from."""
        return hashlib.sha256(f"{self.title}\0{self.body}".encode()).hexdigest()[:32]


class ArticleRevisionQuerySet(models.QuerySet["ArticleRevision"]):
    def awaiting_review(self) -> Self:
        return self.filter(review_requested_at__isnull=False)

    def newest_of(self, article: Article) -> ArticleRevision:
        """The version that the editor goes on from. An article without versions has its own text as version 0, which is not stored."""
        newest = self.filter(article=article).order_by("-number").first()
        return newest or ArticleRevision(article=article, number=0, title=article.title, body=article.body)

    def settled(self, article: Article) -> ArticleRevision:
        """The newest version, after the text of an article that came without versions (imported, demonstration) was kept as its first.

        Call it with the article locked.
        """
        newest = self.newest_of(article)
        if newest.number or not newest.body:
            return newest
        live = article.published_at if article.status == Article.Status.PUBLISHED else None
        newest.number, newest.saved_at, newest.live_since = 1, article.updated_at, live
        newest.save(force_insert=True)
        return newest

    def keep(self, article: Article, text: Text, *, by: Any, summary: str = "", live: bool = False) -> ArticleRevision:
        """Store a text as the next version; the same text again is no new version. `live` marks it as what readers see from now on.

        Call it with the article locked: that is what numbers the versions.
        """
        newest = self.newest_of(article)
        if newest.number == 0 or newest.stamp != text.stamp:
            author = by if isinstance(by, User) else None
            newest = ArticleRevision(article=article, number=newest.number + 1, title=text.title, body=text.body, summary=summary[:200])
            newest.author, newest.author_name = author, str(by or "")[:150]
            newest.save(force_insert=True)
        if live:
            newest.live_since, newest.review_requested_at = timezone.now(), None
            newest.save(update_fields=["live_since", "review_requested_at"])
            self.filter(article=article).awaiting_review().update(review_requested_at=None)
        return newest


class ArticleRevision(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="revisions")
    number = models.PositiveIntegerField(_("version"))
    title = models.CharField(_("title"), max_length=250)
    body = models.TextField(_("text (Markdown)"), blank=True)
    summary = models.CharField(_("what changed"), max_length=200, blank=True)
    author = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    author_name = models.CharField(max_length=150, blank=True)  # stays when the account goes
    saved_at = models.DateTimeField(_("saved"), default=timezone.now)
    review_requested_at = models.DateTimeField(null=True, blank=True)  # empty again once it was published or sent back
    live_since = models.DateTimeField(null=True, blank=True)  # when it became what readers see; kept when a newer one follows

    objects = ArticleRevisionQuerySet.as_manager()

    class Meta:
        verbose_name = _("article version")
        ordering = ("article", "-number")
        constraints = (models.UniqueConstraint(fields=("article", "number"), name="article_revision_once"),)
        indexes = (
            models.Index(fields=("article",), name="article_revision_waiting", condition=models.Q(review_requested_at__isnull=False)),
        )

    def __str__(self) -> str:
        return f"{self.article_id} version {self.number}"

    @property
    def text(self) -> Text:
        return Text.of(self.title, self.body)

    @property
    def stamp(self) -> str:
        return self.text.stamp


class WorkingCopy(models.Model):
    """What one colleague has typed into the editor and not saved yet. Saving or discarding removes it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="working_copies")
    author = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    title = models.CharField(max_length=250, blank=True)
    body = models.TextField(blank=True)
    base = models.CharField(max_length=32)  # stamp of the text it started from
    saved_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("article", "author"), name="working_copy_once"),)

    def __str__(self) -> str:
        return f"{self.article_id} by {self.author_id}"

    @property
    def text(self) -> Text:
        return Text.of(self.title, self.body)
