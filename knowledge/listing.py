"""Articles as colleagues look for them: filtered, searched, sorted, page by page; and the short lists of what needs somebody."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.contrib.postgres.search import SearchQuery
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from helpdesk.core.models import User

from . import flagging
from .models import Article, ArticleRevision, WorkingCopy

PAGE = 50  # articles
LONGEST_QUERY = 256
SOON = timedelta(days=30)
SHORT = 8  # rows of a short list beside the editor
FILTERS = ("status", "category", "language", "audience", "owner", "due", "q", "sort")

SORTS: Mapping[str, tuple[Any, ...]] = {
    "changed": ("-updated_at", "title"),
    "title": ("title",),
    "due": (F("review_due").asc(nulls_last=True), "title"),
    "helpful": (F("not_helpful_count").desc(), "title"),
}


@dataclass(frozen=True)
class Group:
    """A short list: its heading, what the column at the end means, and the articles."""

    label: str
    column: str
    url: str
    articles: list[Article] = field(default_factory=list)


def found(wanted: Mapping[str, str], *, viewer: User) -> QuerySet[Article]:
    """The articles that these filters leave, in the wanted order. An unknown value of a filter leaves none out."""
    articles = _with_waiting(Article.objects.select_related("category", "owner"), viewer)
    for name, narrow in _NARROW.items():
        if value := wanted.get(name, "").strip()[:LONGEST_QUERY]:
            articles = narrow(articles, value, viewer)
    return articles.order_by(*SORTS.get(wanted.get("sort", ""), SORTS["changed"]))


def needing(viewer: User) -> list[Group]:
    """What waits for somebody: versions to review, the viewer's own drafts, articles whose review is due; and what changed last."""
    articles = _with_waiting(Article.objects.select_related("owner"), viewer)
    today = timezone.localdate()
    due = articles.exclude(status=Article.Status.ARCHIVED).filter(review_due__lte=today + SOON).order_by("review_due", "title")
    drafts = articles.filter(status=Article.Status.DRAFT, owner=viewer).order_by("-updated_at")
    improve = list(flagging.to_improve(viewer)[:SHORT])
    return [
        Group(_("Waiting for review"), _("Since"), "?status=waiting", list(_of_status(articles, "waiting").order_by("updated_at")[:SHORT])),
        *([Group(_("To improve"), _("Changed"), "", improve)] if improve else []),
        Group(_("Your drafts"), _("Changed"), "?status=draft&owner=me", list(drafts[:SHORT])),
        Group(_("Due for review"), _("Due"), "?due=soon", list(due[:SHORT])),
        Group(_("Last changed"), _("Changed"), "", list(articles.order_by("-updated_at", "title")[: 2 * SHORT])),
    ]


def _with_waiting(articles: QuerySet[Article], viewer: User) -> QuerySet[Article]:
    """Whether a version waits for review, and whether the viewer has typed something that is not saved."""
    waiting = ArticleRevision.objects.awaiting_review().filter(article=OuterRef("pk"))
    typed = WorkingCopy.objects.filter(article=OuterRef("pk"), author=viewer)
    return articles.defer("body", "search").annotate(waiting=Exists(waiting), unsaved=Exists(typed))


def _of_status(articles: QuerySet[Article], value: str) -> QuerySet[Article]:
    if value == "waiting":
        return articles.filter(Q(status=Article.Status.REVIEW) | Q(waiting=True))
    return articles.filter(status=value) if value in Article.Status.values else articles


def _of_owner(articles: QuerySet[Article], value: str, viewer: User) -> QuerySet[Article]:
    if value == "none":
        return articles.filter(owner=None)
    return articles.filter(owner__email__iexact=viewer.email if value == "me" else value)


def _of_due(articles: QuerySet[Article], value: str) -> QuerySet[Article]:
    today = timezone.localdate()
    articles = articles if value not in ("late", "soon") else articles.exclude(status=Article.Status.ARCHIVED)
    if value == "late":
        return articles.filter(review_due__lt=today)
    if value == "soon":
        return articles.filter(review_due__lte=today + SOON)
    return articles.filter(review_due=None) if value == "none" else articles


def _with_words(articles: QuerySet[Article], text: str) -> QuerySet[Article]:
    """Every word in the indexed text, or the whole in title, address or a keyword: drafts are found while they are typed."""
    words = Q(search=SearchQuery(text, config="english", search_type="websearch"))
    return articles.filter(words | Q(title__icontains=text) | Q(slug__icontains=text) | Q(keywords__contains=[text]))


_NARROW: Mapping[str, Callable[[QuerySet[Article], str, User], QuerySet[Article]]] = {
    "status": lambda articles, value, _viewer: _of_status(articles, value),
    "category": lambda articles, value, _viewer: (
        articles.filter(category__slug=value) if value != "none" else articles.filter(category=None)
    ),
    "language": lambda articles, value, _viewer: articles.filter(language=value),
    "audience": lambda articles, value, _viewer: articles.filter(audience=value) if value in Article.Audience.values else articles,
    "owner": _of_owner,
    "due": lambda articles, value, _viewer: _of_due(articles, value),
    "q": lambda articles, value, _viewer: _with_words(articles, value),
}
