"""Read, think, write: one round of assistance in a call. No transaction is held while the agents think."""

from __future__ import annotations

import time
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from assist.models import AgentAction, CallDesk, CallSession, TranscriptionSegment

from . import consent, offering, updates, window
from .pipeline import ACTIONS, Thought, think
from .representation import on_offer
from .retrieve import Scope
from .transcript import locked


def assist(session: CallSession, *, segment: TranscriptionSegment | None = None) -> CallSession:
    """Think about everything that was said so far, and offer what came of it. Returns the session as it then stands.

    Of two rounds at once the one that knew more wins, whichever ends first.
    """
    began = time.perf_counter()
    said = window.read(session)
    thought = think(said, Scope.of(session), session.mood)
    with transaction.atomic():
        session = locked(session)
        knew = len(said.turns)
        if session.analysed > knew:
            return session
        _write(session, thought, knew=knew, segment_id=_about(said, segment), began=began)
    return session


def _write(session: CallSession, thought: Thought, *, knew: int, segment_id: int | None, began: float) -> None:
    suggestions = offering.offer(session, thought.found.findings)
    questions = offering.ask(session, thought.clarification.questions)
    session.context = thought.analysis.shown()
    session.entities = [fact._asdict() for fact in thought.analysis.detected_entities]
    session.mood = thought.mood
    session.suggestions_count, session.questions_count = len(suggestions), len(questions)
    session.analysed, session.analysed_at = knew, timezone.now()
    session.analysis_due_at = None if session.heard <= knew else session.analysis_due_at
    AgentAction.objects.bulk_create(_actions(session, thought, segment_id))
    frame = {
        "type": "suggestions",
        **on_offer(session, suggestions, questions),
        "segment_id": segment_id,
        "processing_time_ms": round((time.perf_counter() - began) * 1000),
        "context": session.context,
        "mood": {name: value for name, value in session.mood.items() if name != "points"},
    }
    updates.tell(session, frame)
    session.save(
        update_fields=[
            "context", "entities", "mood", "suggestions_count", "questions_count", "analysed", "analysed_at", "analysis_due_at", "updates",
        ]
    )  # fmt: skip


def _about(said: window.Window, segment: TranscriptionSegment | None) -> int | None:
    """The customer's words that this round answers: those just heard, else their last ones."""
    return segment.pk if segment else said.latest.segment_id if said.latest else None


def _actions(session: CallSession, thought: Thought, segment_id: int | None) -> list[AgentAction]:
    return [
        AgentAction(
            session=session,
            segment_id=segment_id,
            agent_name=step.name,
            action_type=ACTIONS[step.name],
            processing_time_ms=step.ms,
            confidence=thought.confidence_of(step.name),
            engine=step.engine,
            output=step.output if isinstance(step.output, dict) and step.name != "sentiment" else {},
            error=step.error,
        )
        for step in thought.steps
    ]


def catch_up(session_id: UUID | str) -> bool:
    """One round about all that was put off, if it still is. Returns whether more was said meanwhile: other calls come first."""
    session = CallSession.objects.with_people().filter(session_id=session_id, analysis_due_at__isnull=False).first()
    if session is None or not session.is_running or not consent.may_read(session):
        return False
    return assist(session).analysis_due_at is not None


def waiting(older_than: timedelta) -> list[UUID]:
    """Running calls with words that nobody has thought about for so long: their web process was killed, or Redis lost the ask."""
    left = CallSession.objects.running().filter(analysis_due_at__lt=timezone.now() - older_than)
    left = left.exclude(desk__consent__in=CallDesk.WITHHELD)
    return list(left.values_list("session_id", flat=True)[:200])
