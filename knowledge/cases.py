"""The memory of solved work: written when a ticket is solved by an article, asked by search for votes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import islice
from typing import NamedTuple
from uuid import UUID

import numpy as np
from django.db.models import Q, QuerySet

from helpdesk.core.embeddings import get_embedder, store

from .fusion import Vote
from .models import Article, Category, SolvedCase
from .nearest import approximate_cursor, as_halfvec

KIND = "case"
NEIGHBOURS = 20
COUNTED = 10_000  # beyond this many cases the memory's share hardly moves, so they are not counted
TURNS = 3  # of the customer: the whole conversation was not better (engine.md section 3c)
AT_ONCE = 256

# A case votes only for an article that the viewer may see: the permission stands inside the scan.
_VOTES = """
    select solved.article_id, 1 - near.distance
    from (select object_id, vector <=> %s::halfvec(384) as distance from core_embedding
          where object_kind = 'case' and model = %s
            and exists (select 1 from knowledge_solvedcase one where one.id = object_id and one.article_id in ({visible}))
          order by vector <=> %s::halfvec(384) limit {neighbours}) near
    join knowledge_solvedcase solved on solved.id = near.object_id
    order by near.distance
"""
_COUNT = "select count(*) from (select 1 from knowledge_solvedcase where article_id is not null limit {counted}) counted"


class Solved(NamedTuple):
    """One solved case to remember. `source` tells it apart: ("ticket", "TKT-20261120-0001"). `article` is None when none helped."""

    source: tuple[str, str]
    text: str
    article: Article | None = None
    category: Category | None = None
    priority: str = ""
    resolved_at: datetime | None = None
    customer_ref: UUID | None = None


def case_text(subject: str, turns: Sequence[str]) -> str:
    """What is remembered of a conversation: its subject and the customer's first three turns."""
    return "\n".join(part.strip() for part in (subject, *turns[:TURNS]) if part.strip())


def remember(cases: Iterable[Solved]) -> int:
    """Store or update these cases, then their vectors; returns how many vectors were made.

    Safe to repeat: a case is known by its source. Raises EmbeddingUnavailable after the rows of the batch are stored;
    repeating it then makes the vectors.
    """
    made = 0
    remaining = iter(cases)
    while batch := list(islice(remaining, AT_ONCE)):
        rows = _write(list({case.source: case for case in batch}.values()))
        made += store.remember(KIND, (store.Passage(row.pk, 0, row.text) for row in rows))
    return made


def forget(cases: QuerySet[SolvedCase]) -> None:
    """Take cases out of the memory, vectors first."""
    store.forget(KIND, list(cases.values_list("pk", flat=True)))
    cases.delete()


def votes(vector: np.ndarray, *, among: QuerySet[Article]) -> tuple[list[Vote], int]:
    """The nearest linked cases whose article is `among` these, nearest first, and how many linked cases there are (at most 10,000)."""
    visible, parameters = among.order_by().values("pk").query.sql_with_params()
    asked = as_halfvec(vector)
    with approximate_cursor() as cursor:
        cursor.execute(_COUNT.format(counted=COUNTED))
        count = int(cursor.fetchone()[0])
        if not count:
            return [], 0
        cursor.execute(_VOTES.format(visible=visible, neighbours=NEIGHBOURS), [asked, get_embedder().name, *parameters, asked])
        return [Vote(article_id, float(closeness)) for article_id, closeness in cursor.fetchall()], count


def _write(cases: list[Solved]) -> list[SolvedCase]:
    rows = [
        SolvedCase(
            source_kind=case.source[0],
            source_id=case.source[1],
            text=case.text,
            article=case.article,
            category=case.category,
            priority=case.priority,
            resolved_at=case.resolved_at,
            customer_ref=case.customer_ref,
        )
        for case in cases
    ]
    SolvedCase.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["source_kind", "source_id"],
        update_fields=["text", "article", "category", "priority", "resolved_at", "customer_ref"],
    )
    known = Q()
    for kind in {case.source[0] for case in cases}:
        known |= Q(source_kind=kind, source_id__in=[case.source[1] for case in cases if case.source[0] == kind])
    return list(SolvedCase.objects.filter(known))  # the rows that were there already keep their own ids
