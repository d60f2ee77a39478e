"""A line is read: language, mood and where it is going, circumstances, and what is wanted."""

from __future__ import annotations

from dataclasses import dataclass, replace

from assist.models import ChatSession
from assist.triage import language, reading, rulebook, sentiment, signals
from assist.triage.case import Case, Profile, Turn
from assist.triage.foreign import is_foreign
from assist.triage.frustration import Indicator
from assist.triage.reading import Reading
from assist.triage.sentiment import Sentiment
from assist.triage.signals import Signals

from . import intents
from .intents import Intent
from .patterns import pattern

LONGEST = 4_000  # characters that are thought about; all of them are kept
KEPT = 20  # points of mood
BARE_WORDS = 2
UNHAPPY_WORDS = -0.3  # polarity of the words alone
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
    whole, indicators = case.model_copy(update={"earlier": tuple(turns)}), rulebook.current().edited.indicators
    mood = sentiment.feel(whole, read, found, indicators)
    if not _borne_out(said, intent, mood, found):
        mood = _by_words(whole, read, found, indicators, mood)
    return Understood(said, spoken, intent, mood, found, bool(pattern("promise").search(said)))


def _borne_out(said: str, intent: Intent, mood: Sentiment, found: Signals) -> bool:
    """A guess by likeness alone brings nobody a person: short neutral lines look like unhappy ones."""
    if len(said.split()) <= BARE_WORDS or intent.act in ("greeting", "goodbye"):
        return False
    return mood.polarity > sentiment.NEGATIVE or bool(mood.emotional_indicators) or found.any(*sentiment.HARMED)


def _by_words(case: Case, read: Reading, found: Signals, indicators: tuple[Indicator, ...] | None, mood: Sentiment) -> Sentiment:
    """What the words alone say of the mood; where they are unhappy themselves, the guess stands."""
    plain = sentiment.feel(case, replace(read, latest_vector=None), found, indicators)
    return mood if plain.polarity <= UNHAPPY_WORDS and len(read.latest.split()) > BARE_WORDS else plain


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
