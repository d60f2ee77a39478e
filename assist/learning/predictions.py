"""Every first guess, and what became of it: the measure of the engine on the company's own work."""

from __future__ import annotations

from django.utils import timezone

from assist.models import Learnt, Prediction
from assist.triage.outcome import Outcome
from assist.triage.rules import PRIORITIES
from assist.triage.teaming import Team
from tickets.models import Ticket

from . import policy

NONE = "none"  # what a ticket really needed: no escalation, none of the articles

Guess = tuple[str, str, float]  # (field, label, confidence)


def keep(ticket: Ticket, outcome: Outcome, applied: list[str], *, team: Team | None) -> None:
    """Note what the engine made of a message. The first guess of each kind is what is measured: of the ticket's first message, except
    for escalations, which any message may call for.
    """
    guesses = _escalation(outcome) if outcome.case.earlier else [*_first(outcome, team), *_escalation(outcome)]
    rows = [_row(ticket, field, label, sure, applied, outcome) for field, label, sure in guesses if label]
    if rows:
        Prediction.objects.bulk_create(rows, ignore_conflicts=True)


def settle(ticket: Ticket, field: str, label: str, *, by_person: bool) -> None:
    """What it really was: an agent's word, or what the ticket was solved with. A later word replaces an earlier one."""
    for row in Prediction.objects.filter(ticket=ticket, field=field):
        row.actual, row.correct, row.settled_at = label[:64], row.label == label[:64], row.settled_at or timezone.now()
        said = Prediction.Outcome.CONFIRMED if row.correct else Prediction.Outcome.CORRECTED
        row.outcome = said if by_person else Prediction.Outcome.UNTOUCHED
        row.save(update_fields=["actual", "correct", "outcome", "settled_at"])


def settle_article(ticket: Ticket, used: str) -> None:
    """The article that solved it; NONE when somebody said that the one on offer did not help. "" settles nothing."""
    if used:
        settle(ticket, Prediction.ARTICLE, used, by_person=True)


def settle_escalation(ticket: Ticket, priority_by_person: str | None) -> None:
    """Where an agent made it less urgent than the rules had, it need not have been escalated."""
    guess = Prediction.objects.filter(ticket=ticket, field=Prediction.ESCALATION).first()
    if guess is None:
        return
    wanted = guess_of(ticket, Learnt.PRIORITY) or ticket.priority
    lowered = priority_by_person is not None and PRIORITIES.index(priority_by_person) < PRIORITIES.index(wanted)
    settle(ticket, Prediction.ESCALATION, NONE if lowered else guess.label, by_person=priority_by_person is not None)


def guess_of(ticket: Ticket, field: str) -> str:
    """What the engine had said; "" when it said nothing."""
    return Prediction.objects.filter(ticket=ticket, field=field).values_list("label", flat=True).first() or ""


def _first(outcome: Outcome, team: Team | None) -> list[Guess]:
    topic = outcome.category
    people = [(one.field, one.label, one.confidence) for one in outcome.people if one.field == Learnt.ASSIGNEE]
    best = max(outcome.knowledge, key=lambda one: one.relevance_score, default=None)
    return [
        (Learnt.CATEGORY, topic.category if topic.confidence else "", topic.confidence),
        (Learnt.PRIORITY, outcome.priority.priority, outcome.priority.confidence),
        (Learnt.QUEUE, team.queue.slug if team and team.confidence else "", team.confidence if team else 0.0),
        *people,
        (Prediction.ARTICLE, best.slug if best else "", best.relevance_score if best else 0.0),
    ]


def _escalation(outcome: Outcome) -> list[Guess]:
    """A rule holds or does not: it is always sure."""
    up = outcome.escalation
    return [(Prediction.ESCALATION, up.level or NONE, 1.0)] if up.escalate else []


def _row(ticket: Ticket, field: str, label: str, sure: float, applied: list[str], outcome: Outcome) -> Prediction:  # noqa: PLR0917
    allowed = policy.of(field)
    return Prediction(
        ticket=ticket,
        field=field,
        label=label[:64],
        confidence=sure,
        band=allowed.band(sure),
        shadow=allowed.in_shadow and field not in applied,
        examples=outcome.category.learned_from,
    )
