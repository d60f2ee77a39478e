"""How three opinions become one order: meaning, words, and what solved such cases before. Pure; measured in engine.md.

    H(d) = .8 mm(meaning) + .2 mm(words)          final(d) = (1 - a) H(d) + a M(d),  a = .85 N / (N + 100)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

MEANING_SHARE = 0.8  # .7 to .85 is a plateau; equal weights let the weak leg drag the strong one down 10 points
MEMORY_SHARE = 0.85  # what the memory may weigh at most
MEMORY_HALF = 100  # cases at which it weighs half of that
CLOSENESS_POWER = 8  # how steeply a case's vote falls with its distance
DEPTH = 50  # candidates of each leg; the last of them is the zero of its scale

SHOW, POSSIBLE = 0.4, 0.3  # bands of the raw confidence (contract section 1)


class Band(StrEnum):
    SHOW = "show"
    POSSIBLE = "possible"  # show as possible, and ask what tells the best ones apart
    NOTHING = "nothing"


class Candidate(NamedTuple):
    """What the two legs say of one article: cosines of its title and of its text (opening or best passage), rank of its words."""

    article_id: UUID
    title: float
    text: float
    words: float
    passage: int  # position of its best passage

    @property
    def meaning(self) -> float:
        return 0.5 * self.title + 0.5 * self.text


class Vote(NamedTuple):
    """A solved case near the question: how near (cosine), and the article that solved it."""

    article_id: UUID
    closeness: float


@dataclass(frozen=True)
class Scored:
    article_id: UUID
    final: float  # 0..1 within this question
    confidence: float  # raw, 0..1, comparable between questions: what the bands are set on
    candidate: Candidate | None  # None: only the memory knows this article
    votes: int


def fuse(candidates: Iterable[Candidate], votes: Iterable[Vote], cases: int, *, by_meaning: bool = True) -> list[Scored]:
    """The articles in order, best first. `cases` is how many linked solved cases there are in all, not only the near ones."""
    found = {candidate.article_id: candidate for candidate in candidates}
    near = list(votes)
    hybrid = _hybrid(found, MEANING_SHARE if by_meaning else 0.0)
    memory = _memory(near)
    share = MEMORY_SHARE * cases / (cases + MEMORY_HALF) if memory else 0.0
    final = {key: (1 - share) * hybrid.get(key, 0.0) + share * memory.get(key, 0.0) for key in hybrid.keys() | memory.keys()}
    certainty = _certainty(found.values(), near) if by_meaning else POSSIBLE
    scored = [
        Scored(key, score, max(0.0, score * certainty), found.get(key), sum(vote.article_id == key for vote in near)) for key, score in final.items()
    ]
    return sorted(scored, key=lambda one: (-one.final, str(one.article_id)))


def band(confidence: float) -> Band:
    if confidence >= SHOW:
        return Band.SHOW
    return Band.POSSIBLE if confidence >= POSSIBLE else Band.NOTHING


def _hybrid(found: Mapping[UUID, Candidate], meaning_share: float) -> dict[UUID, float]:
    meaning = _scaled({key: candidate.meaning for key, candidate in found.items()})
    words = _scaled({key: candidate.words for key, candidate in found.items()})
    return {key: meaning_share * meaning[key] + (1 - meaning_share) * words[key] for key in found}


def _scaled(values: Mapping[UUID, float]) -> dict[UUID, float]:
    """0 for the 50th value and below (or for nothing, when there are fewer), 1 for the best."""
    ordered = sorted(values.values(), reverse=True)
    floor = max(0.0, ordered[DEPTH - 1]) if len(ordered) >= DEPTH else 0.0
    reach = (ordered[0] if ordered else 0.0) - floor
    return {key: min(1.0, max(0.0, (value - floor) / reach)) if reach > 0 else 0.0 for key, value in values.items()}


def _memory(votes: list[Vote]) -> dict[UUID, float]:
    weights: dict[UUID, float] = {}
    for vote in votes:
        weights[vote.article_id] = weights.get(vote.article_id, 0.0) + max(0.0, vote.closeness) ** CLOSENESS_POWER
    total = sum(weights.values())
    return {key: weight / total for key, weight in weights.items()} if total else {}


def _certainty(candidates: Iterable[Candidate], votes: list[Vote]) -> float:
    """How near anything at all is: a question about nothing that we know is far from everything."""
    return max([candidate.meaning for candidate in candidates] + [vote.closeness for vote in votes], default=0.0)
