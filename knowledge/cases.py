"""The memory of solved work: written when a ticket is solved by an article, asked by search for votes."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import NamedTuple
from uuid import UUID

import numpy as np
from django.db import connection
from django.db.models import Q, QuerySet

from helpdesk.core.embeddings import get_embedder, store, switching

from .fusion import DEPTH, Memory, Vote
from .models import Article, Category, SolvedCase
from .nearest import approximately, as_halfvec, within

KIND = "case"
AVERAGE = "memory"  # one vector an article: the average of the cases that it solved
NEIGHBOURS = 40  # vectors; a case has up to two
COUNTED = 10_000  # beyond this many cases the memory's share hardly moves, so they are not counted
MANY, RECOUNT_SECONDS = 1_000, 60.0  # from so many on some more or less change the memory's share by less than a hundredth
TURNS, OPENING_TURNS = 3, 2  # of the customer: the whole conversation was not better (engine.md section 3c)
AT_ONCE = 256

# The permission stands inside the scan: only articles that the viewer may see take part.
_RECALL = """
    with near as materialized (
        select object_id, vector <=> %s::halfvec(384) as distance from core_embedding
        where object_kind = 'case' and model = %s
          and exists (select 1 from knowledge_solvedcase one where one.id = object_id and one.article_id in ({visible}))
        order by vector <=> %s::halfvec(384) limit {neighbours}),
    typical as materialized (
        select object_id, vector <=> %s::halfvec(384) as distance from core_embedding
        where object_kind = 'memory' and model = %s and object_id in ({visible})
        order by distance limit {depth})
    select 'vote', solved.article_id, 1 - near.distance, solved.id
    from near join knowledge_solvedcase solved on solved.id = near.object_id
    union all select 'typical', object_id, 1 - distance, null from typical
"""
_COUNT = """
    union all select 'count', null, count(*), null
    from (select 1 from knowledge_solvedcase where article_id is not null limit {counted}) linked
"""
_AVERAGE = """
    insert into core_embedding (object_kind, object_id, part, model, text_hash, vector)
    select 'memory', solved.article_id, 0, near.model, '', l2_normalize(avg(near.vector))
    from knowledge_solvedcase solved
    join core_embedding near on near.object_kind = 'case' and near.object_id = solved.id and near.model = %s
    where solved.article_id = any(%s) group by solved.article_id, near.model
    on conflict (object_kind, object_id, part, model) do update set vector = excluded.vector
"""


class Solved(NamedTuple):
    """One solved case to remember. `source` tells it apart: ("ticket", "TKT-20261120-0001"). `article` is None when none helped."""

    source: tuple[str, str]
    text: str
    opening: str = ""  # how a conversation began, where `text` goes on: one more vector to be found by
    article: Article | None = None
    category: Category | None = None
    priority: str = ""
    resolved_at: datetime | None = None
    customer_ref: UUID | None = None


def case_text(subject: str, turns: Sequence[str], most: int = TURNS) -> str:
    """What is remembered of a conversation: its subject and the customer's first three turns (two: `OPENING_TURNS`)."""
    return "\n".join(part.strip() for part in (subject, *turns[:most]) if part.strip())


def remember(cases: Iterable[Solved]) -> int:
    """Store or update these cases, then their vectors; returns how many vectors were made.

    Safe to repeat: a case is known by its source. Raises EmbeddingUnavailable after the rows of the batch are stored;
    repeating it then makes the vectors.
    """
    made = 0
    touched: set[UUID] = set()
    remaining = iter(cases)
    while batch := list(islice(remaining, AT_ONCE)):
        unique = {case.source: case for case in batch}
        rows = _write(list(unique.values()), touched)
        made += store.remember(KIND, _passages(rows, unique))
        store.trim(KIND, {row.pk: 1 for row in rows if not _has_opening(unique[row.source])})
    _average(touched)
    return made


@switching.remakes("cases")
def embed_again(progress: Callable[[int], None] | None = None) -> int:
    """The vectors of every case under the present engine, where they are missing; returns how many were made. Safe to repeat.

    A case keeps its text alone, so its opening is taken from the first lines of that. Raises EmbeddingUnavailable.
    """
    made = 0
    rows = SolvedCase.objects.order_by("pk").iterator(AT_ONCE)
    while batch := list(islice(rows, AT_ONCE)):
        made += store.remember(KIND, (passage for row in batch for passage in _parts(row)))
        if progress:
            progress(len(batch))
    _average(SolvedCase.objects.linked().values_list("article_id", flat=True).distinct())
    return made


