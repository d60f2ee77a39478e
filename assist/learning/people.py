"""Which team and which colleague: those who solved the nearest tickets, among those who are there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assist.models import Learnt
from helpdesk.core.models import User
from tickets.models import Queue

from . import deciding
from .recalling import Labelled

FEWEST = 3.0  # nearness that the votes must add up to, before anybody is named with full confidence
MOST_VOTES = 12


@dataclass(frozen=True)
class Suggested:
    """A team or colleague. `name` is for screens."""

    field: str  # queue | assignee
    label: str
    name: str
    confidence: float
    why: str


def suggest(labelled: Sequence[Labelled]) -> tuple[Suggested, ...]:
    """At most one team and one colleague. Two statements when there is somebody to name, none otherwise."""
    found = []
    if queue := _winner(labelled, Learnt.QUEUE):
        name = Queue.objects.filter(slug=queue[0]).values_list("name", flat=True).first()
        found += [_named(Learnt.QUEUE, queue, name)] if name else []
    if person := _winner(labelled, Learnt.ASSIGNEE):
        name = User.objects.filter(pk=person[0], is_active=True).values_list("name", flat=True).first()
        found += [_named(Learnt.ASSIGNEE, person, name)] if name else []
    return tuple(found)


def _winner(labelled: Sequence[Labelled], field: str) -> tuple[str, float, int] | None:
    """(label, confidence, tickets): the share of the votes, less where they are few or far."""
    near = [one for one in labelled if one.field == field][:MOST_VOTES]
    votes: dict[str, float] = {}
    for one in near:
        votes[one.label] = votes.get(one.label, 0.0) + deciding.nearness(one.closeness) ** 2
    total = sum(votes.values())
    if not total:
        return None
    best = max(votes, key=lambda label: votes[label])
    many = sum(one.label == best and deciding.nearness(one.closeness) > 0 for one in near)
    return best, round(votes[best] / total * min(1.0, total / FEWEST), 3), many


def _named(field: str, winner: tuple[str, float, int], name: str) -> Suggested:
    label, confidence, many = winner
    tickets = "a ticket like this" if many == 1 else f"{many} tickets like this"
    return Suggested(field, label, name, confidence, f"{name} solved {tickets}")
