"""Searches are noted where a page shows their results, never inside search itself: triage and evaluation search too.

seen = note(query, language="en", place="help", results=3, confidence=.6)     # an id for the links of the result list
clicked(seen, article); deflected(seen, article)
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Avg, Case, Count, FloatField, Max, Q, QuerySet, Value, When
from django.utils import timezone

from knowledge.fusion import POSSIBLE
from knowledge.models import Article, SearchLog

KEPT = timedelta(days=90)
LONGEST = 200
SHORTEST = 2  # characters: less is a slip of the finger
_ADDRESS = re.compile(r"\S+@\S+")
_NUMBER = re.compile(r"\d(?:[ -]?\d){6,}")  # accounts, cards, phones; error codes and versions are shorter


@dataclass(frozen=True)
class Looked:
    """One query as people typed it, over a period."""

    query: str
    n: int
    found: float  # share with a result that is worth showing
    clicked: float  # share that opened one
    latest: datetime
    before: int  # how often in the period before


def note(query: str, *, language: str, place: str, results: int, confidence: float) -> UUID | None:
    """Write a search down with addresses and long numbers masked; None for words too short to mean anything."""
    words = normal(query)
    if len(words) < SHORTEST:
        return None
    row = SearchLog.objects.create(query=words, language=language[:12], place=place, results=min(results, 1000), confidence=confidence)
    return row.pk


def clicked(seen: UUID, article: Article) -> None:
    """This search led to this article: the first one opened counts."""
    SearchLog.objects.filter(pk=seen, clicked=None).update(clicked=article)


def deflected(seen: UUID, article: Article | None = None) -> None:
    """What was shown before a request was sent solved it."""
    SearchLog.objects.filter(pk=seen).update(deflected=True, **({"clicked": article} if article else {}))


def normal(query: str) -> str:
    words = " ".join(query.replace("\x00", " ").lower().split())
    return _NUMBER.sub("#", _ADDRESS.sub("@", words))[:LONGEST]


def looked_for(*, days: int, only_missing: bool = False, most: int = 100) -> list[Looked]:
    """Queries of the last `days`, the most frequent first. `only_missing`: those that never showed anything good. Two statements."""
    since = timezone.now() - timedelta(days=days)
    rows = _grouped(SearchLog.objects.filter(created_at__gte=since))
    if only_missing:
        rows = rows.filter(found=0.0)
    now = list(rows.order_by("-n", "query")[:most])
    words = [row["query"] for row in now]
    before = SearchLog.objects.filter(created_at__gte=since - timedelta(days=days), created_at__lt=since, query__in=words)
    earlier = dict(before.values_list("query").annotate(n=Count("pk")).order_by())
    return [Looked(row["query"], row["n"], row["found"], row["opened"], row["latest"], earlier.get(row["query"], 0)) for row in now]


def leading_to(article: Article, most: int = 5) -> list[tuple[str, int]]:
    """The searches that led here: (words, how often)."""
    rows = SearchLog.objects.filter(clicked=article).values_list("query").annotate(n=Count("pk"))
    return list(rows.order_by("-n", "query")[:most])


def avoided(article: Article) -> int:
    """Requests that were not sent because this article was shown first."""
    return SearchLog.objects.filter(clicked=article, deflected=True).count()


def forget_old() -> None:
    SearchLog.objects.filter(created_at__lt=timezone.now() - KEPT).delete()


def _grouped(rows: QuerySet[SearchLog]) -> Any:
    good = Q(results__gt=0, confidence__gte=POSSIBLE)
    return rows.values("query").annotate(
        n=Count("pk"), found=_share(good), opened=_share(Q(clicked__isnull=False)), latest=Max("created_at")
    )


def _share(condition: Q) -> Avg:
    return Avg(Case(When(condition, then=Value(1.0)), default=Value(0.0), output_field=FloatField()))
