"""Every first guess, and what became of it: the measure of the engine on the company's own work."""

from __future__ import annotations

from django.utils import timezone

from assist.models import Learnt, Prediction
from assist.triage.outcome import Outcome
from tickets.models import Ticket

from . import policy


def keep(ticket: Ticket, outcome: Outcome, applied: list[str]) -> None:
    """Note what the engine made of a new ticket. Later messages of it change nothing: the first guess is what is measured."""
    guesses = [
        (Learnt.CATEGORY, outcome.category.category if outcome.category.confidence else "", outcome.category.confidence),
        (Learnt.PRIORITY, outcome.priority.priority, outcome.priority.confidence),
        *((one.field, one.label, one.confidence) for one in outcome.people),
    ]
    rows = [_row(ticket, field, label, sure, applied, outcome) for field, label, sure in guesses if label]
    Prediction.objects.bulk_create(rows, ignore_conflicts=True)


def settle(ticket: Ticket, field: str, label: str) -> None:
    """What it really was. A later word replaces an earlier one."""
    for row in Prediction.objects.filter(ticket=ticket, field=field):
        row.actual, row.correct, row.settled_at = label, row.label == label, row.settled_at or timezone.now()
        row.save(update_fields=["actual", "correct", "settled_at"])


def guess_of(ticket: Ticket, field: str) -> str:
    """What the engine had said; "" when it said nothing."""
    return Prediction.objects.filter(ticket=ticket, field=field).values_list("label", flat=True).first() or ""


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
