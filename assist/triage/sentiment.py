"""How the customer feels: polarity, label, emotions, frustration and where the conversation is going.

A logistic regression over the embedding and VADER's scores, taught by our own seed sentences (`data/sentiment_seeds.json`,
engine.md section 5). Without an embedder VADER decides alone. Never acted on automatically; people see it, rules read it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from helpdesk.core.embeddings import get_embedder

from .case import Case
from .frustration import measure
from .learned import Linear, Vectors, data, fit, learned
from .reading import Reading
from .signals import Signals

STRENGTH = 3.0  # inverse regularisation, chosen on texts that no seed was taken from
VADER_WEIGHT = 0.5  # VADER's four scores beside 384 small numbers
# Polarity is P(positive) - P(negative).
NEGATIVE, VERY_NEGATIVE = -0.2, -0.8
POSITIVE, VERY_POSITIVE = 0.25, 0.85
TURNS = 3  # customer's turns that make a trend
CHANGE = 0.2  # polarity between the first and the last of them
FRUSTRATED = 0.5
CLEARLY_FRUSTRATED, LOWERED_BY = 0.4, 0.25


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


def feel(case: Case, reading: Reading, signals: Signals) -> Sentiment:
    polarity, confidence = _polarity(reading)
    frustration = measure(reading.latest, polarity=polarity)
    polarity = _lowered(polarity, frustration.score)
    emotions = emotions_in(reading.latest)
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
    model = learned("sentiment", data("sentiment_seeds"), _taught)
    shares = dict(zip(model.labels, model.probabilities(features)[0].tolist(), strict=True))
    return round(shares["positive"] - shares["negative"], 3), round(max(shares.values()), 3)


def _lowered(polarity: float, frustration: float) -> float:
    """Plain words of frustration are evidence too, unless the text is happy about something."""
    if polarity >= POSITIVE or frustration < CLEARLY_FRUSTRATED:
        return polarity
    return round(max(-1.0, polarity - LOWERED_BY * frustration), 3)


def _taught() -> Linear:
    rows = [(text, label) for label, texts in data("sentiment_seeds").items() for text in texts]
    words = np.stack([_vader(text) for text, _ in rows]) * VADER_WEIGHT
    features = np.hstack([get_embedder().embed([text for text, _ in rows]), words]).astype(np.float32)
    return fit(features, [label for _, label in rows], strength=STRENGTH)


def _vader(text: str) -> Vectors:
    scores = _analyser().polarity_scores(text)
    return np.array([scores["neg"], scores["neu"], scores["pos"], scores["compound"]], dtype=np.float32)


@cache
def _analyser() -> Any:
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer  # noqa: PLC0415 - reads its lexicon at import

    return SentimentIntensityAnalyzer()


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
