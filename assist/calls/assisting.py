"""Read, think, write: rounds of assistance in calls. No transaction is held while the agents think."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from assist.models import AgentAction, CallSession, TranscriptionSegment

from . import offering, updates, window, wording
from .changing import added, changed
from .changing import write as write_rows
from .offering import Shelf
from .pipeline import ACTIONS, Thought, think
from .representation import on_offer
from .retrieve import Retrieved, Scope
from .window import Window

_THOUGHT = (
    "context", "entities", "mood", "suggestions_count", "questions_count", "analysed", "analysed_at", "analysis_due_at", "updates",
)  # fmt: skip

_DONE = (
    "session", "segment", "agent_name", "action_type", "processing_time_ms", "confidence", "engine", "output", "error", "timestamp",
)  # fmt: skip


@dataclass(frozen=True)
class Round:
    """What was thought of one call."""

    session: CallSession
    said: Window
    thought: Thought
    segment_id: int | None  # the customer's words that it answers
    searched_to: int | None  # those up to which was searched: the same, unless there was no time
    began: float
    again_in: timedelta | None = None  # when the call is to be thought about again, though nothing more is said


@dataclass(frozen=True)
class Earlier:
    """What was found in a call before, and up to which words was searched."""

    found: Retrieved
    searched_to: int | None


def assist(session: CallSession, *, segment: TranscriptionSegment | None = None) -> CallSession:
    """Think about everything that was said so far, and offer what came of it. Returns the session as it then stands.

    Of two rounds at once the one that knew more wins, whichever ends first.
    """
    one = think_about(session, window.read(session), segment=segment)
    return write([one]).get(session.pk, session)


def think_about(
    session: CallSession,
    said: Window,
    *,
    segment: TranscriptionSegment | None = None,
    earlier: Earlier | None = None,
    again_in: timedelta | None = None,
) -> Round:
    """One round, not written yet. With `earlier` nothing is searched: what costs little is brought up to date, the rest in `again_in`."""
    began = time.perf_counter()
    thought = think(said, Scope.of(session), session.mood, found_before=earlier.found if earlier else None)
    about = segment.pk if segment else said.latest.segment_id if said.latest else None
    if earlier is None:
        return Round(session, said, thought, about, about, began)
    return Round(session, said, thought, about, earlier.searched_to, began, again_in)


def write(rounds: Sequence[Round]) -> dict[int, CallSession]:
    """Write what came of these rounds, all in one transaction of seven statements. Returns the sessions as they then stand, by key."""
    with transaction.atomic():
        held = CallSession.objects.select_for_update(no_key=True, of=("self",)).filter(pk__in=[one.session.pk for one in rounds])
        sessions = {session.pk: session for session in held.order_by("pk")}
        news = [(one, sessions[one.session.pk]) for one in rounds if one.session.pk in sessions]
        news = [(one, session) for one, session in news if session.analysed <= one.said.knew]
        if news:
            _write(news)
    return sessions


def _write(news: Sequence[tuple[Round, CallSession]]) -> None:
    shelves = offering.shelves([session for _, session in news])
    for one, session in news:
        _fill(shelves[session.pk], one.thought)
    offering.save(shelves.values())
    now = timezone.now()
    for one, session in news:
        _note(session, one, shelves[session.pk], now)
    actions = [action for one, session in news for action in _actions(session, one)]
    frames = updates.numbered([(session, _frame(session, one, shelves[session.pk])) for one, session in news])
    write_rows(added(actions, _DONE), added(frames, updates.FIELDS), changed([session for _, session in news], _THOUGHT))
    for frame in frames:
        updates.send(frame.session, frame.n, frame.payload)
    for one, session in news:
        if one.thought.searched and one.thought.found.articles:
            wording.wanted(session)


def _fill(shelf: Shelf, thought: Thought) -> None:
    if thought.searched:
        offering.offer(shelf, thought.found.findings)
    offering.ask(shelf, thought.clarification.questions)


def _note(session: CallSession, one: Round, shelf: Shelf, now: datetime) -> None:
    session.context = one.thought.analysis.shown()
    session.entities = [fact._asdict() for fact in one.thought.analysis.detected_entities]
    session.mood = one.thought.mood
    session.suggestions_count, session.questions_count = len(shelf.cards_on_offer), len(shelf.open_questions)
    session.analysed, session.analysed_at = one.said.knew, now
    if session.heard > one.said.knew:  # more was said meanwhile: it waits behind the other calls
        session.analysis_due_at = now
    else:
        session.analysis_due_at = now + one.again_in if one.again_in else None


def _frame(session: CallSession, one: Round, shelf: Shelf) -> dict[str, Any]:
    return {
        "type": "suggestions",
        **on_offer(session, shelf.cards_on_offer, shelf.open_questions),
        "segment_id": one.segment_id,
        "searched_to": one.searched_to,
        "processing_time_ms": round((time.perf_counter() - one.began) * 1000),
        "context": session.context,
        "mood": {name: value for name, value in session.mood.items() if name != "points"},
    }


def _actions(session: CallSession, one: Round) -> list[AgentAction]:
    return [
        AgentAction(
            session=session,
            segment_id=one.segment_id,
            agent_name=step.name,
            action_type=ACTIONS[step.name],
            processing_time_ms=step.ms,
            confidence=one.thought.confidence_of(step.name),
            engine=step.engine,
            output=step.output if isinstance(step.output, dict) and step.name != "sentiment" else {},
            error=step.error,
        )
        for step in one.thought.steps
    ]
