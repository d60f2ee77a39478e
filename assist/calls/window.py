"""What was said so far, as the steps read it. Pure, apart from `read`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

from assist.models import CallSession, TranscriptionSegment

from . import phrases

LONGEST_QUESTION = 1_200  # characters: about the 256 tokens that the model reads
MOST_TURNS = 600  # of one call that are read; an hour has about as many
SAYS_LITTLE = 3  # words; "yes please" and "hold on" are no news


@dataclass(frozen=True)
class Turn:
    segment_id: int
    speaker: str
    text: str
    start_time: float  # seconds


@dataclass(frozen=True)
class Window:
    """All turns in the order of speaking."""

    turns: tuple[Turn, ...]
    knew: int = 0  # how many turns the call had

    @cached_property
    def customer(self) -> tuple[Turn, ...]:
        return tuple(turn for turn in self.turns if turn.speaker == TranscriptionSegment.Speaker.CUSTOMER)

    @cached_property
    def agent(self) -> tuple[Turn, ...]:
        return tuple(turn for turn in self.turns if turn.speaker == TranscriptionSegment.Speaker.AGENT)

    @cached_property
    def telling(self) -> tuple[str, ...]:
        """The customer's turns that say something, without the courtesies they begin with."""
        found = (without_courtesy(turn.text) for turn in self.customer)
        return tuple(text for text in found if len(text.split()) >= SAYS_LITTLE)

    @cached_property
    def question(self) -> str:
        """The customer's words so far, joined: what is searched. Their beginning and their end, when they are many."""
        return fit(" ".join(self.telling))

    @cached_property
    def customer_text(self) -> str:
        return "\n".join(turn.text for turn in self.customer)

    @cached_property
    def latest(self) -> Turn | None:
        return self.customer[-1] if self.customer else None


def read(session: CallSession) -> Window:
    """The transcript as it is now, in one query."""
    return read_all([session])[0]


def read_all(sessions: Sequence[CallSession]) -> list[Window]:
    """The transcripts of these calls as they are now, in one query."""
    rows: dict[Any, list[tuple[int, str, str, float]]] = {session.session_id: [] for session in sessions}
    said = TranscriptionSegment.objects.filter(session__in=sessions).in_order()
    for session_id, number, speaker, text, at in said.values_list("session_id", "id", "speaker", "text", "start_time"):
        rows[session_id].append((number, speaker, text, at))
    return [of(rows[session.session_id]) for session in sessions]


def of(rows: Iterable[tuple[int, str, str, float]]) -> Window:
    """Of a very long call its beginning and its end."""
    turns = tuple(Turn(*row) for row in rows)
    shown = turns if len(turns) <= MOST_TURNS else (*turns[: MOST_TURNS // 4], *turns[MOST_TURNS // 4 - MOST_TURNS :])
    return Window(shown, knew=len(turns))


def without_courtesy(text: str) -> str:
    return _courtesies().sub("", text.strip(), count=1).strip()


@cache
def _courtesies() -> re.Pattern[str]:
    """Any number of them, one after the other, where a turn begins."""
    return re.compile(rf"^(?:(?:{phrases.pattern('courtesy').pattern})\b[\s,.!?]*)+", re.IGNORECASE)


def fit(text: str, longest: int = LONGEST_QUESTION) -> str:
    """The problem is told in the first words, what it turned into in the last ones."""
    text = " ".join(text.split())
    if len(text) <= longest:
        return text
    return f"{text[: longest * 2 // 3 - 1]} {text[-(longest // 3) :]}"
