"""Texts in other languages: the model reads English, so what it says of them is held to be weak, and plain words help out.

The words (`data/foreign.json`) are general ones of five languages: an outage, a refund, a cancellation, a lawyer.
"""

from __future__ import annotations

import re
from functools import cache

from .learned import data

READ_BY_MODEL = "en"
SURE_BY_WORDS = 0.6  # confidence of a category that a word names: enough to set it, not to move the ticket to another team
Patterns = dict[str, list[re.Pattern[str]]]


def is_foreign(language: str) -> bool:
    return language != READ_BY_MODEL


def signals(text: str, language: str) -> dict[str, str]:
    """Each circumstance that a word of this language shows, with that word."""
    return _found(text, _compiled("signals").get(language, {}))


def category(text: str, language: str) -> tuple[str, str] | None:
    """The one category that words of this language name, with the word; None when they name none, or several."""
    named = _found(text, _compiled("categories").get(language, {}))
    return next(iter(named.items())) if len(named) == 1 else None


def _found(text: str, patterns: Patterns) -> dict[str, str]:
    hits = {name: next((hit for pattern in rows if (hit := pattern.search(text))), None) for name, rows in patterns.items()}
    return {name: hit.group(0).strip() for name, hit in hits.items() if hit}


@cache
def _compiled(part: str) -> dict[str, Patterns]:
    return {
        language: {name: [re.compile(pattern, re.IGNORECASE | re.DOTALL) for pattern in rows] for name, rows in parts[part].items()}
        for language, parts in data("foreign").items()
    }