def forget(cases: QuerySet[SolvedCase]) -> None:
    """Take cases out of the memory, vectors first."""
    rows = list(cases.values_list("pk", "article_id"))
    store.forget(KIND, [pk for pk, _ in rows])
    cases.delete()
    _average({article_id for _, article_id in rows if article_id})


def recall(vector: np.ndarray, *, among: QuerySet[Article]) -> Memory:
    """What solved work says of a question: the nearest linked cases, and the nearest averages, of articles `among` these."""
    visible, parameters = within(among)
    asked, model = as_halfvec(vector), get_embedder().name
    sql = _RECALL if (many := _known_to_be_many()) else _RECALL + _COUNT
    sql = sql.format(visible=visible, neighbours=NEIGHBOURS, depth=DEPTH, counted=COUNTED)
    rows = approximately(sql, [asked, model, *parameters, asked, asked, model, *parameters])
    return Memory(
        votes=[Vote(article_id, float(value), case_id) for kind, article_id, value, case_id in rows if kind == "vote"],
        typical={article_id: float(value) for kind, article_id, value, _ in rows if kind == "typical"},
        cases=many or _noted(next(int(value) for kind, _, value, _ in rows if kind == "count")),
    )


_many: tuple[float, int] = (0.0, 0)  # when many cases were counted, by the process's clock, and how many


def _known_to_be_many() -> int:
    """How many cases there are, where there are so many that a minute-old number tells as much; else 0."""
    return _many[1] if _many[1] and time.monotonic() - _many[0] < RECOUNT_SECONDS else 0


def _noted(count: int) -> int:
    global _many  # noqa: PLW0603 - one value per process, replaced whole
    _many = (time.monotonic(), count if count >= MANY else 0)
    return count


def _passages(rows: list[SolvedCase], cases: Mapping[tuple[str, str], Solved]) -> Iterator[store.Passage]:
    for row in rows:
        case = cases[row.source]
        yield store.Passage(row.pk, 0, case.text)
        if _has_opening(case):
            yield store.Passage(row.pk, 1, case.opening)


def _parts(row: SolvedCase) -> Iterator[store.Passage]:
    yield store.Passage(row.pk, 0, row.text)
    opening = "\n".join(row.text.split("\n")[:OPENING_TURNS])
    if opening != row.text:
        yield store.Passage(row.pk, 1, opening)


def _has_opening(case: Solved) -> bool:
    return bool(case.opening) and case.opening != case.text


def _average(article_ids: Collection[UUID]) -> None:
    """Bring the averages of these articles up to date."""
    ids = list(article_ids)
    unsolved = set(ids) - set(SolvedCase.objects.filter(article__in=ids).values_list("article_id", flat=True))
    store.forget(AVERAGE, list(unsolved))
    with connection.cursor() as cursor:
        cursor.execute(_AVERAGE, [get_embedder().name, ids])


def _write(cases: list[Solved], touched: set[UUID]) -> list[SolvedCase]:
    """Store the rows; notes in `touched` which articles have other cases now."""
    known = Q()
    for kind in {case.source[0] for case in cases}:
        known |= Q(source_kind=kind, source_id__in=[case.source[1] for case in cases if case.source[0] == kind])
    touched.update(SolvedCase.objects.linked().filter(known).values_list("article_id", flat=True))
    touched.update(case.article.pk for case in cases if case.article)
    SolvedCase.objects.bulk_create(
        [_row(case) for case in cases],
        update_conflicts=True,
        unique_fields=["source_kind", "source_id"],
        update_fields=["text", "article", "category", "priority", "resolved_at", "customer_ref"],
    )
    return list(SolvedCase.objects.filter(known))  # the rows that were there already keep their own ids


def _row(case: Solved) -> SolvedCase:
    return SolvedCase(
        source_kind=case.source[0],
        source_id=case.source[1],
        text=case.text,
        article=case.article,
        category=case.category,
        priority=case.priority,
        resolved_at=case.resolved_at,
        customer_ref=case.customer_ref,
    )
