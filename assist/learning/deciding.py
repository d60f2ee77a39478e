"""How the engine's own guess and what the company taught it become one. Pure: plain numbers in, plain numbers out.

Three voices: the engine's own (categories' names, descriptions and phrases), the company's classifier, which counts more the more it has
seen, and people's labels of near tickets that the classifier does not know yet. One label of a nearly equal ticket outweighs the other
two; of a ticket about something else it says nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from .recalling import Company, Labelled

HALF_AT = 10  # examples at which the company's classifier counts as much as the engine's own
MOST_OF_COMPANY = 0.97
SAME, OTHER = 0.85, 0.6  # cosine: heard in full .. not at all
MOST_OF_FRESH = 0.8
FULL_WEIGHT = 3.0  # one person's label (engine.md section 7: three times one that settled by itself)

Shares = dict[str, float]


def share_of_company(examples: int) -> float:
    return min(MOST_OF_COMPANY, examples / (examples + HALF_AT))


def mixed(own: Mapping[str, float], theirs: Mapping[str, float] | None, examples: int, fresh: Sequence[Labelled]) -> Shares:
    """Shares of every label, adding up to what `own` adds up to. `theirs` may lack labels that are new."""
    shares: Shares = dict(own)
    if theirs:
        part = share_of_company(examples)
        for label in {*shares, *theirs}:
            shares[label] = (1 - part) * shares.get(label, 0.0) + part * theirs.get(label, 0.0)
    return _corrected(shares, fresh)


def fresh_of(labelled: Sequence[Labelled], company: Company | None) -> list[Labelled]:
    """Labels that the classifier was not fitted with: younger than its newest."""
    known: datetime | None = company.newest_example if company else None
    return [one for one in labelled if known is None or one.at > known]


def nearness(closeness: float) -> float:
    """0..1: how much a label at this distance can say."""
    return max(0.0, min(1.0, (closeness - OTHER) / (SAME - OTHER)))


def _corrected(shares: Shares, fresh: Sequence[Labelled]) -> Shares:
    said: Shares = {}
    for one in fresh:
        said[one.label] = said.get(one.label, 0.0) + nearness(one.closeness) * one.weight
    total = sum(said.values())
    if not total:
        return shares
    part = MOST_OF_FRESH * min(1.0, total / FULL_WEIGHT)
    return {label: (1 - part) * shares.get(label, 0.0) + part * said.get(label, 0.0) / total for label in {*shares, *said}}
