"""The words that articles use, and which of them was meant where somebody wrote one with a slip. Needs no extension of PostgreSQL.

A word is kept with every spelling of it that lacks one letter. A slip (a letter missing, doubled, swapped, or another one) leaves one such
spelling the same, so one look into an index finds the few words that are worth comparing: symmetric deletion (Garbe, SymSpell, 2012).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from django.db import connection
from django.db.models import QuerySet

from .language import text_configuration
from .markdown import plain
from .models import Article
from .nearest import within

WORD = re.compile(r"[^\W\d_]{4,30}")
MOST_LEARNED = 3_000  # different words of one article: more is no prose
SHORTEST, LONG = 5, 8  # letters from which a slip is looked for, and from which two are
MOST_STRANGE = 8  # words of one question that are looked after
ENOUGH = 50  # articles; beyond, a word is simply frequent

_KEYS = (
    "array(select distinct overlay(one.word placing '' from place for 1) from generate_series(1, length(one.word)) place) || one.word::text"
)
_LEXEME = "(tsvector_to_array(to_tsvector(%s::regconfig, one.word)))[1]"
_LEARN = f"""
    insert into knowledge_word (word, configuration, lexeme, keys)
    select one.word, %s, left(coalesce({_LEXEME}, ''), 40), {_KEYS} from unnest(%s::text[]) as one (word)
    where not exists (select 1 from knowledge_word known where known.word = one.word and known.configuration = %s)
    on conflict do nothing
"""  # noqa: S608 - of our own constants
_FORGET = """
    delete from knowledge_word where lexeme <> '' and lexeme not in (select word from ts_stat('select search from knowledge_article'))
"""
_NEAR = f"""
    with asked as materialized (select one.word, {_LEXEME} as lexeme from unnest(%s::text[]) as one (word)),
    strange as materialized (
        select word from asked where lexeme is not null
          and not exists (select 1 from knowledge_word known where known.lexeme = asked.lexeme and known.configuration = %s)
        limit {MOST_STRANGE})
    select one.word, near.word from strange one join knowledge_word near on near.configuration = %s and near.keys && ({_KEYS})::varchar[]
"""  # noqa: S608 - of our own constants
_USED = """
    select one.word, (select count(*) from (
        select 1 from knowledge_article article
        where article.search @@ plainto_tsquery(%s::regconfig, one.word) and article.id in ({visible}) limit {enough}) hit)
    from unnest(%s::text[]) as one (word)
"""


def learn(articles: Iterable[Article]) -> None:
    """Take up the words of these articles; those that are known cost one look."""
    words: dict[str, set[str]] = {}
    for article in articles:
        text = " ".join((article.title, *article.keywords, plain(article.body)))
        words.setdefault(text_configuration(article.language), set()).update(_words(text, MOST_LEARNED))
    with connection.cursor() as cursor:
        for configuration, found in words.items():
            cursor.execute(_LEARN, [configuration, configuration, sorted(found), configuration])


def refresh() -> None:
    """Learn what was indexed before words were kept, and forget what no article says any more."""
    articles = Article.objects.only("title", "keywords", "body", "language")
    held: list[Article] = []
    for article in articles.iterator(ENOUGH):
        held.append(article)
        if len(held) == ENOUGH:
            learn(held)
            held = []
    learn(held)
    with connection.cursor() as cursor:
        cursor.execute(_FORGET)


def corrections(text: str, *, language: str, among: QuerySet[Article]) -> dict[str, str]:
    """For each word that no article holds, the word one slip away that most articles `among` these hold; {} mostly."""
    asked = [word for word in _words(text, MOST_LEARNED) if len(word) >= SHORTEST]
    configuration = text_configuration(language)
    with connection.cursor() as cursor:
        cursor.execute(_NEAR, [configuration, asked, configuration, configuration])
        near = [(strange, known) for strange, known in cursor.fetchall() if _alike(strange, known)]
        if not near:
            return {}
        visible, parameters = within(among)
        sql = _USED.format(visible=visible, enough=ENOUGH)
        cursor.execute(sql, [configuration, *parameters, sorted({known for _, known in near})])
        used = dict(cursor.fetchall())
    best: dict[str, tuple[int, int, str]] = {}
    for strange, known in near:
        if used[known]:  # nobody learns a word from articles that he may not see
            best[strange] = min(best.get(strange, (9, 0, "")), (distance(strange, known), -used[known], known))
    return {strange: known for strange, (_, _, known) in best.items()}


def _words(text: str, most: int) -> list[str]:
    found: dict[str, None] = {}
    for match in WORD.finditer(text.lower()):
        found[match[0]] = None
        if len(found) >= most:
            break
    return list(found)


def _alike(strange: str, known: str) -> bool:
    return strange[0] == known[0] and distance(strange, known) <= (2 if len(strange) >= LONG else 1)


def distance(one: str, two: str) -> int:
    """Letters to insert, drop, replace or swap with their neighbour: optimal string alignment (Damerau 1964)."""
    before: Sequence[int] = []
    row: list[int] = list(range(len(two) + 1))
    for i, sign in enumerate(one, 1):
        last, row, earlier = row, [i], before
        for j, other in enumerate(two, 1):
            cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (sign != other))
            if i > 1 and j > 1 and sign == two[j - 2] and one[i - 2] == other:
                cost = min(cost, earlier[j - 2] + 1)
            row.append(cost)
        before = last
    return row[-1]
