"""Articles that name something exactly: an error code, a product. What meaning blurs and many words drown, this finds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import connection

from .language import text_configuration
from .models import Article

MOST = 12  # articles that may name it; more than that, and the name tells nothing apart

# Written out once for each, not joined from a list: so the planner knows how rare each term is. `plain` never fails, and joins by "and".
_NAMING = """
    (select {place}, article.id from knowledge_article article
     where article.search @@ plainto_tsquery(%s, %s) and article.id in ({visible}) limit {enough})
"""


def naming(asked: Sequence[Sequence[str]], *, viewer: Any, language: str = "en") -> list[list[UUID]]:
    """For each of these lists of terms, the articles that `viewer` may see and that name every one of them. One statement for all.

    None for a list when too many do: then it is no news.
    """
    named: list[list[UUID]] = [[] for _ in asked]
    wanted = [(place, " ".join(term.strip() for term in terms)) for place, terms in enumerate(asked)]
    wanted = [(place, words) for place, words in wanted if words.strip()]
    if not wanted:
        return named
    visible, among = Article.objects.published().visible_to(viewer).order_by().values("pk").query.sql_with_params()
    sql = " union all ".join(_NAMING.format(place=place, visible=visible, enough=MOST + 1) for place, _ in wanted)
    configuration = text_configuration(language)
    with connection.cursor() as cursor:
        cursor.execute(sql, [value for _, words in wanted for value in (configuration, words, *among)])
        for place, article_id in cursor.fetchall():
            named[place].append(article_id)
    return [ids if len(ids) <= MOST else [] for ids in named]
