"""The knowledge step: the articles that answer, with how sure that is and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from knowledge.fusion import POSSIBLE, SHOW
from knowledge.search import FOR_ASSIST, Hit, search

from .reading import Reading

MOST = 4


@dataclass(frozen=True)
class Passage:
    """One found article, as the contract shows it."""

    id: str
    title: str
    relevance_score: float  # probability of being the right answer
    excerpt: str
    category: str
    url: str
    steps: tuple[str, ...]
    why: str
    raw_score: float  # what the bands show / possible / nothing are set on
    slug: str

    @property
    def answers(self) -> bool:
        return self.raw_score >= SHOW


def look_up(reading: Reading, *, viewer: Any, language: str = "en", most: int = 0) -> tuple[Passage, ...]:
    """Articles worth a look, best first; nothing below the band `possible`. `most` of them, MOST without it."""
    hits = search(reading.text, viewer=viewer, limit=most or MOST, language=language, narrowing=FOR_ASSIST)
    return tuple(_passage(hit) for hit in hits if hit.score >= POSSIBLE)


def _passage(hit: Hit) -> Passage:
    return Passage(
        id=str(hit.article_id),
        title=hit.title,
        relevance_score=round(hit.relevance, 3),
        excerpt=hit.excerpt,
        category=hit.category,
        url=hit.url,
        steps=tuple(hit.steps),
        why=hit.why,
        raw_score=hit.score,
        slug=hit.slug,
    )
