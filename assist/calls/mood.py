"""How the caller feels, turn by turn, and where it is going. People see it; nothing acts on it by itself."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from assist.triage import sentiment
from assist.triage.case import Case, Turn
from assist.triage.reading import Reading
from assist.triage.signals import Signals
from helpdesk.core.embeddings import EmbeddingUnavailable, get_embedder

from .window import SAYS_LITTLE, Window

MOST_POINTS = 200  # kept for the line on screen
MOST_AT_ONCE = 8  # turns felt in one go: after a pause the newest ones count
AT_RISK, WATCH = 0.6, 0.4  # frustration over the last turns
VERY_UNHAPPY = -0.5  # polarity
NO_SIGNALS = Signals()


def follow(before: dict[str, Any], window: Window) -> dict[str, Any]:
    """The mood with the turns that it does not know yet: {"sentiment", "polarity", "frustration", "trend", "risk", "points": [..]}.

    A point is {"id": segment, "t": seconds, "polarity", "frustration"}, in the order of speaking.
    """
    points = {point["id"]: point for point in before.get("points", ())}
    new = [turn for turn in window.customer if turn.segment_id not in points and len(turn.text.split()) >= SAYS_LITTLE]
    if not new and before:
        return before
    for turn in new[-MOST_AT_ONCE:]:
        polarity, frustration = _felt(turn.text)
        points[turn.segment_id] = {"id": turn.segment_id, "t": turn.start_time, "polarity": polarity, "frustration": frustration}
    line = sorted(points.values(), key=lambda point: float(point["t"]))[-MOST_POINTS:]
    return _summed_up(line)


def _felt(text: str) -> tuple[float, float]:
    reading = Reading(text, text, (text,))
    try:
        vector = get_embedder().embed([text])[0]
        reading = replace(reading, vector=vector, latest_vector=vector)
    except EmbeddingUnavailable:
        pass  # words alone then decide
    felt = sentiment.feel(Case(body=text), reading, NO_SIGNALS)
    return felt.polarity, felt.frustration_score


def _summed_up(line: list[dict[str, Any]]) -> dict[str, Any]:
    if not line:
        return {"sentiment": "neutral", "polarity": 0.0, "frustration": 0.0, "trend": "stable", "risk": "none", "points": []}
    *earlier, last = [(float(point["polarity"]), float(point["frustration"])) for point in line]
    now = replace(sentiment.UNKNOWN, polarity=last[0], frustration_score=last[1])
    polarity, frustration = sentiment.over_turns(now, [Turn(text="", polarity=p, frustration=f) for p, f in earlier])
    trend = sentiment.trend([float(point["polarity"]) for point in line])
    return {
        "sentiment": sentiment.label_of(polarity),
        "polarity": polarity,
        "frustration": frustration,
        "trend": trend,
        "risk": _risk(polarity, frustration, trend),
        "points": line,
    }


def _risk(polarity: float, frustration: float, trend: str) -> str:
    """What the board colours: high | watch | none."""
    if frustration >= AT_RISK or (polarity <= VERY_UNHAPPY and trend == "declining"):
        return "high"
    return "watch" if frustration >= WATCH or polarity <= VERY_UNHAPPY else "none"
