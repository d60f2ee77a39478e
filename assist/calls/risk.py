"""How a running call stands: the caller's mood, and what a supervisor should know of before it goes wrong."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from assist.models import CallSession
from assist.triage.learned import data

TENSE, ANGRY = 0.4, 0.65  # frustration, 0..1
RISING = 0.2  # frustration between the first and the last of the points
GRAVE = 3.0  # weight from which a call needs somebody now
HELD = 60.0  # seconds in one go that a caller is held
SILENT = 30.0  # seconds without a word from anybody
LONG = 15 * 60  # seconds
POINTS = 12  # of the trend that are drawn
WORDS = ("legal_threat", "churn", "asks_for_manager", "security_breach", "data_lost")


@dataclass(frozen=True)
class Risk:
    """One reason to look. `weight` sorts the board; `said` are the words that show it."""

    name: str
    label: str | Promise
    weight: float
    said: str = ""


@dataclass(frozen=True)
class Mood:
    face: str = ""  # angry | tense | neutral | happy, "" when nothing is known
    words: str | Promise = ""
    frustration: float = 0.0
    points: tuple[float, ...] = field(default=())  # polarity -1..1, oldest first

    @property
    def spark(self) -> str:
        """The trend as an SVG path in 120 x 24: -1 at the bottom."""
        if len(self.points) < 2:  # noqa: PLR2004 - a line needs two points
            return ""
        step = 120 / (len(self.points) - 1)
        return "M" + "L".join(f"{n * step:.1f} {24 * (1 - (value + 1) / 2):.1f}" for n, value in enumerate(self.points))


LABELS: dict[str, tuple[str | Promise, float]] = {
    "legal_threat": (_("Legal threat"), 5),
    "security_breach": (_("Security"), 5),
    "data_lost": (_("Data lost"), 4),
    "churn": (_("Wants to leave"), 4),
    "asks_for_manager": (_("Asks for a manager"), 3),
}


def mood_of(session: CallSession) -> Mood:
    """What the last analysis felt, in words."""
    felt = session.mood or {}
    if not felt:
        return Mood()
    frustration, polarity = float(felt.get("frustration") or 0), float(felt.get("polarity") or 0)
    points = tuple(float(point["polarity"]) for point in (felt.get("points") or [])[-POINTS:])
    trend = felt.get("trend", "stable")
    face = face_of(frustration, polarity)
    return Mood(face, _in_words(face, trend), frustration, points)


def face_of(frustration: float, polarity: float) -> str:
    """angry | tense | happy | neutral, as ui.mood draws it."""
    if frustration >= ANGRY:
        return "angry"
    if frustration >= TENSE or polarity <= -TENSE:
        return "tense"
    return "happy" if polarity >= TENSE else "neutral"


def risks_of(session: CallSession, *, said: str, last_heard: datetime | None, now: datetime | None = None) -> list[Risk]:
    """Why this call needs somebody, the gravest first. `said` is what the customer has said; `last_heard` when anybody last spoke."""
    found = list(_words(said))
    mood, now = mood_of(session), now or timezone.now()
    if mood.frustration >= ANGRY:
        found.append(Risk("angry", _("Very frustrated"), 3.5))
    elif mood.frustration >= TENSE and session.mood.get("trend") == "declining":
        found.append(Risk("rising", _("Frustration rising"), 2.5))
    found += _of_the_line(session, last_heard, now)
    if session.duration_seconds >= LONG:
        found.append(Risk("long", _("Long call"), 1))
    return sorted(found, key=lambda risk: -risk.weight)


def _of_the_line(session: CallSession, last_heard: datetime | None, now: datetime) -> list[Risk]:
    """A caller who is held for long; nobody speaking, unless because the caller is held."""
    if session.held_since is not None:
        return [Risk("held", _("Held for long"), 2)] if (now - session.held_since).total_seconds() >= HELD else []
    silent = (now - (last_heard or session.answered_at or session.started_at)).total_seconds()
    return [Risk("silent", _("Long silence"), 2)] if session.status == CallSession.Status.ACTIVE and silent >= SILENT else []


def burning(risks: Sequence[Risk], mood: Mood) -> float:
    """What the board is sorted by: the gravest reason, a little for each further one, and the mood between equals."""
    if not risks:
        return mood.frustration
    return risks[0].weight + 0.2 * (len(risks) - 1) + mood.frustration


def _words(said: str) -> list[Risk]:
    found = []
    for name, patterns in _patterns().items():
        hit = next((match for pattern in patterns if (match := pattern.search(said))), None)
        if hit:
            label, weight = LABELS[name]
            found.append(Risk(name, label, weight, hit.group(0).strip()[:80]))
    return found


@cache
def _patterns() -> dict[str, list[re.Pattern[str]]]:
    rows = data("signals")
    return {name: [re.compile(pattern, re.IGNORECASE) for pattern in rows[name]["patterns"]] for name in WORDS}


def _in_words(face: str, trend: str) -> str | Promise:
    easing, worsening = trend == "improving", trend == "declining"
    if face in ("tense", "angry"):
        plain = _("Angry") if face == "angry" else _("Tense")
        return (_("Tense, easing") if easing else _("Tense, getting worse") if worsening else _("Tense")) if face == "tense" else plain
    if face == "happy":
        return _("Friendly")
    return _("Calm, getting tense") if worsening else _("Calm")
