"""How quick search is over 10,000 articles and 9,000 solved cases, and over 100,000 passages with filters; how much its index misses.

Prints figures, asserts only that it searched.

`pytest -s tests/benchmarks/test_search.py` (some minutes: vectors are noise around real ones, the rest is real)
"""

from __future__ import annotations

import random
import time
from datetime import timedelta
from uuid import uuid4

import numpy as np
import pytest
from django.contrib.postgres.search import SearchVector
from django.db import connection, transaction
from django.utils import timezone

from helpdesk.core.embeddings import get_embedder
from helpdesk.core.models import Embedding
from knowledge import candidates
from knowledge.models import Article, Category, SolvedCase
from knowledge.nearest import approximately, as_halfvec
from knowledge.search import EVERYTHING, Narrowing, ask, search

ARTICLES, CASES = 10_000, 9_000
ROOTS = "order sync parcel label driver position invoice refund password login webhook token export import address carrier dock".split()
WORDS = [f"{one}{two}" for one in ROOTS for two in ("", *ROOTS)]  # as rare as words are: the nth one time in n
RARITY = [1 / place for place in range(1, len(WORDS) + 1)]


FILTERS = {
    "none": Narrowing(),
    "a fifth": Narrowing(category="c0"),
    "1 in 100": Narrowing(tag="rare"),
    "newest half": Narrowing(updated_since=timezone.now() - timedelta(days=180)),
}


@pytest.mark.timeout(900)  # filling the index takes most of it
@pytest.mark.parametrize("way", ["exact", "index"])
def test_speed_at_ten_thousand_articles(db: None, monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    _fill(random.Random(7))
    monkeypatch.setattr(candidates, "EXACT_UP_TO", 10**9 if way == "exact" else -1)
    search("warm up", viewer=None)
    milliseconds = sorted(_timed(question) for question in _questions(200))
    print(f"\n{way}: search p50 {milliseconds[100]:.1f} ms, p95 {milliseconds[190]:.1f} ms over {ARTICLES} articles and {CASES} cases")


@pytest.mark.timeout(1800)
def test_speed_and_recall_at_a_hundred_thousand_passages(db: None) -> None:
    _fill(random.Random(7), parts=10)
    search("warm up", viewer=None)
    for name, narrowing in FILTERS.items():
        milliseconds = sorted(_timed(question, narrowing) for question in _questions(200))
        print(f"\nfilter {name}: p50 {milliseconds[100]:.1f} ms, p95 {milliseconds[190]:.1f} ms over {ARTICLES * 10} passages", end="")
    found = [_recall(question) for question in _questions(100)]
    print(f"\nrecall@10 of the index against exact search: {sum(found) / len(found):.4f} over {len(found)} questions")


def _questions(count: int) -> list[str]:
    return [" ".join(random.Random(number).choices(WORDS, RARITY, k=8)) + f" {number}" for number in range(count)]


def _recall(question: str) -> float:
    """Of the ten nearest articles by exact comparison, how many are among those that the index proposes."""
    vector = ask(question, among=Article.objects.public()).vector
    assert vector is not None
    near = "select object_id from core_embedding where object_kind = 'article' order by vector <=> %s::halfvec(384) limit %s"
    proposed = {row[0] for row in approximately(near, [as_halfvec(vector), 10])}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("set local enable_indexscan = off")
        cursor.execute(near, [as_halfvec(vector), 10])
        exact = {row[0] for row in cursor.fetchall()}
    return len(proposed & exact) / len(exact)


def _timed(question: str, narrowing: Narrowing = EVERYTHING) -> float:
    started = time.perf_counter()
    assert search(question, viewer=None, narrowing=narrowing)
    return (time.perf_counter() - started) * 1000


def _fill(chance: random.Random, parts: int = 2) -> None:
    texts = [" ".join(chance.choices(WORDS, RARITY, k=100)) for _ in range(ARTICLES)]
    articles = [Article(slug=f"a{number}", title=text[:60], body=text, status="published") for number, text in enumerate(texts)]
    topics = Category.objects.bulk_create(Category(slug=f"c{number}", name=f"C{number}") for number in range(5))
    for number, article in enumerate(articles):
        article.category, article.keywords = topics[number % 5], ["rare"] if number % 100 == 0 else []
    Article.objects.bulk_create(articles, batch_size=1000)
    old = timezone.now() - timedelta(days=365)
    Article.objects.filter(slug__regex="[02468]$").update(updated_at=old)
    Article.objects.update(search=SearchVector("title", weight="A", config="english") + SearchVector("body", weight="D", config="english"))
    cases = [SolvedCase(source_kind="bench", source_id=str(uuid4()), text="", article=chance.choice(articles)) for _ in range(CASES)]
    SolvedCase.objects.bulk_create(cases, batch_size=1000)
    base = get_embedder().embed([text[:200] for text in texts[:300]])
    noise = np.random.default_rng(7)
    rows = [("article", article.pk, part) for article in articles for part in range(parts)] + [("case", case.pk, 0) for case in cases]
    for start in range(0, len(rows), 2000):
        Embedding.objects.bulk_create(
            Embedding(object_kind=kind, object_id=key, part=part, model=get_embedder().name, text_hash="", vector=_near(base, noise))
            for kind, key, part in rows[start : start + 2000]
        )
    with connection.cursor() as cursor:
        cursor.execute("analyze core_embedding; analyze knowledge_article; analyze knowledge_solvedcase")
        cursor.execute("select gin_clean_pending_list('article_search')")  # as autovacuum does, which tests are without


def _near(base: np.ndarray, noise: np.random.Generator) -> np.ndarray:
    """A vector at a cosine of about .8 to a real one."""
    vector = base[noise.integers(len(base))] + noise.normal(0, 0.038, base.shape[1])
    return vector / np.linalg.norm(vector)
