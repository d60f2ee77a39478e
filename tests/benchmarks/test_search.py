"""How quick search is over 10,000 articles and 9,000 solved cases. Prints figures, asserts only that it searched.

`pytest -s tests/benchmarks/test_search.py` (about a minute: vectors are noise around real ones, the rest is real)
"""

from __future__ import annotations

import random
import time
from uuid import uuid4

import numpy as np
import pytest
from django.contrib.postgres.search import SearchVector
from django.db import connection

from helpdesk.core.embeddings import get_embedder
from helpdesk.core.models import Embedding
from knowledge import candidates
from knowledge.models import Article, SolvedCase
from knowledge.search import search

ARTICLES, CASES = 10_000, 9_000
ROOTS = "order sync parcel label driver position invoice refund password login webhook token export import address carrier dock".split()
WORDS = [f"{one}{two}" for one in ROOTS for two in ("", *ROOTS)]  # as rare as words are: the nth one time in n
RARITY = [1 / place for place in range(1, len(WORDS) + 1)]


@pytest.mark.timeout(900)  # filling the index takes most of it
@pytest.mark.parametrize("way", ["exact", "index"])
def test_speed_at_ten_thousand_articles(db: None, monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    _fill(random.Random(7))
    monkeypatch.setattr(candidates, "EXACT_UP_TO", 10**9 if way == "exact" else -1)
    questions = [" ".join(random.Random(number).choices(WORDS, RARITY, k=8)) + f" {number}" for number in range(200)]
    search("warm up", viewer=None)
    milliseconds = sorted(_timed(question) for question in questions)
    print(f"\n{way}: search p50 {milliseconds[100]:.1f} ms, p95 {milliseconds[190]:.1f} ms over {ARTICLES} articles and {CASES} cases")


def _timed(question: str) -> float:
    started = time.perf_counter()
    assert search(question, viewer=None)
    return (time.perf_counter() - started) * 1000


def _fill(chance: random.Random) -> None:
    texts = [" ".join(chance.choices(WORDS, RARITY, k=100)) for _ in range(ARTICLES)]
    articles = [Article(slug=f"a{number}", title=text[:60], body=text, status="published") for number, text in enumerate(texts)]
    Article.objects.bulk_create(articles, batch_size=1000)
    Article.objects.update(search=SearchVector("title", weight="A", config="english") + SearchVector("body", weight="D", config="english"))
    cases = [SolvedCase(source_kind="bench", source_id=str(uuid4()), text="", article=chance.choice(articles)) for _ in range(CASES)]
    SolvedCase.objects.bulk_create(cases, batch_size=1000)
    base = get_embedder().embed([text[:200] for text in texts[:300]])
    noise = np.random.default_rng(7)
    rows = [("article", article.pk, part) for article in articles for part in (0, 1)] + [("case", case.pk, 0) for case in cases]
    for start in range(0, len(rows), 2000):
        Embedding.objects.bulk_create(
            Embedding(object_kind=kind, object_id=key, part=part, model=get_embedder().name, text_hash="", vector=_near(base, noise))
            for kind, key, part in rows[start : start + 2000]
        )
    with connection.cursor() as cursor:
        cursor.execute("analyze core_embedding; analyze knowledge_article; analyze knowledge_solvedcase")


def _near(base: np.ndarray, noise: np.random.Generator) -> np.ndarray:
    """A vector at a cosine of about .8 to a real one."""
    vector = base[noise.integers(len(base))] + noise.normal(0, 0.038, base.shape[1])
    return vector / np.linalg.norm(vector)
