"""Which team a ticket is for: the one that takes its category, or else the one that solved tickets like it."""

from __future__ import annotations

from dataclasses import dataclass

from tickets.models import Queue

from .outcome import Outcome


@dataclass(frozen=True)
class Team:
    queue: Queue
    confidence: float
    why: str


def team_of(outcome: Outcome) -> Team | None:
    """None where neither the category nor the past names one."""
    topic = outcome.category
    takers = list(Queue.objects.filter(categories__slug=topic.category).distinct()[:2])
    if len(takers) == 1:
        return Team(takers[0], topic.confidence, topic.category)
    learned = next((one for one in outcome.people if one.field == "queue"), None)  # no team, or several, takes this category
    queue = Queue.objects.filter(slug=learned.label).first() if learned else None
    return Team(queue, learned.confidence, learned.why) if queue and learned else None
