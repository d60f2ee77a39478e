"""Context analyzer, the first assist agent: what is the call about, which facts were named, and is it enough to search by?"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings

from . import facts, phrases
from .facts import Fact
from .window import Window

DATA = Path(__file__).parent / "data"
# What each finding adds to the confidence. A code, a matter and a product make a question that can be answered.
SPOKE, MATTER, CODE, PRODUCT, DETAIL, AT_LENGTH = 0.3, 0.2, 0.15, 0.1, 0.1, 0.1
SUREST = 0.95
ENOUGH_WORDS, MANY_WORDS = 4, 15


@dataclass(frozen=True)
class Analysis:
    """The contract's object (section 1), with what the next steps need of it."""

    has_sufficient_context: bool
    detected_issue: str  # a name from data/issues.json, or ""
    detected_entities: tuple[Fact, ...]
    needs_clarification: bool
    confidence: float  # 0..1
    vague: bool = False  # a complaint without a matter
    tells_something: bool = False  # beyond greetings
    issue_words: str = ""  # how articles would put it
    category: str = ""

    def of(self, kind: str) -> tuple[str, ...]:
        return tuple(fact.value for fact in self.detected_entities if fact.type == kind)

    def shown(self) -> dict[str, Any]:
        return {
            "has_sufficient_context": self.has_sufficient_context,
            "detected_issue": self.detected_issue,
            "detected_entities": [fact._asdict() for fact in self.detected_entities],
            "needs_clarification": self.needs_clarification,
            "confidence": self.confidence,
        }


NOTHING = Analysis(False, "", (), False, 0.0)


def analyse(window: Window) -> Analysis:
    """Read everything that the customer said. Never asks for clarification of a greeting."""
    found = facts.find(turn.text for turn in window.customer)
    told = " ".join(window.telling)
    issue = _issue(window)
    words = len(told.split())
    trouble = bool(issue) or phrases.says("trouble", told)
    vague = not issue and trouble and phrases.says("vague", told) and not any(fact.type in ("error_code", "order_id") for fact in found)
    confidence = _confidence(words, bool(issue), found) if trouble or found else min(0.2, 0.02 * words)
    enough = confidence >= settings.ASSIST_MIN_CONTEXT_CONFIDENCE
    return Analysis(
        has_sufficient_context=enough,
        detected_issue=issue["name"] if issue else "",
        detected_entities=found,
        needs_clarification=trouble and not enough,
        confidence=confidence,
        vague=vague,
        tells_something=trouble,
        issue_words=issue["search"] if issue else "",
        category=issue["category"] if issue else "",
    )


def _confidence(words: int, matter: bool, found: tuple[Fact, ...]) -> float:
    kinds = {fact.type for fact in found}
    parts = (
        SPOKE if words >= ENOUGH_WORDS else SPOKE / 2,
        MATTER if matter else 0.0,
        CODE if "error_code" in kinds else 0.0,
        PRODUCT if "product_name" in kinds or "platform" in kinds else 0.0,
        DETAIL if kinds & {"version", "order_id", "invoice_number", "amount", "date"} else 0.0,
        AT_LENGTH if words >= MANY_WORDS else 0.0,
    )
    return round(min(SUREST, sum(parts)), 2)


def _issue(window: Window) -> dict[str, Any] | None:
    """The matter that most of the customer's turns speak of; of equals, the one that was named first."""
    counts: dict[str, int] = {}
    for text in window.telling:
        for name in _named(text):
            counts[name] = counts.get(name, 0) + 1
    if not counts:
        return None
    best = max(counts, key=lambda name: counts[name])  # the first of the largest: dicts keep the order of naming
    return next(row for name, _patterns, row in _issues() if name == best)


@lru_cache(maxsize=4096)  # a turn is read again with every later one of its call
def _named(text: str) -> tuple[str, ...]:
    """The matters that one turn speaks of."""
    return tuple(name for name, patterns, _row in _issues() if any(pattern.search(text) for pattern in patterns))


@cache
def _issues() -> tuple[tuple[str, tuple[re.Pattern[str], ...], dict[str, Any]], ...]:
    rows = json.loads((DATA / "issues.json").read_text(encoding="utf-8"))
    return tuple((row["name"], tuple(re.compile(pattern, re.IGNORECASE) for pattern in row["patterns"]), row) for row in rows)
