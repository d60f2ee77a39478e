"""Publishing and retiring articles: the state, the event, the version that readers see, and through the event the index."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone

from helpdesk.core.errors import Conflict, Invalid
from helpdesk.core.events import record

from .models import Article, ArticleRevision, Text


def publish(article: Article, *, by: Any) -> Article:
    """Make an article findable by everyone its audience allows. Publishing it again changes nothing.

    Raises Invalid without a title or text, Conflict for an archived article.
    """
    with transaction.atomic():
        article = _locked(article)
        if article.status == Article.Status.PUBLISHED:
            return article
        if article.status == Article.Status.ARCHIVED:
            raise Conflict("An archived article must become a draft before it can be published.")
        if not article.title.strip() or not article.body.strip():
            raise Invalid("An article needs a title and a text before it can be published.")
        article.published_at = article.published_at or timezone.now()
        ArticleRevision.objects.keep(article, Text.of(article.title, article.body), by=by, live=True)
        return _moved(article, Article.Status.PUBLISHED, "article.published", by)


def retire(article: Article, *, by: Any) -> Article:
    """Take an article out of every search. It stays readable for agents; solved cases keep their link to it."""
    with transaction.atomic():
        article = _locked(article)
        if article.status == Article.Status.ARCHIVED:
            return article
        return _moved(article, Article.Status.ARCHIVED, "article.retired", by)


def revise(article: Article, *, by: Any, **changes: Any) -> Article:
    """Change fields of an article (title, body, category, keywords, language, audience ...). Unchanged values record nothing.

    A changed text is a new version, and is what readers see at once when the article is published.
    """
    with transaction.atomic():
        article = _locked(article)
        changed = {name: value for name, value in changes.items() if getattr(article, name) != value}
        if not changed:
            return article
        if written := {"title", "body"} & changed.keys():
            ArticleRevision.objects.settled(article)
        for name, value in changed.items():
            setattr(article, name, value)
        article.save(update_fields=[*changed, "updated_at"])
        if written:
            live = article.status == Article.Status.PUBLISHED
            ArticleRevision.objects.keep(article, Text.of(article.title, article.body), by=by, live=live)
        record("article.changed", subject=article, by=by, title=article.title, status=article.status)
    return article


def _locked(article: Article) -> Article:
    return Article.objects.select_for_update().get(pk=article.pk)


def _moved(article: Article, status: Article.Status, kind: str, by: Any) -> Article:
    article.status = status
    article.save(update_fields=["status", "published_at", "updated_at"])
    record(kind, subject=article, by=by, title=article.title, status=status)
    return article
