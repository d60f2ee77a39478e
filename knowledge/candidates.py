"""The one statement that finds articles worth scoring, by meaning and by words, among those that the viewer may see."""

from __future__ import annotations

import re
import time
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
from django.db import connection
from django.db.models import QuerySet

from helpdesk.core.embeddings import get_embedder
from helpdesk.core.models import Embedding

from .fusion import DEPTH, Candidate
from .language import text_configuration
from .models import Article
from .nearest import approximately, as_halfvec, within
from .wording import NOTHING, Wording

EXACT_UP_TO = 5_000  # vectors: up to here every one is compared (exact, and quicker than an index's detours); above, HNSW proposes
FEW = 500  # articles left by filters and permissions: up to here theirs are all compared, for HNSW would search long for so few
PROPOSED = 200  # vectors that HNSW proposes: an article owns several, and 50 articles are wanted
MOST_CHARACTERS = 1_200  # of a question: about the 256 tokens that the model reads
MOST_WORDS = 64  # different words of a question that are looked up; each costs a pass over its postings (security T36)
MOST_CODES = 8  # of a question
_CODE = re.compile(r"\b[A-Za-z]{1,8}-\d{1,5}\b|\b[A-Za-z]{1,4}\d{2,5}\b")  # letters and digits alone: safe inside a pattern
RECOUNT_SECONDS, MOST_COUNTED = 60.0, 256  # of different filters, by process
MANY, COMMON = 2_000, 0.1  # articles from which common words are passed over, and the share of articles that makes a word common

# No `websearch` syntax and no operators from the customer: plainto never fails, and its lexemes are joined by "or".
_ASKED = """
    asked as materialized (
        select words, case when rare = ''::tsvector then words else replace(rare::text, ''' ''', ''' | ''')::tsquery end as telling
        from (select replace(plainto_tsquery(%s, %s)::text, '&', '|')::tsquery as words,
                     ts_delete(strip(to_tsvector(%s, %s)), %s::text[]) as rare) said)
"""
_WORDS = """
    worded as materialized (
        select article.id, ts_rank('{{0.1, 0.2, 0.4, 1.0}}', article.search, asked.words, 1) as rank
        from asked join knowledge_article article on article.search @@ asked.telling
        where article.id in ({visible})
        order by rank desc limit {depth})
"""
_MEANING = """
    compared as materialized (
        select object_id, part, 1 - (vector <=> %s::halfvec(384)) as closeness from core_embedding
        where object_kind = 'article' and model = %s and object_id in ({among})),
    meant as materialized (
        select object_id as id,
               coalesce(max(closeness) filter (where part = 0), 0) as title,
               coalesce(max(closeness) filter (where part > 0), 0) as text,
               coalesce((array_agg(part order by closeness desc) filter (where part > 1))[1] - 2, 0) as passage
        from compared group by object_id)
"""
_NEAR = """
    near as materialized (
        select object_id as id from core_embedding
        where object_kind = 'article' and model = %s and exists (select 1 from ({visible}) shown where shown.id = object_id)
        order by vector <=> %s::halfvec(384) limit {proposed})
"""
_FREQUENT = """
    select word from pg_class, pg_stats,
        unnest(most_common_elems::text::text[], most_common_elem_freqs) as frequent (word, share)
    where relname = 'knowledge_article' and reltuples > %s and tablename = relname and attname = 'search'
      and word is not null and share > %s
"""
_BOTH = """
    select id, coalesce(title, 0), coalesce(text, 0), coalesce(rank, 0), coalesce(passage, 0), {named}
    from (select *, row_number() over (order by title + text desc) as place from meant) placed full join worded using (id)
    where place <= {depth} or rank is not null or id = any(%s::uuid[])
"""
_NAMED = """
    exists (select 1 from knowledge_article article where article.id = id
            and article.title || ' ' || array_to_string(article.keywords, ' ') ~* %s)
"""
_PROPOSED = """
    select id from near union select id from worded
    union select id from knowledge_article where id = any(%s::uuid[]) and id in ({visible})
"""
_WORDS_ALONE = "select id, 0, 0, rank, 0, false from worded"


