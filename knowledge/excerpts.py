"""What is shown of the articles that were found: the passage that fits best, with the asked words marked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from .candidates import Question
from .language import text_configuration
from .models import Article

# Two characters that plain() removes from every text, so that only PostgreSQL can have put them there. They become
# tags after escaping: ts_headline by itself passes an article's own markup through (security T36).
OPEN, CLOSE = "\x02", "\x03"
_OPTIONS = f"StartSel={OPEN}, StopSel={CLOSE}, MaxWords=45, MinWords=25, ShortWord=2, HighlightAll=false"
MOST_SHARED = 4

_SHOWN = """
    with asked as materialized (select replace(plainto_tsquery(%s, %s)::text, '&', '|')::tsquery as words)
    select article.id, article.slug, article.title, article.body, coalesce(category.slug, ''),
           ts_headline(%s, coalesce(passage.text, ''), asked.words, %s)
    from asked, unnest(%s::uuid[], %s::int[]) as wanted (id, position)
    join knowledge_article article using (id)
    left join knowledge_category category on category.id = article.category_id
    left join knowledge_chunk passage on passage.article_id = article.id and passage.position = wanted.position
    where article.id in ({visible})
"""


@dataclass(frozen=True)
class Excerpt:
    slug: str
    title: str
    body: str
    category: str
    text: str
    highlight: SafeString
    shared: list[str]  # words of the question that stand in the passage, as written there
    url: str


def excerpts(question: Question, wanted: Mapping[UUID, int], *, among: QuerySet[Article]) -> dict[UUID, Excerpt]:
    """For each article its passage at the wanted position. Articles outside `among` are left out."""
    visible, parameters = among.order_by().values("id").query.sql_with_params()
    configuration = text_configuration(question.language)
    asked: list[Any] = [configuration, question.words, configuration, _OPTIONS, list(wanted), list(wanted.values())]
    with connection.cursor() as cursor:
        cursor.execute(_SHOWN.format(visible=visible), [*asked, *parameters])
        return {row[0]: _excerpt(*row[1:]) for row in cursor.fetchall()}


def _excerpt(slug: str, title: str, body: str, category: str, marked: str) -> Excerpt:
    marked = " ".join(marked.split())
    plain = marked.replace(OPEN, "").replace(CLOSE, "")
    return Excerpt(slug, title, body, category, plain, highlighted(marked), _shared(marked), _url(slug))


def highlighted(marked: str) -> SafeString:
    """Escaped HTML with <mark> where the two sentinels were; an unpaired one is dropped."""
    parts = escape(marked).split(OPEN)
    html = parts[0].replace(CLOSE, "")
    for part in parts[1:]:
        word, closed, rest = part.partition(CLOSE)
        html += f"<mark>{word}</mark>{rest.replace(CLOSE, '')}" if closed else word
    return mark_safe(html)  # noqa: S308 - escaped above


def _shared(marked: str) -> list[str]:
    words = {part.partition(CLOSE)[0].lower(): None for part in marked.split(OPEN)[1:]}
    return list(words)[:MOST_SHARED]


def _url(slug: str) -> str:
    return reverse("help-article", args=[slug])
