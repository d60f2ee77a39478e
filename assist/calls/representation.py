"""Suggestions, questions and entities as the contract shows them (section 1)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from assist.models import CallSession, ClarifyingQuestion, Suggestion
from helpdesk.core.clock import iso_exact

PRIVATE = frozenset(("why",))  # of a suggestion's details: working notes of retrieval


def suggestion_shown(row: Suggestion) -> dict[str, Any]:
    return {
        "id": row.pk,
        "type": row.suggestion_type,
        "title": row.title,
        "content": row.content,
        "confidence": round(row.confidence_score, 3),
        "source": {"kind": row.source_kind, "id": row.source_id, "title": row.source_title, "url": row.source_url},
        "why": row.why,
        "created_at": iso_exact(row.created_at),
        "feedback": row.agent_feedback,
        "position": row.position,
        "band": row.details.get("band", ""),
        "steps": row.details.get("steps", []),
        "engine": "model" if "worded" in row.details else "local",
    }


def question_shown(row: ClarifyingQuestion) -> dict[str, Any]:
    return {"id": row.pk, "text": row.text, "purpose": row.purpose, "priority": row.priority}


def offered(session: CallSession) -> dict[str, Any]:
    """What is on offer now, in its places: two queries."""
    suggestions = Suggestion.objects.filter(session=session, retired_at__isnull=True).order_by("position", "id")
    questions = ClarifyingQuestion.objects.filter(session=session, retired_at__isnull=True)
    return on_offer(session, suggestions, questions)


def ever_offered(session: CallSession) -> dict[str, Any]:
    """All that was on offer in a call, with what was taken back."""
    return {
        "suggestions": [suggestion_shown(row) for row in Suggestion.objects.filter(session=session).order_by("position", "id")],
        "clarifying_questions": [question_shown(row) for row in ClarifyingQuestion.objects.filter(session=session)],
    }


def on_offer(session: CallSession, suggestions: Iterable[Suggestion], questions: Iterable[ClarifyingQuestion]) -> dict[str, Any]:
    return {
        "session_id": str(session.session_id),
        "suggestions": [suggestion_shown(row) for row in suggestions],
        "clarifying_questions": [question_shown(row) for row in questions],
        "entities": session.entities,
    }