@dataclass(frozen=True)
class Question:
    """What is asked, cut to what is read. `vector` is None when meaning is not available: then words alone decide."""

    text: str
    vector: np.ndarray | None
    language: str = "en"
    wording: Wording = NOTHING  # what is searched besides

    @property
    def words(self) -> str:
        """The first 64 different words, and what is searched besides."""
        return " ".join([*list(dict.fromkeys(self.text.lower().split()))[:MOST_WORDS], *self.wording.added])

    @property
    def codes(self) -> str:
        """A pattern (PostgreSQL's) of the codes that it holds: E423, PRN-3, SYNC-12. Empty where there are none."""
        codes = dict.fromkeys(code.lower() for code in _CODE.findall(self.text))
        return rf"\y({'|'.join(list(codes)[:MOST_CODES])})\y" if codes else ""


def candidates(question: Question, *, among: QuerySet[Article], besides: Collection[UUID] = ()) -> list[Candidate]:
    """The best 50 articles by meaning, the best 50 by words, and those `besides`, each with both scores; none outside `among`."""
    visible, parameters = within(among)
    sql = {"visible": visible, "depth": DEPTH, "proposed": PROPOSED, "among": visible}
    said = [text_configuration(question.language), question.words]
    asked = [*said, *said, list(_size().common), *parameters]
    if question.vector is None:
        return _run(f"with {_ASKED}, {_WORDS} {_WORDS_ALONE}".format(**sql), asked)
    sql["named"], codes = (_NAMED, [question.codes]) if question.codes else ("false", [])
    also = list(besides)
    vector, model = as_halfvec(question.vector), get_embedder().name
    if _size().vectors <= EXACT_UP_TO or _are_few(among):
        return _run(f"with {_ASKED}, {_WORDS}, {_MEANING} {_BOTH}".format(**sql), [*asked, vector, model, *parameters, *codes, also])
    sql["among"] = _PROPOSED.format(**sql)
    walked = [*asked, model, *parameters, vector, vector, model, also, *parameters, *codes, also]
    return _run(f"with {_ASKED}, {_WORDS}, {_NEAR}, {_MEANING} {_BOTH}".format(**sql), walked, approximate=True)


def _are_few(among: QuerySet[Article]) -> bool:
    """Whether so few articles are left that all are compared. Counted once a minute for each viewer and filter: either way finds them."""
    asked = (FEW, *map(str, within(among)))
    counted = _counted.get(asked)
    if counted is None or time.monotonic() - counted[0] > RECOUNT_SECONDS:
        if len(_counted) >= MOST_COUNTED:
            _counted.clear()
        counted = _counted[asked] = (time.monotonic(), among.order_by()[: FEW + 1].count() <= FEW)
    return counted[1]


def _run(sql: str, parameters: list[Any], *, approximate: bool = False) -> list[Candidate]:
    rows = approximately(sql, parameters) if approximate else _exactly(sql, parameters)
    return [Candidate(row[0], float(row[1]), float(row[2]), float(row[3]), int(row[4]), bool(row[5])) for row in rows]


def _exactly(sql: str, parameters: list[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall()


class _Size(NamedTuple):
    """How large the index is, as far as it matters: a plan may be chosen by a minute-old number."""

    measured: float  # seconds of the process's clock
    vectors: int
    common: tuple[str, ...]  # words that are ranked by, not found by: they would have every article ranked, and tell nothing


_measured = _Size(0.0, 0, ())
_counted: dict[tuple[Any, ...], tuple[float, bool]] = {}


def _size() -> _Size:
    global _measured  # noqa: PLW0603 - one value per process, replaced whole
    if time.monotonic() - _measured.measured > RECOUNT_SECONDS or not _measured.measured:
        vectors = Embedding.objects.filter(object_kind="article").order_by()[: EXACT_UP_TO + 1].count()
        with connection.cursor() as cursor:
            cursor.execute(_FREQUENT, [MANY, COMMON])
            _measured = _Size(time.monotonic(), vectors, tuple(word for (word,) in cursor.fetchall()))
    return _measured
