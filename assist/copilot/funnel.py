"""What became of drafts: shown → accepted → sent, as written or edited; by engine, category and week. Nobody is asked for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Avg, Count, F, Q
from django.db.models.functions import TruncWeek
from django.utils import timezone

from assist.models import Draft

PERIODS = (7, 30, 90)  # days
AS_WRITTEN = 0.02  # edit distance up to which nothing was changed: a blank, a line end
BY = {"engine": F("engine"), "category": F("ticket__category__name"), "week": TruncWeek("created_at")}

_SENT = Q(state=Draft.State.USED)
_COUNTS: dict[str, Any] = {
    "written": Count("pk"),
    "shown": Count("pk", filter=Q(shown_at__isnull=False) | Q(accepted_at__isnull=False) | _SENT),
    "accepted": Count("pk", filter=Q(accepted_at__isnull=False) | _SENT),
    "sent": Count("pk", filter=_SENT),
    "as_written": Count("pk", filter=_SENT & Q(edit_distance__lte=AS_WRITTEN)),
    "dismissed": Count("pk", filter=Q(state=Draft.State.DISMISSED)),
    "distance": Avg("edit_distance", filter=_SENT),
}


@dataclass(frozen=True)
class Stage:
    """One line: how far the drafts of one engine, category or week came."""

    what: Any  # an engine's word, a category's name (None: none), the Monday of a week
    written: int = 0
    shown: int = 0
    accepted: int = 0
    sent: int = 0
    as_written: int = 0
    dismissed: int = 0
    distance: float | None = None  # mean edit distance of what was sent: 0 as written, 1 nothing left

    @property
    def edited(self) -> int:
        return self.sent - self.as_written

    @property
    def acceptance(self) -> float | None:
        """Of those that an agent saw."""
        return self.accepted / self.shown if self.shown else None


def whole(days: int) -> Stage:
    """Everything of a period. One query."""
    return Stage("", **_of(days).aggregate(**_COUNTS))


def by(what: str, days: int) -> list[Stage]:
    """By one of `BY`: weeks the newest first, else the most shown first. One query."""
    rows = _of(days).annotate(what=BY[what]).values("what").annotate(**_COUNTS)
    stages = [Stage(**row) for row in rows]
    return sorted(stages, key=lambda one: one.what if what == "week" else one.shown, reverse=True)


def _of(days: int) -> Any:
    return Draft.objects.filter(created_at__gte=timezone.now() - timedelta(days=days)).order_by()
