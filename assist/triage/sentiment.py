"""How the customer feels: polarity, label, emotions, frustration and where the conversation is going.

A logistic regression over the embedding and VADER's scores, taught by our own seed sentences (`data/sentiment_seeds.json`,
engine.md section 5). Words that every support mail holds ("error", "help", "please") say nothing of a mood: VADER does not see
them (`data/jargon.json`), and a guess that no word of feeling supports is held back, so that a bare report stays neutral.
Without an embedder VADER decides alone. Never acted on automatically; people see it, rules read it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from helpdesk.core.embeddings import get_embedder

from .case import Case, Turn
from .frustration import Indicator, measure
from .learned import Linear, Vectors, balanced, data, fit, learned, version_of_data
from .reading import Reading
from .signals import Signals

STRENGTH = 3.0  # inverse regularisation, chosen on texts that no seed was taken from
VADER_WEIGHT = 0.5  # VADER's four scores beside 384 small numbers
# Polarity is P(positive) - P(negative).
NEGATIVE, VERY_NEGATIVE = -0.2, -0.8
POSITIVE, VERY_POSITIVE = 0.22, 0.85
HARMED = ("wrongly_charged", "data_lost")  # who was harmed is unhappy, however calmly it is told
HARM, HARM_AT_MOST = 0.2, -0.4  # it makes nobody furious by itself
TURNS = 3  # customer's turns that make a trend, and the ticket's mood
TURN_WEIGHTS = (0.5, 0.3, 0.2)  # newest first
CHANGE = 0.2  # polarity between the first and the last of them
FRUSTRATED = 0.5
CLEARLY_FRUSTRATED, LOWERED_BY = 0.4, 0.35
FELT = 0.3  # VADER's compound score from which words of feeling are there
CLEAR = 0.6  # polarity that needs no such words: the whole sentence means it
COMPLAINT = 0.2  # frustration by words alone from which they count as words of feeling
HELD_BACK = 0.4  # of the polarity that is left to a guess without words of feeling


@dataclass(frozen=True)
class Sentiment:
    sentiment: str  # an emotion where one is plain, else the label
    label: str  # very_negative | negative | neutral | positive | very_positive
    polarity: float
    confidence: float
    frustration_score: float
    frustration_reasons: tuple[str, ...]
    emotional_indicators: tuple[str, ...]
    urgency: str  # low | medium | high | critical
    trend: str  # improving | stable | declining
    recommended_approach: str


UNKNOWN = Sentiment("neutral", "neutral", 0.0, 0.0, 0.0, (), (), "medium", "stable", "")


def feel(case: Case, reading: Reading, signals: Signals, indicators: tuple[Indicator, ...] | None = None) -> Sentiment:
    """`indicators` are the company's, in place of ours."""
    polarity, confidence = _polarity(reading)
    emotions = emotions_in(reading.latest)
    if signals.any(*HARMED):
        polarity = round(max(polarity - HARM, min(polarity, HARM_AT_MOST)), 3)
    elif not _felt(polarity, reading.latest, emotions):
        polarity = round(polarity * HELD_BACK, 3)
    frustration = measure(reading.latest, polarity=polarity, indicators=indicators)
    polarity = _lowered(polarity, frustration.score)
    label = label_of(polarity)
    emotion = _emotion(label, frustration.score, emotions)
    urgency = _urgency(signals, label)
    return Sentiment(
        sentiment=emotion,
        label=label,
        polarity=polarity,
        confidence=confidence,
        frustration_score=frustration.score,
        frustration_reasons=frustration.reasons,
        emotional_indicators=tuple(dict.fromkeys(word for words in emotions.values() for word in words))[:6],
        urgency=urgency,
        trend=trend([turn.polarity for turn in case.earlier if turn.polarity is not None] + [polarity]),
        recommended_approach=_approach(emotion, label, urgency, case.customer.technical_level),
    )


def _polarity(reading: Reading) -> tuple[float, float]:
    scores = _vader(reading.latest)
    if reading.latest_vector is None:
        return round(float(scores[3]), 3), round(min(0.6, 0.3 + abs(float(scores[3])) / 2), 3)
    features = np.concatenate([reading.latest_vector, scores * VADER_WEIGHT]).reshape(1, -1)
    model = classifier()
    shares = dict(zip(model.labels, model.probabilities(features)[0].tolist(), strict=True))
    return round(shares["positive"] - shares["negative"], 3), round(max(shares.values()), 3)


def _felt(polarity: float, text: str, emotions: dict[str, list[str]]) -> bool:
    """Whether words bear the guess out: praise a happy one, complaint an unhappy one."""
    if abs(polarity) >= CLEAR:
        return True
    spoken = float(_vader(text)[3])
    if polarity > 0:
        return spoken >= FELT or "satisfied" in emotions
    return spoken <= -FELT or bool(emotions.keys() - {"satisfied"}) or measure(text, polarity=0).score >= COMPLAINT


def _lowered(polarity: float, frustration: float) -> float:
    """Plain words of frustration are evidence too, unless the text is happy about something."""
    if polarity >= POSITIVE or frustration < CLEARLY_FRUSTRATED:
        return polarity
    return round(max(-1.0, polarity - LOWERED_BY * frustration), 3)


