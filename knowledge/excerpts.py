"""What is shown of the articles that were found: the passage that fits best, with the asked words marked."""

from __future__ import annotations

import re
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
from .nearest import within

# Two characters that plain() removes from every text, so that only PostgreSQL can have put them there. They become
# tags after escaping: ts_headline by itself passes an article's own markup through (security T36).
OPEN, CLOSE = "\x02", "\x03"
_OPTIONS = f"StartSel={OPEN}, StopSel={CLOSE}, HighlightAll=true"
LONGEST = 240  # characters, marks not counted
_SENTENCE = re.compile(r"(?<=[^\d\s][.!?])\s+|\n+")  # the point after a step's number ends nothing
_MARKED = re.compile(f"{OPEN}([^{CLOSE}]*){CLOSE}")
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
    visible, parameters = within(among)
    configuration = text_configuration(question.language)
    asked: list[Any] = [configuration, question.words, configuration, _OPTIONS, list(wanted), list(wanted.values())]
    with connection.cursor() as cursor:
        cursor.execute(_SHOWN.format(visible=visible), [*asked, *parameters])
        return {row[0]: _excerpt(*row[1:]) for row in cursor.fetchall()}


def _excerpt(slug: str, title: str, body: str, category: str, marked: str) -> Excerpt:
    marked = best_sentences(marked)
    plain = marked.replace(OPEN, "").replace(CLOSE, "")
    return Excerpt(slug, title, body, category, plain, highlighted(marked), _shared(marked), _url(slug))


def best_sentences(marked: str) -> str:
    """Whole sentences in a row that hold the most of the asked words; the first ones, when it was found by meaning alone."""
    sentences = [" ".join(part.split()) for part in _SENTENCE.split(marked) if part.strip()]
    best, held = "", -1
    for start in range(len(sentences)):
        run = _run(sentences[start:])
        asked = len({word.lower() for word in _MARKED.findall(run)})
        if asked > held and (start == 0 or OPEN in sentences[start]):  # begin where the passage does, or with an asked word
            best, held = run, asked
    return best


def _run(sentences: list[str]) -> str:
    """As many of these sentences as fit; a single one that is too long is cut between two words."""
    run = sentences[0]
    for sentence in sentences[1:]:
        if _length(f"{run} {sentence}") > LONGEST:
            break
        run += f" {sentence}"
    return run if _length(run) <= LONGEST else _cut(run)


def _cut(sentence: str) -> str:
    """From a little before the first asked word on."""
    words = sentence.split(" ")
    first = next((at for at, word in enumerate(words) if OPEN in word), 0)
    start = max(0, first - 5) if _length(" ".join(words[: first + 1])) > LONGEST // 2 else 0
    kept = ""
    for word in words[start:]:
        if _length(kept) + _length(word) >= LONGEST:
            break
        kept = f"{kept} {word}" if kept else word
    kept = kept or words[start].replace(OPEN, "").replace(CLOSE, "")[:LONGEST]
    return f"{'… ' if start else ''}{kept}…"


def _length(marked: str) -> int:
    return len(marked) - marked.count(OPEN) - marked.count(CLOSE)


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
