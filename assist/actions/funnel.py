"""What became of suggested actions: shown → approved → undone, and dismissed, by kind. Counted from the events; nobody is asked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Count
from django.utils import timezone

from helpdesk.core.models import Event

from .kinds import KINDS

EVENTS = {"action.shown": "shown", "action.approved": "approved", "action.dismissed": "dismissed", "action.undone": "undone"}


@dataclass
class Line:
    label: str
    shown: int = 0
    approved: int = 0
    dismissed: int = 0
    undone: int = 0

    @property
    def share(self) -> float | None:
        """Of those shown, what was approved."""
        return self.approved / self.shown if self.shown else None

    @property
    def regretted(self) -> float | None:
        return self.undone / self.approved if self.approved else None


def by_kind(days: int) -> list[Line]:
    """The most shown first. One query."""
    events = Event.objects.filter(kind__in=EVENTS, occurred_at__gte=timezone.now() - timedelta(days=days)).order_by()
    lines: dict[str, Line] = {}
    for event, action, number in events.values_list("kind", "data__action").annotate(Count("pk")):
        if action in KINDS:
            line = lines.setdefault(action, Line(str(KINDS[action].label)))
            setattr(line, EVENTS[event], number)
    return sorted(lines.values(), key=lambda one: (-one.shown, one.label))