def classifier() -> Linear:
    """What the seed sentences teach. Raises EmbeddingUnavailable."""
    return learned("sentiment", version_of_data("sentiment_seeds", "jargon"), _taught)


def _taught() -> Linear:
    rows = [(text, label) for label, texts in data("sentiment_seeds").items() for text in texts]
    words = np.stack([_vader(text) for text, _ in rows]) * VADER_WEIGHT
    features = np.hstack([get_embedder().embed([text for text, _ in rows]), words]).astype(np.float32)
    labels = [label for _, label in rows]
    return fit(features, labels, strength=STRENGTH, sample_weights=balanced(labels))


def _vader(text: str) -> Vectors:
    scores = _analyser().polarity_scores(text)
    return np.array([scores["neg"], scores["neu"], scores["pos"], scores["compound"]], dtype=np.float32)


@cache
def _analyser() -> Any:
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer  # noqa: PLC0415 - reads its lexicon at import

    analyser = SentimentIntensityAnalyzer()
    for word in data("jargon"):
        analyser.lexicon.pop(word, None)
    return analyser


def label_of(polarity: float) -> str:
    """The contract's five values."""
    if polarity <= NEGATIVE:
        return "very_negative" if polarity <= VERY_NEGATIVE else "negative"
    if polarity >= POSITIVE:
        return "very_positive" if polarity >= VERY_POSITIVE else "positive"
    return "neutral"


def emotions_in(text: str) -> dict[str, list[str]]:
    """The words that show each emotion, as they were written."""
    found = {name: [match.group(0).lower() for match in pattern.finditer(text)] for name, pattern in _emotions().items()}
    return {name: words for name, words in found.items() if words}


@cache
def _emotions() -> dict[str, re.Pattern[str]]:
    return {name: re.compile(r"\b(?:" + "|".join(words) + r")\b", re.IGNORECASE) for name, words in data("emotions").items()}


def _emotion(label: str, frustration: float, emotions: dict[str, list[str]]) -> str:
    if label in ("negative", "very_negative"):
        if "angry" in emotions and frustration >= FRUSTRATED:
            return "angry"
        if frustration >= FRUSTRATED or "frustrated" in emotions:
            return "frustrated"
        return next((name for name in ("anxious", "confused") if name in emotions), label)
    if label in ("positive", "very_positive"):
        return "satisfied" if "satisfied" in emotions else label
    return next((name for name in ("confused", "anxious") if name in emotions), label)


def _urgency(signals: Signals, label: str) -> str:
    stopped = signals.any("outage", "emergency") or (
        signals.any("blocked_work", "locked_out", "failing_flow") and signals.any("many_affected", "production")
    )
    if signals.any("emergency") or (stopped and signals.any("deadline", "many_affected", "production")):
        return "critical"
    if stopped or signals.any("deadline", "blocked_work", "locked_out", "security_breach", "data_lost", "legal_threat"):
        return "high"
    if label in ("negative", "very_negative") or signals.any("wrongly_charged", "instability", "failing_flow"):
        return "medium"
    return "low"


def over_turns(mood: Sentiment, earlier: Sequence[Turn]) -> tuple[float, float]:
    """Polarity and frustration of a ticket: of the customer's last three turns, the newest counting most (engine.md section 7)."""
    known = [(turn.polarity, turn.frustration or 0.0) for turn in earlier if turn.polarity is not None]
    turns = [(mood.polarity, mood.frustration_score), *reversed(known)][:TURNS]
    weights = TURN_WEIGHTS[: len(turns)]
    polarity, frustration = (sum(w * turn[i] for w, turn in zip(weights, turns, strict=True)) / sum(weights) for i in (0, 1))
    return round(polarity, 3), round(frustration, 3)


def trend(polarities: list[float]) -> str:
    """Where the last three turns are going."""
    last = polarities[-TURNS:]
    if len(last) < 2:  # noqa: PLR2004
        return "stable"
    change = last[-1] - last[0]
    return "improving" if change >= CHANGE else "declining" if change <= -CHANGE else "stable"


APPROACHES = {
    "angry": "Stay calm, own the mistake, say what happens next and when",
    "frustrated": "Empathetic and solution-focused: acknowledge the trouble first, then the shortest way out",
    "anxious": "Reassuring: say what is safe, then what happens next",
    "confused": "Patient and step by step, without jargon",
    "satisfied": "Warm and brief: thank them and answer the rest",
    "very_negative": "Empathetic and solution-focused: acknowledge the trouble first, then the shortest way out",
    "negative": "Empathetic and to the point",
    "neutral": "Friendly and to the point",
    "positive": "Warm and brief",
    "very_positive": "Warm and brief",
}


def _approach(emotion: str, label: str, urgency: str, technical_level: str) -> str:
    approach = APPROACHES.get(emotion, APPROACHES[label])
    if urgency in ("high", "critical"):
        approach += "; answer quickly and name a time"
    if technical_level == "advanced":
        approach += "; give the technical detail"
    return approach
