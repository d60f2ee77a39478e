"""How three opinions become one order: meaning, words, and what solved such cases before. Pure; measured in engine.md.

H(d) = .8 mm(meaning) + .2 mm(words)             hybrid: what the article itself says
M(d) = .8 share of votes + .2 mm(average case)   memory: what it solved before
final(d) = (1 - a) H(d) + a M(d),  a = .9 max(N / (N + 100), how near the nearest case is)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

MEANING_SHARE = 0.8  # .7 to .85 is a plateau; equal weights let the weak leg drag the strong one down 10 points
MEMORY_SHARE = 0.9  # what the memory may weigh at most
AVERAGE_SHARE = 0.2  # of the memory: finds the article whose cases are many and scattered; +.5 to 1 point of recall at 5
MEMORY_HALF = 100  # cases at which it weighs half of that
NEAR, SAME = 0.6, 0.9  # cosines of the nearest case: from NEAR on it counts however few cases there are, at SAME in full
CLOSENESS_POWER = 12  # how steeply a case's vote falls with its distance
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
    case_id: UUID


@dataclass(frozen=True)
class Memory:
    """What solved work says of one question."""

    votes: Sequence[Vote] = ()  # nearest cases first
    typical: Mapping[UUID, float] = field(default_factory=dict)  # cosine to the average of the cases that an article solved
    cases: int = 0  # linked solved cases in all, not only the near ones


@dataclass(frozen=True)
class Scored:
    article_id: UUID
    final: float  # 0..1 within this question
    confidence: float  # raw, 0..1, comparable between questions: what the bands are set on
    candidate: Candidate | None  # None: only the memory knows this article
    votes: int


def fuse(candidates: Iterable[Candidate], memory: Memory, *, by_meaning: bool = True) -> list[Scored]:
    """The articles in order, best first. Without meaning, words alone decide, and no answer is better than possible."""
    found = {candidate.article_id: candidate for candidate in candidates}
    hybrid = _hybrid(found, MEANING_SHARE if by_meaning else 0.0)
    solved = _solved(memory)
    share = _memory_share(memory) if solved else 0.0
    final = {key: (1 - share) * hybrid.get(key, 0.0) + share * solved.get(key, 0.0) for key in hybrid.keys() | solved.keys()}
    certainty = _certainty(found.values(), memory.votes) if by_meaning else POSSIBLE
    scored = [_scored(key, score, certainty, found, memory) for key, score in final.items()]
    return sorted(scored, key=lambda one: (-one.final, str(one.article_id)))


def _scored(key: UUID, score: float, certainty: float, found: Mapping[UUID, Candidate], memory: Memory) -> Scored:
    voters = {vote.case_id for vote in memory.votes if vote.article_id == key}
    return Scored(key, score, max(0.0, score * certainty), found.get(key), len(voters))


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


def _memory_share(memory: Memory) -> float:
    """A large memory is trusted; a small one when it holds nearly this very question, so that one solved case counts at once."""
    nearest = max((vote.closeness for vote in memory.votes), default=0.0)
    alike = min(1.0, max(0.0, (nearest - NEAR) / (SAME - NEAR)))
    return MEMORY_SHARE * max(memory.cases / (memory.cases + MEMORY_HALF), alike)


def _solved(memory: Memory) -> dict[UUID, float]:
    weights: dict[UUID, float] = {}
    for vote in memory.votes:
        weights[vote.article_id] = weights.get(vote.article_id, 0.0) + max(0.0, vote.closeness) ** CLOSENESS_POWER
    total = sum(weights.values())
    if not total:
        return {}
    typical = _scaled(memory.typical)
    voted = {key: weight / total for key, weight in weights.items()}
    keys = voted.keys() | typical.keys()
    return {key: (1 - AVERAGE_SHARE) * voted.get(key, 0.0) + AVERAGE_SHARE * typical.get(key, 0.0) for key in keys}


def _certainty(candidates: Iterable[Candidate], votes: Iterable[Vote]) -> float:
    """How near anything at all is: a question about nothing that we know is far from everything."""
    return max([candidate.meaning for candidate in candidates] + [vote.closeness for vote in votes], default=0.0)
