"""How three opinions become one order: meaning, words, and what solved such cases before. Pure.

H(d) = .8 mm(meaning) + .2 mm(words)                      hybrid: what the article itself says (engine.md section 3g)
z(d) = (1 - t) w H(d) + t (sum of weighted opinions of the memory, and H again)
p(d) = softmax of z                                       conditional logit (McFadden 1974)
confidence = logistic(p of the best, how near anything is, t)
t    = trust in the memory: N / (N + 100), or how near the nearest case is, whichever is more

The weights were learned by regression on four knowledge bases, with 0 to 9,000 cases and with the cases of a quarter of the articles taken
away, so that an article that has solved nothing yet can still win; on the tuning parts only (docs/evaluation.md). They weigh kinds of
evidence and know no article, word or category.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from math import exp, log
from typing import NamedTuple
from uuid import UUID

MEANING_SHARE = 0.8  # .7 to .85 is a plateau; equal weights let the weak leg drag the strong one down 10 points
MEMORY_HALF = 100  # cases at which the memory has half of the say
NEAR, SAME = 0.6, 0.9  # cosines of the nearest case: from NEAR on it counts however few cases there are, at SAME in full
FAR, CLOSE = 0.25, 0.45  # cosines of the nearest article: below FAR the question tells nothing of articles, from CLOSE on enough
STEEP, GENTLE = 25, 12  # powers by which a case's vote falls with its distance: the few nearest, and the many
DEPTH = 50  # candidates of each leg; the last of them is the zero of its scale

SHOW, POSSIBLE = 0.4, 0.3  # bands of the raw confidence (contract section 1)


class Weights(NamedTuple):
    """What one unit of each kind of evidence adds to the log-odds of an article."""

    hybrid_alone: float = 8.67  # where there is no memory
    hybrid: float = 1.35  # beside a memory
    votes: float = 1.29  # share of the steep votes
    votes_alone: float = 3.0  # the same, besides, where the question is near no article
    spread: float = 0.34  # logarithm of the share of the gentle votes
    nearest: float = 1.75  # cosine of its nearest case
    typical: float = 7.94  # cosine to the average of its cases; to the article itself where it has none
    unsolved: float = -0.21  # it has solved nothing yet
    named: float = 3.0  # its title or keywords hold the very code that was asked; set by hand, the data learned from knows no codes


class Certainty(NamedTuple):
    """What the best article's lead and the nearness of anything at all add to the log-odds of its being right."""

    start: float = -5.24
    lead: float = 1.03  # log-odds of the best article among all
    closeness: float = 9.18  # cosine of whatever is nearest: a question about nothing that we know is far from everything
    trust: float = 1.7
    trusted_case: float = -5.37  # per trust and cosine of the nearest case: where there are many cases, one is always rather near


WEIGHTS, CERTAINTY = Weights(), Certainty()
MOST_LEAD = 8.0  # log-odds per cosine: among a handful of articles one leads easily, and proves nothing if it is far itself
ALONE = 0.001  # the least that the others together are taken for: having no rival proves little
NEVER = 0.01  # added to a share of votes before its logarithm is taken


class Band(StrEnum):
    SHOW = "show"
    POSSIBLE = "possible"  # show as possible, and ask what tells the best ones apart
    NOTHING = "nothing"


class Candidate(NamedTuple):
    """What the two legs say of one article: cosines of its title and of its text (opening or best passage), rank of its words.

    `named`: it is about a code (E423, PRN-3) that the question holds, which no embedding tells from its neighbours.
    """

    article_id: UUID
    title: float
    text: float
    words: float
    passage: int  # position of its best passage
    named: bool = False

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
    fits: float = 0.0  # how well it fits, however many others fit as well, 0..1: what a list is cut by


def fuse(candidates: Iterable[Candidate], memory: Memory, *, by_meaning: bool = True) -> list[Scored]:
    """The articles in order, best first. Without meaning, words alone decide, and no answer is better than possible."""
    found = {candidate.article_id: candidate for candidate in candidates}
    hybrid = _hybrid(found, MEANING_SHARE if by_meaning else 0.0)
    if not by_meaning:
        return _in_order(hybrid, POSSIBLE * max(hybrid.values(), default=0.0), POSSIBLE, found, memory)
    trust = _trust(memory)
    odds = _odds(found, hybrid, memory, trust, tells=1.0)
    closeness = max([_nearest(memory), *(candidate.meaning for candidate in found.values())])
    sure = _confidence(odds, closeness, memory, trust)  # what a question does not tell makes nobody surer
    if trust and (tells := _tells(found)) < 1:
        odds = _odds(found, hybrid, memory, trust, tells=tells)
    return _in_order(odds, sure, closeness, found, memory)


