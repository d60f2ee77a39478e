"""What is missing: searched and not found, shown and not helpful, due for review; and what solves most."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Count, F, Q, QuerySet
from django.utils import timezone

from knowledge.models import Article

MOST = 12
FEWEST_VOTES = 3
SOON = timedelta(days=30)


def not_helpful() -> QuerySet[Article]:
    """Published articles that more people called unhelpful than helpful, the worst first."""
    voted = Article.objects.published().annotate(cast=F("helpful_count") + F("not_helpful_count")).filter(cast__gte=FEWEST_VOTES)
    return voted.filter(not_helpful_count__gt=F("helpful_count")).order_by("-not_helpful_count", "title")[:MOST]


def review_due() -> QuerySet[Article]:
    """Articles to read again, overdue first."""
    living = Article.objects.exclude(status=Article.Status.ARCHIVED).select_related("owner")
    return living.filter(review_due__lte=timezone.localdate() + SOON).order_by("review_due", "title")[:MOST]


def solving_most() -> QuerySet[Article]:
    """Articles by the number of solved cases behind them."""
    solved = Count("cases", filter=Q(cases__isnull=False))
    return Article.objects.published().annotate(solved=solved).filter(solved__gt=0).order_by("-solved", "title")[:MOST]
