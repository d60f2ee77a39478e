""" "Did this solve it?" One vote a visitor and article; a second one changes the first. The counts stand on the article."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Greatest
from django.utils.crypto import salted_hmac

from helpdesk.core.limits import spend

from .models import Article, ArticleVote

LONGEST_REASON = 1_000  # characters
MOST_A_DAY = 30  # votes from one network address: an office votes, a script does not


def vote(article: Article, *, address: str, agent: str, helpful: bool, reason: str = "") -> bool:
    """Count what a visitor said; returns whether it was taken (not when the address has voted too often today).

    `address` and `agent` (the browser) tell visitors apart; only a keyed hash of them is kept.
    """
    visitor = salted_hmac("knowledge.vote", f"{address}\0{agent}", algorithm="sha256").hexdigest()
    if not spend("article-vote", address, limit=MOST_A_DAY, window=timedelta(days=1)):
        return False
    words = reason.replace("\x00", "").strip()[:LONGEST_REASON]
    with transaction.atomic():
        Article.objects.select_for_update().only("pk").get(pk=article.pk)
        cast, fresh = ArticleVote.objects.get_or_create(article=article, visitor=visitor, defaults={"helpful": helpful, "reason": words})
        if fresh:
            _count(article, helpful, 1)
        else:
            _change(cast, helpful, words)
    return True


def _change(cast: ArticleVote, helpful: bool, reason: str) -> None:
    if cast.helpful != helpful:
        _count(cast.article, cast.helpful, -1)
        _count(cast.article, helpful, 1)
    cast.helpful, cast.reason = helpful, reason or ("" if helpful else cast.reason)
    cast.save(update_fields=["helpful", "reason"])


def _count(article: Article, helpful: bool, by: int) -> None:
    """Directly in the row: a vote is no change of the article, so `updated_at` stays."""
    column = "helpful_count" if helpful else "not_helpful_count"
    Article.objects.filter(pk=article.pk).update(**{column: Greatest(F(column) + by, 0)})
