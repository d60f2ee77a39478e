"""The one statement that finds articles worth scoring, by meaning and by words, among those that the viewer may see."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db import connection
from django.db.models import QuerySet

from helpdesk.core.embeddings import get_embedder
from helpdesk.core.models import Embedding

from .fusion import DEPTH, Candidate
from .language import text_configuration
from .models import Article
from .nearest import approximate_cursor, as_halfvec
from .wording import NOTHING, Wording

EXACT_UP_TO = 10_000  # vectors: below, every one is compared (exact, and quicker than an index's detours); above, HNSW proposes
PROPOSED = 200  # vectors that HNSW proposes: an article owns several, and 50 articles are wanted
MOST_CHARACTERS = 1_200  # of a question: about the 256 tokens that the model reads
MOST_WORDS = 64  # different words of a question that are looked up; each costs a pass over its postings (security T36)
RECOUNT_SECONDS = 60.0

# No `websearch` syntax and no operators from the customer: plainto never fails, and its lexemes are joined by "or".
_ASKED = "asked as materialized (select replace(plainto_tsquery(%s, %s)::text, '&', '|')::tsquery as words)"
_WORDS = """
    worded as materialized (
        select article.id, ts_rank('{{0.1, 0.2, 0.4, 1.0}}', article.search, asked.words, 1) as rank
        from asked join knowledge_article article on article.search @@ asked.words
        where article.id in ({visible})
        order by rank desc limit {depth})
"""
_MEANING = """
    meant as materialized (
        select object_id as id,
               coalesce(max(closeness) filter (where part = 0), 0) as title,
               coalesce(max(closeness) filter (where part > 0), 0) as text,
               coalesce((array_agg(part order by closeness desc) filter (where part > 1))[1] - 2, 0) as passage
        from (select object_id, part, 1 - (vector <=> %s::halfvec(384)) as closeness from core_embedding
              where object_kind = 'article' and model = %s and object_id in ({among})) compared
        group by object_id)
"""
_NEAR = """
    near as materialized (
        select object_id as id from core_embedding
        where object_kind = 'article' and model = %s and exists (select 1 from ({visible}) shown where shown.id = object_id)
        order by vector <=> %s::halfvec(384) limit {proposed})
"""
_BOTH = """
    select id, coalesce(title, 0), coalesce(text, 0), coalesce(rank, 0), coalesce(passage, 0)
    from (select *, row_number() over (order by title + text desc) as place from meant) placed full join worded using (id)
    where place <= {depth} or rank is not null
"""
_WORDS_ALONE = "select id, 0, 0, rank, 0 from worded"


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


def candidates(question: Question, *, among: QuerySet[Article]) -> list[Candidate]:
    """The best 50 articles by meaning and the best 50 by words, each with both scores; none outside `among`."""
    visible, parameters = among.order_by().values("id").query.sql_with_params()
    sql = {"visible": visible, "depth": DEPTH, "proposed": PROPOSED, "among": visible}
    asked = [text_configuration(question.language), question.words, *parameters]
    if question.vector is None:
        return _run(f"with {_ASKED}, {_WORDS} {_WORDS_ALONE}".format(**sql), asked)
    vector, model = as_halfvec(question.vector), get_embedder().name
    if _size() <= EXACT_UP_TO:
        return _run(f"with {_ASKED}, {_WORDS}, {_MEANING} {_BOTH}".format(**sql), [*asked, vector, model, *parameters])
    sql["among"] = "select id from near union select id from worded"
    walked = [*asked, model, *parameters, vector, vector, model]
    return _run(f"with {_ASKED}, {_WORDS}, {_NEAR}, {_MEANING} {_BOTH}".format(**sql), walked, approximate=True)


def _run(sql: str, parameters: list[Any], *, approximate: bool = False) -> list[Candidate]:
    with approximate_cursor() if approximate else connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return [Candidate(row[0], float(row[1]), float(row[2]), float(row[3]), int(row[4])) for row in cursor.fetchall()]


_counted: tuple[float, int] = (0.0, 0)  # when, and how many: a plan may be chosen by a minute-old number


def _size() -> int:
    global _counted  # noqa: PLW0603 - one number per process, replaced whole
    if time.monotonic() - _counted[0] > RECOUNT_SECONDS or not _counted[0]:
        rows = Embedding.objects.filter(object_kind="article").order_by()[: EXACT_UP_TO + 1].count()
        _counted = (time.monotonic(), rows)
    return _counted[1]