def _odds(
    found: Mapping[UUID, Candidate], hybrid: Mapping[UUID, float], memory: Memory, trust: float, *, tells: float
) -> dict[UUID, float]:
    odds = {key: (1 - trust) * WEIGHTS.hybrid_alone * score for key, score in hybrid.items()}
    for key, weight in _remembered(found, hybrid, memory, tells).items() if trust else ():
        odds[key] = odds.get(key, 0.0) + trust * weight
    return {key: one + WEIGHTS.named * (key in found and found[key].named) for key, one in odds.items()}


def _tells(found: Mapping[UUID, Candidate]) -> float:
    """0..1: whether the question says enough to be near any article. A greeting does not: then only what followed it before can tell."""
    return min(1.0, max(0.0, (max((one.meaning for one in found.values()), default=0.0) - FAR) / (CLOSE - FAR)))


def _in_order(
    odds: Mapping[UUID, float], confidence: float, closeness: float, found: Mapping[UUID, Candidate], memory: Memory
) -> list[Scored]:
    """The best article has this confidence and closeness, the others their part of it."""
    voters: dict[UUID, set[UUID]] = {}
    for vote in memory.votes:
        voters.setdefault(vote.article_id, set()).add(vote.case_id)
    best = max(odds.values(), default=0.0)
    parts = {key: max(0.0, one) / best if best > 0 else 0.0 for key, one in odds.items()}
    scored = [
        Scored(key, part, part * confidence, found.get(key), len(voters.get(key, ())), part * closeness) for key, part in parts.items()
    ]
    return sorted(scored, key=lambda one: (-one.final, -odds[one.article_id], str(one.article_id)))


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


def _trust(memory: Memory) -> float:
    """A large memory is trusted; a small one when it holds nearly this very question, so that one solved case counts at once."""
    if not memory.votes:
        return 0.0
    alike = min(1.0, max(0.0, (_nearest(memory) - NEAR) / (SAME - NEAR)))
    return max(memory.cases / (memory.cases + MEMORY_HALF), alike)


def _remembered(found: Mapping[UUID, Candidate], hybrid: Mapping[UUID, float], memory: Memory, tells: float) -> dict[UUID, float]:
    """What a trusted memory adds to the log-odds of each article. The less the question tells, the more the nearest cases are heard."""
    steep, gentle = _shares(memory, STEEP), _shares(memory, GENTLE)
    nearest: dict[UUID, float] = {}
    for vote in memory.votes:
        nearest[vote.article_id] = max(nearest.get(vote.article_id, 0.0), vote.closeness)
    weights = {}
    for key in found.keys() | nearest.keys() | memory.typical.keys():
        unsolved = key not in memory.typical and key not in nearest
        weights[key] = (
            tells * WEIGHTS.hybrid * hybrid.get(key, 0.0)
            + (WEIGHTS.votes + (1 - tells) * WEIGHTS.votes_alone) * steep.get(key, 0.0)
            + WEIGHTS.spread * log(gentle.get(key, 0.0) + NEVER)
            + WEIGHTS.nearest * nearest.get(key, 0.0)
            + tells * WEIGHTS.typical * _typical(key, found, memory, nearest)
            + WEIGHTS.unsolved * unsolved
        )
    return weights


def _typical(key: UUID, found: Mapping[UUID, Candidate], memory: Memory, nearest: Mapping[UUID, float]) -> float:
    """Nearness to what the article usually solves. One that is not among the nearest 50 averages is no nearer than the last of them."""
    if key in memory.typical:
        return memory.typical[key]
    own = found[key].meaning if key in found else nearest.get(key, 0.0)
    return min(own, *memory.typical.values()) if len(memory.typical) >= DEPTH else own


def _shares(memory: Memory, power: int) -> dict[UUID, float]:
    weights: dict[UUID, float] = {}
    for vote in memory.votes:
        weights[vote.article_id] = weights.get(vote.article_id, 0.0) + max(0.0, vote.closeness) ** power
    total = sum(weights.values())
    return {key: weight / total for key, weight in weights.items()} if total else {}


def _nearest(memory: Memory) -> float:
    return max((vote.closeness for vote in memory.votes), default=0.0)


def _confidence(odds: Mapping[UUID, float], closeness: float, memory: Memory, trust: float) -> float:
    """How likely the best article is right, 0..1: by its lead over the others and by how near anything is at all."""
    if not odds:
        return 0.0
    best, case = max(odds.values()), _nearest(memory)
    others = sum(exp(one - best) for one in odds.values()) - 1
    lead = min(-log(max(others, ALONE)), MOST_LEAD * closeness)
    start, *weights = CERTAINTY
    total = start + sum(weight * value for weight, value in zip(weights, (lead, closeness, trust, trust * case), strict=True))
    return 1 / (1 + exp(-total))
