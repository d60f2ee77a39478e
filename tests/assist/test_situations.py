"""Contract section 4: fifteen situations that must be told apart, each in three wordings of our own (situations.json).

The wordings were written before the engine was tuned, and no seed or rule was taken from them.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from assist.triage.case import Case
from assist.triage.pipeline import Outcome, Scope, analyse

SITUATIONS = json.loads((Path(__file__).parent / "situations.json").read_text(encoding="utf-8"))
WORDINGS = [{**situation, **wording} for situation in SITUATIONS for wording in situation["wordings"]]
SIGNS = {"very_negative": -1, "negative": -1, "neutral": 0, "positive": 1, "very_positive": 1}


_found: list[Outcome] = []


@pytest.fixture
def outcomes(db: None) -> list[Outcome]:
    """Thought once for all tests of this module: an outcome is plain data."""
    if not _found:
        _found.extend(analyse(Case.read(_input(wording)), scope=Scope(threads=False)) for wording in WORDINGS)
    return _found


def _input(wording: dict[str, Any]) -> dict[str, Any]:
    return {"subject": wording["subject"], "body": wording["body"], "metadata": {"customer_tier": wording["tier"]}}


def _wrong(outcomes: list[Outcome], right: Any) -> list[str]:
    pairs = zip(WORDINGS, outcomes, strict=True)
    return [f"{wording['situation']}: {wording['subject']}" for wording, outcome in pairs if not right(wording, outcome)]


def test_there_are_fifteen_situations_in_three_wordings() -> None:
    assert len(SITUATIONS) == 15
    assert len(WORDINGS) == 45


def test_no_step_fails_on_any_of_them(outcomes: list[Outcome]) -> None:
    assert [outcome.errors for outcome in outcomes if outcome.errors] == []


def test_every_category_is_right(outcomes: list[Outcome]) -> None:
    assert _wrong(outcomes, lambda wording, found: found.category.category in wording["category"]) == []


def test_every_escalation_is_right(outcomes: list[Outcome]) -> None:
    def right(wording: dict[str, Any], found: Outcome) -> bool:
        return found.escalation.level in wording["escalation"] and wording.get("also", "technical_specialist") in (
            found.escalation.also if "also" in wording else ("technical_specialist",)
        )

    assert _wrong(outcomes, right) == []


def test_at_least_forty_priorities_are_right(outcomes: list[Outcome]) -> None:
    assert len(_wrong(outcomes, lambda wording, found: found.priority.priority in wording["priority"])) <= 5


def test_at_least_forty_signs_of_sentiment_are_right(outcomes: list[Outcome]) -> None:
    assert len(_wrong(outcomes, lambda wording, found: SIGNS[found.sentiment.label] in wording["sign"])) <= 5
