"""What is on offer in a call: the same finding is the same card, in the same place, for as long as it is of use.

Agents read while they listen. So a card that is there is improved in place; a new one goes to a free place; one leaves only
when it no longer fits or a clearly better one needs its place, and never once the agent has used or praised it.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.conf import settings
from django.utils import timezone

from assist.models import CallSession, ClarifyingQuestion, Suggestion
from knowledge.fusion import POSSIBLE, band

from .clarify import Question
from .retrieve import Finding

STAYS_UNTIL = POSSIBLE - 0.05  # raw score: a card does not flicker around the band's edge
CLEARLY_BETTER = 0.05  # raw score by which a newcomer must beat the card whose place it takes
UNWANTED = (Suggestion.Feedback.NOT_HELPFUL, Suggestion.Feedback.IRRELEVANT)
Key = tuple[str, str]


def offer(session: CallSession, findings: Sequence[Finding]) -> list[Suggestion]:
    """Bring the cards up to date and return those on offer, in their places. Runs in the caller's transaction, session locked."""
    rows = {(row.source_kind, row.source_id): row for row in Suggestion.objects.filter(session=session)}
    found = {one.key: one for one in findings}
    for key, row in rows.items():
        _refresh(row, found.get(key))
    newcomers = [one for one in findings if one.key not in rows or _may_return(rows[one.key])]
    for one in newcomers:
        _place(session, one, rows)
    _save(list(rows.values()))
    return sorted((row for row in rows.values() if row.retired_at is None), key=lambda row: row.position)


def ask(session: CallSession, questions: Sequence[Question]) -> list[ClarifyingQuestion]:
    """Bring the questions up to date and return the open ones. What was answered stays answered."""
    rows = {row.purpose: row for row in ClarifyingQuestion.objects.filter(session=session)}
    wanted = {one.purpose: one for one in questions}
    gone = [row for row in rows.values() if row.retired_at is None and row.purpose not in wanted]
    changed = [row for row in rows.values() if row.purpose in wanted and _reworded(row, wanted[row.purpose])]
    for row in gone:
        row.retired_at = timezone.now()
    if gone or changed:
        ClarifyingQuestion.objects.bulk_update([*gone, *changed], ["text", "priority", "retired_at"])
    new = [_question(session, one) for one in questions if one.purpose not in rows]
    kept = [row for row in rows.values() if row.retired_at is None]
    return sorted([*kept, *ClarifyingQuestion.objects.bulk_create(new)], key=lambda row: (row.priority, row.pk))


def _refresh(row: Suggestion, finding: Finding | None) -> None:
    """Improve a card in place, or retire it when the call has moved on."""
    if row.retired_at is not None:
        return
    if finding is not None:
        _write(row, finding)
    elif not _is_kept(row):
        row.raw_score = max(0.0, row.raw_score - 0.1)  # not found this time; twice more and it leaves
        if row.raw_score < STAYS_UNTIL:
            row.retired_at = timezone.now()
    if row.agent_feedback in UNWANTED:
        row.retired_at = timezone.now()


def _is_kept(row: Suggestion) -> bool:
    return row.agent_clicked or row.agent_feedback == Suggestion.Feedback.HELPFUL


def _may_return(row: Suggestion) -> bool:
    return row.retired_at is not None and row.agent_feedback not in UNWANTED


def _place(session: CallSession, finding: Finding, rows: dict[Key, Suggestion]) -> None:
    """A free place, or that of the weakest card if the newcomer is clearly better; else it waits for the next time."""
    on_offer = [row for row in rows.values() if row.retired_at is None]
    if len(on_offer) < settings.ASSIST_MAX_SUGGESTIONS:
        position = next(place for place in range(1, len(on_offer) + 2) if place not in {row.position for row in on_offer})
    else:
        weakest = min((row for row in on_offer if not _is_kept(row)), key=lambda row: row.raw_score, default=None)
        if weakest is None or finding.raw < weakest.raw_score + CLEARLY_BETTER:
            return
        weakest.retired_at, position = timezone.now(), weakest.position
    row = rows.get(finding.key) or Suggestion(session=session, suggestion_type=finding.type)
    row.position, row.retired_at = position, None
    _write(row, finding)
    rows[finding.key] = row


def _write(row: Suggestion, finding: Finding) -> None:
    row.title = finding.title[:500]
    row.content = finding.content
    row.source_kind, row.source_id = finding.source_kind, finding.source_id[:64]
    row.source_title, row.source_url = finding.title[:500], finding.url[:500]
    row.why = finding.why[:500]
    row.confidence_score, row.raw_score = finding.confidence, finding.raw
    row.details = {**finding.details, "band": str(band(finding.raw))}


def _save(rows: list[Suggestion]) -> None:
    new, known = [row for row in rows if row.pk is None], [row for row in rows if row.pk is not None]
    fields = ["title", "content", "source_title", "source_url", "why", "confidence_score", "raw_score", "position", "details", "retired_at"]
    if known:
        Suggestion.objects.bulk_update(known, fields)
    Suggestion.objects.bulk_create(new)


def _question(session: CallSession, question: Question) -> ClarifyingQuestion:
    return ClarifyingQuestion(session=session, text=question.text[:500], purpose=question.purpose, priority=question.priority)


def _reworded(row: ClarifyingQuestion, question: Question) -> bool:
    """A question on offer takes better words or another priority; one that was answered does not come back."""
    if row.retired_at is not None or (row.text, row.priority) == (question.text, question.priority):
        return False
    row.text, row.priority = question.text[:500], question.priority
    return True
