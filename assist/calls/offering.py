"""What is on offer in a call: the same finding is the same card, in the same place, for as long as it is of use.

Agents read while they listen. So a card that is there is improved in place; a new one goes to a free place; one leaves only
when it no longer fits or a clearly better one needs its place, and never once the agent has used or praised it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils import timezone

from assist.models import CallSession, ClarifyingQuestion, Suggestion
from knowledge.fusion import POSSIBLE, band

from .changing import changed, write
from .clarify import Question
from .retrieve import Finding

STAYS_UNTIL = POSSIBLE - 0.05  # raw score: a card does not flicker around the band's edge
CLEARLY_BETTER = 0.05  # raw score by which a newcomer must beat the card whose place it takes
UNWANTED = (Suggestion.Feedback.NOT_HELPFUL, Suggestion.Feedback.IRRELEVANT)
Key = tuple[str, str]


_CARD = ("title", "content", "source_title", "source_url", "why", "confidence_score", "raw_score", "position", "details", "retired_at")
_QUESTION = ("text", "priority", "retired_at")


class Shelf:
    """What a call has been offered so far: its cards by what they show, its questions by their purpose."""

    def __init__(self, session: CallSession, cards: Iterable[Suggestion], questions: Iterable[ClarifyingQuestion]) -> None:
        self.session = session
        self.cards: dict[Key, Suggestion] = {(row.source_kind, row.source_id): row for row in cards}
        self.questions = {row.purpose: row for row in questions}
        known: list[Suggestion | ClarifyingQuestion] = [*self.cards.values(), *self.questions.values()]
        self._before = [(row, _values(row)) for row in known]

    @property
    def cards_on_offer(self) -> list[Suggestion]:
        """In their places."""
        return sorted((row for row in self.cards.values() if row.retired_at is None), key=lambda row: row.position)

    @property
    def open_questions(self) -> list[ClarifyingQuestion]:
        return sorted((row for row in self.questions.values() if row.retired_at is None), key=lambda row: (row.priority, row.pk or 0))

    def changed(self) -> Iterator[Suggestion | ClarifyingQuestion]:
        return (row for row, before in self._before if _values(row) != before)


def shelves(sessions: Sequence[CallSession]) -> dict[int, Shelf]:
    """The shelves of these calls by the calls' keys: two statements. Runs in the caller's transaction, the sessions locked."""
    cards: dict[Any, list[Suggestion]] = defaultdict(list)
    questions: dict[Any, list[ClarifyingQuestion]] = defaultdict(list)
    for card in Suggestion.objects.filter(session__in=sessions).order_by("pk"):
        cards[card.session_id].append(card)
    for question in ClarifyingQuestion.objects.filter(session__in=sessions).order_by("pk"):
        questions[question.session_id].append(question)
    return {one.pk: Shelf(one, cards[one.session_id], questions[one.session_id]) for one in sessions}


def offer(shelf: Shelf, findings: Sequence[Finding]) -> None:
    """Bring the cards up to date. Where nothing is found any more (small talk, an identity check), nothing takes the place of what was."""
    found = {one.key: one for one in findings}
    for key, row in shelf.cards.items():
        _refresh(row, found.get(key), moved_on=bool(found))
    newcomers = [one for one in findings if one.key not in shelf.cards or _may_return(shelf.cards[one.key])]
    now = timezone.now()
    for one in newcomers:
        _place(shelf, one, now)


def ask(shelf: Shelf, questions: Sequence[Question]) -> None:
    """Bring the questions up to date. What was answered stays answered."""
    wanted = {one.purpose: one for one in questions}
    for purpose, row in shelf.questions.items():
        if row.retired_at is None and purpose in wanted:
            row.text, row.priority = wanted[purpose].text[:500], wanted[purpose].priority
        elif row.retired_at is None:
            row.retired_at = timezone.now()
    for purpose, one in wanted.items():
        if purpose not in shelf.questions:
            shelf.questions[purpose] = _question(shelf.session, one)


def save(filled: Collection[Shelf]) -> None:
    """Write what became of these shelves: of each table, what is new and what is changed."""
    Suggestion.objects.bulk_create([row for shelf in filled for row in shelf.cards.values() if row.pk is None])
    ClarifyingQuestion.objects.bulk_create([row for shelf in filled for row in shelf.questions.values() if row.pk is None])
    other = [row for shelf in filled for row in shelf.changed()]
    cards = changed([row for row in other if isinstance(row, Suggestion)], _CARD)
    write(cards, changed([row for row in other if isinstance(row, ClarifyingQuestion)], _QUESTION))


def _values(row: Suggestion | ClarifyingQuestion) -> list[Any]:
    return [getattr(row, name) for name in (_CARD if isinstance(row, Suggestion) else _QUESTION)]


def _refresh(row: Suggestion, finding: Finding | None, *, moved_on: bool) -> None:
    """Improve a card in place, or retire it when the call has moved on to something else."""
    if row.retired_at is not None:
        return
    if finding is not None:
        _write(row, finding)
    elif moved_on and not _is_kept(row):
        row.raw_score = max(0.0, row.raw_score - 0.1)  # not found this time; twice more and it leaves
        if row.raw_score < STAYS_UNTIL:
            row.retired_at = timezone.now()
    if row.agent_feedback in UNWANTED:
        row.retired_at = timezone.now()


def _is_kept(row: Suggestion) -> bool:
    return row.agent_clicked or row.agent_feedback == Suggestion.Feedback.HELPFUL


def _may_return(row: Suggestion) -> bool:
    return row.retired_at is not None and row.agent_feedback not in UNWANTED


def _place(shelf: Shelf, finding: Finding, now: datetime) -> None:
    """A free place, or that of the weakest card if the newcomer is clearly better; else it waits for the next time.

    Cards that come together are equally new (`now`): the page shows the newest first, and of these the surest.
    """
    on_offer = shelf.cards_on_offer
    if len(on_offer) < settings.ASSIST_MAX_SUGGESTIONS:
        position = next(place for place in range(1, len(on_offer) + 2) if place not in {row.position for row in on_offer})
    else:
        weakest = min((row for row in on_offer if not _is_kept(row)), key=lambda row: row.raw_score, default=None)
        if weakest is None or finding.raw < weakest.raw_score + CLEARLY_BETTER:
            return
        weakest.retired_at, position = timezone.now(), weakest.position
    row = shelf.cards.get(finding.key) or Suggestion(session=shelf.session, suggestion_type=finding.type, created_at=now)
    row.position, row.retired_at = position, None
    _write(row, finding)
    shelf.cards[finding.key] = row


def _write(row: Suggestion, finding: Finding) -> None:
    worded = {name: value for name, value in row.details.items() if name == "worded"}  # a model's words stay until its next ones
    row.title = finding.title[:500]
    row.content = worded["worded"]["text"] if worded else finding.content
    row.source_kind, row.source_id = finding.source_kind, finding.source_id[:64]
    row.source_title, row.source_url = finding.title[:500], finding.url[:500]
    row.why = finding.why[:500]
    row.confidence_score, row.raw_score = finding.confidence, finding.raw
    row.details = {**finding.details, **worded, "names": list(finding.details.get("names", ())), "band": str(band(finding.raw))}


def _question(session: CallSession, question: Question) -> ClarifyingQuestion:
    return ClarifyingQuestion(session=session, text=question.text[:500], purpose=question.purpose, priority=question.priority)
