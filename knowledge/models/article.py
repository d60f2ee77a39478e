"""Articles, the categories they share with tickets, and the chunks in which long ones are searched."""

from __future__ import annotations

import uuid
from typing import Any, Self

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from helpdesk.core.models import ApiKey, User


class Category(models.Model):
    """What a ticket or an article is about. Description and examples teach the classifier (engine.md section 7)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(_("name"), max_length=100)
    description = models.TextField(_("description"), blank=True)
    examples = ArrayField(models.TextField(), default=list, blank=True, verbose_name=_("example phrases"))
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name = _("category")
        verbose_name_plural = _("categories")
        ordering = ("position", "name")

    def __str__(self) -> str:
        return self.name


class ArticleQuerySet(models.QuerySet["Article"]):
    def published(self) -> Self:
        return self.filter(status=Article.Status.PUBLISHED)

    def public(self) -> Self:
        return self.published().filter(audience=Article.Audience.PUBLIC)

    def visible_to(self, viewer: Any) -> Self:
        """Agents see everything, partner keys what is published, everybody else what is published and public."""
        if isinstance(viewer, User):
            return self
        return self.published() if isinstance(viewer, ApiKey) else self.public()


class Article(models.Model):
    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        REVIEW = "review", _("In review")
        PUBLISHED = "published", _("Published")
        ARCHIVED = "archived", _("Archived")

    class Audience(models.TextChoices):
        PUBLIC = "public", _("Public")
        INTERNAL = "internal", _("Internal")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    slug = models.SlugField(_("address"), max_length=160, unique=True)
    title = models.CharField(_("title"), max_length=250)
    body = models.TextField(_("text (Markdown)"))
    category = models.ForeignKey(Category, on_delete=models.SET_NULL, null=True, blank=True, related_name="articles")
    keywords = ArrayField(models.CharField(max_length=80), default=list, blank=True, verbose_name=_("keywords"))
    language = models.CharField(_("language"), max_length=12, default="en")
    status = models.CharField(_("status"), max_length=10, choices=Status.choices, default=Status.DRAFT)
    audience = models.CharField(_("audience"), max_length=10, choices=Audience.choices, default=Audience.PUBLIC)
    owner = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    review_due = models.DateField(_("review due"), null=True, blank=True)
    reminded_for = models.DateField(null=True, blank=True, editable=False)  # the due date of which the owner was told
    published_at = models.DateTimeField(_("published"), null=True, blank=True)
    assist_may_use = models.BooleanField(_("assist may use it"), default=True)
    translation_of = models.ForeignKey(  # the article of which this is the same in another language
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="translations", verbose_name=_("translation of")
    )
    reads = models.PositiveIntegerField(default=0, editable=False)
    helpful_count = models.PositiveIntegerField(default=0, editable=False)
    not_helpful_count = models.PositiveIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)
    search = SearchVectorField(null=True, editable=False)  # title A, body D; filled by knowledge.indexing

    objects = ArticleQuerySet.as_manager()

    class Meta:
        verbose_name = _("article")
        ordering = ("title",)
        indexes = (
            GinIndex(fields=("search",), name="article_search", fastupdate=False),  # a pending list would be read by every search
            models.Index(fields=("status", "audience"), name="article_by_status"),
        )

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("help-article", args=[self.slug])


class Chunk(models.Model):
    """About 200 tokens of an article, with the heading path that it stands under."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="chunks")
    position = models.PositiveSmallIntegerField()
    heading = models.CharField(max_length=250, blank=True)
    text = models.TextField()
    text_hash = models.CharField(max_length=32)

    class Meta:
        ordering = ("article", "position")
        constraints = (models.UniqueConstraint(fields=("article", "position"), name="chunk_once"),)

    def __str__(self) -> str:
        return f"{self.article_id} #{self.position}"
