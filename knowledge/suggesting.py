"""Answers while somebody types: public articles that are likely enough to be what they look for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from knowledge.models import Article
from knowledge.search import Found, Hit, find

SHORTEST = 3  # characters
LONGEST = 1_000  # of a question with its body
SURE = 0.7  # how likely the best one is right before it is put forward as the answer
MOST = 5
FITS = 0.2  # as on the search page: below it one result in three is about something else


@dataclass(frozen=True)
class Suggested:
    """What to show: the likely answer (None: not sure enough), then the others."""

    answer: Hit | None
    hits: list[Hit]
    found: Found


def suggest(text: str, *, viewer: Any = None, language: str = "en", most: int = MOST) -> Suggested:
    """For a few words or a whole message. Too short a text suggests nothing."""
    text = " ".join(text.replace("\x00", " ").split())[:LONGEST]
    if len(text) < SHORTEST:
        return Suggested(None, [], Found())
    found = find(text, viewer=viewer, limit=most, language=language)
    hits = [hit for hit in found.hits if hit.fits >= FITS]
    answer = hits[0] if hits and hits[0].relevance >= SURE else None
    return Suggested(answer, hits, found)


def languages_of_readers() -> list[str]:
    """The languages that have public articles, English first."""
    spoken = Article.objects.public().order_by().values_list("language", flat=True).distinct()
    return sorted({code.split("-")[0] for code in spoken}, key=lambda code: (code != "en", code))
