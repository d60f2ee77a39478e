"""Questions about a code: the article that names it answers, and no other."""

from __future__ import annotations

from dataclasses import replace
from uuid import uuid4

import pytest

from assist.chat.codes import by_code
from knowledge.fusion import Band
from knowledge.search import Found, Hit

SAVING = "What do E500 and E409 mean when I save?"
LOCKED = "Unlock an account (E423)"
RESET = "How do I reset my password?"


def found(*titles: str) -> Found:
    """These articles, the likeliest first; the one on passwords names E423 in its text."""
    hits = [
        Hit(uuid4(), "", title, "", None, "", 0.9 - n / 10, 0.9, 0.9, "", [], "", body="A lock (E423) ends." if title == RESET else "")  # type: ignore[arg-type]
        for n, title in enumerate(titles)
    ]
    return Found(hits, 0.9, Band.SHOW)


@pytest.mark.parametrize(
    ("asked", "best"),
    [
        ("What does E423 mean?", LOCKED),
        ("error e423 again", LOCKED),
        ("What does E409 mean?", SAVING),
        ("How do I save?", SAVING),
        ("My order FW-20481 cannot be saved", SAVING),  # no article names an order
    ],
)
def test_the_article_that_names_the_code_answers(asked: str, best: str) -> None:
    assert by_code(found(SAVING, RESET, LOCKED), asked).hits[0].title == best


def test_a_title_with_the_code_is_sure_and_a_text_as_sure_as_it_was() -> None:
    unlikely = replace(found(SAVING, RESET, LOCKED), confidence=0.35, band=Band.POSSIBLE)
    low = replace(unlikely, hits=[replace(hit, score=0.1) for hit in unlikely.hits])
    assert by_code(low, "What does E423 mean?").band == Band.SHOW
    alone = replace(low, hits=[hit for hit in low.hits if hit.title != LOCKED])
    assert by_code(alone, "What does E423 mean?").band == Band.NOTHING


def test_of_an_error_that_nothing_names_nothing_is_known() -> None:
    told = by_code(found(SAVING, LOCKED), "What does error E999 mean?")
    assert (told.hits, told.band) == ([], Band.NOTHING)
    assert by_code(Found(), "E999").band == Band.NOTHING
