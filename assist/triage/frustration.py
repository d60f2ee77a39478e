"""How frustrated somebody is, 0..1, with reasons: weighted indicators from `data/frustration.json` and the look of the writing."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from typing import Any

from .learned import data
from .patterns import Pattern, Unsearchable, searchable

log = logging.getLogger(__name__)

FROM_POLARITY = 0.45  # a thoroughly negative text without one indicator word
SHOUTED_SHARE = 0.6  # of the letters of a text, in capitals
SHOUTED_LETTERS = 12  # abbreviations are not shouting
SHOUTED_WEIGHT = 0.35
REPEATED_WORDS, REPEATED_WEIGHT = 3, 0.2  # "no no no"
STRETCHED_LETTERS, STRETCHED_WEIGHT = 4, 0.15  # "pleeeease"
MOST_REASONS = 6


@dataclass(frozen=True)
class Frustration:
    score: float
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Indicator:
    pattern: Pattern
    weight: float
    reason: str


def measure(text: str, *, polarity: float, indicators: tuple[Indicator, ...] | None = None) -> Frustration:
    """Combine the indicators found as independent hints: 1 - product of (1 - weight). Happy texts need stronger words."""
    found = [(indicator.weight, indicator.reason) for indicator in indicators or defaults() if indicator.pattern.search(text)]
    if _shouted(text):
        found.append((SHOUTED_WEIGHT, "capital letters"))
    if _repeats_a_word(text):
        found.append((REPEATED_WEIGHT, "repeats a word"))
    if _stretches_a_word(text):
        found.append((STRETCHED_WEIGHT, "stretches a word"))
    calm = 1.0
    for weight, _ in found:
        calm *= 1 - weight * (0.3 if polarity > 0.5 else 1.0)  # noqa: PLR2004 - thanks for an end to "still not working"
    calm *= 1 - FROM_POLARITY * max(0.0, -polarity)
    reasons = [reason for _, reason in sorted(found, reverse=True)]
    return Frustration(round(1 - calm, 3), tuple(dict.fromkeys(reasons))[:MOST_REASONS])


def _shouted(text: str) -> bool:
    letters = [character for character in text if character.isalpha()]
    capitals = sum(character.isupper() for character in letters)
    words = re.findall(r"\b[A-Z]{4,}\b", text)
    return (len(letters) >= SHOUTED_LETTERS and capitals / len(letters) >= SHOUTED_SHARE) or len(words) >= 3  # noqa: PLR2004


def _repeats_a_word(text: str) -> bool:
    words = re.findall(r"\w+", text.lower())
    return any(word.isalpha() and len(list(same)) >= REPEATED_WORDS for word, same in groupby(words))


def _stretches_a_word(text: str) -> bool:
    return any(letter.isalpha() and len(list(same)) >= STRETCHED_LETTERS for letter, same in groupby(text.lower()))


@cache
def defaults() -> tuple[Indicator, ...]:
    return compiled(data("frustration"))


def compiled(rows: list[dict[str, Any]]) -> tuple[Indicator, ...]:
    """Rows of `{"pattern", "weight", "reason"}`, ready to search with. One that cannot be searched is left out, and the log says so."""
    ready = []
    for row in rows:
        try:
            ready.append(Indicator(searchable(row["pattern"]), float(row["weight"]), str(row["reason"])))
        except Unsearchable as error:
            log.warning("indicator_unsearchable", extra={"reason": row["reason"], "error": str(error)})
    return tuple(ready)
