"""A line is read: language, mood and where it is going, circumstances, and what is wanted."""

from __future__ import annotations

from dataclasses import dataclass, replace

from assist.models import ChatSession
from assist.triage import language, reading, rulebook, sentiment, signals
from assist.triage.case import Case, Profile, Turn
from assist.triage.foreign import is_foreign
from assist.triage.sentiment import Sentiment
from assist.triage.signals import Signals

from . import intents
from .intents import Intent
from .patterns import pattern

LONGEST = 4_000  # characters that are thought about; all of them are kept
KEPT = 20  # points of mood
BARE_WORDS = 2
RISKS = ("legal_threat", "security_breach", "asks_for_manager", "emergency", "privacy_request")


@dataclass(frozen=True)
class Understood:
    text: str
    language: str
    intent: Intent
    mood: Sentiment
    signals: Signals
    promise: bool

    @property
    def risk(self) -> bool:
        return self.signals.any(*RISKS)


def understand(session: ChatSession, text: str) -> Understood:
    """Read one line, with the mood of those before."""
    said = " ".join(text[:LONGEST].split())
    spoken = language.detect(said, hint=session.language)
    case = Case(body=intents.without_greeting(said), customer=Profile(technical_level=session.customer.technical_level))
    read = reading.read(case)
    found = signals.find(read, language=spoken)
    turns = [Turn(text="", polarity=one["polarity"], frustration=one["frustration"]) for one in session.mood.get("points", [])]
    intent = intents.read(said, None if is_foreign(spoken) else read.latest_vector)
    if len(said.split()) <= BARE_WORDS or intent.act in ("greeting", "goodbye"):
        read = replace(read, latest_vector=None)  # a model reads moods into bare words
    mood = sentiment.feel(case.model_copy(update={"earlier": tuple(turns)}), read, found, rulebook.current().edited.indicators)
    return Understood(said, spoken, intent, mood, found, bool(pattern("promise").search(said)))


def with_mood(before: dict[str, object], mood: Sentiment, *, frustrated_from: float) -> dict[str, object]:
    """The conversation's mood with one more point in it."""
    points = before.get("points")
    known = points if isinstance(points, list) else []
    frustrated = before.get("frustrated")
    count = (frustrated if isinstance(frustrated, int) else 0) + (mood.frustration_score >= frustrated_from)
    return {
        "points": [*known, {"polarity": mood.polarity, "frustration": mood.frustration_score}][-KEPT:],
        "frustrated": count,
        "trend": mood.trend,
    }
