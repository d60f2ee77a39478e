"""What the engine gave and what came of it: drafts, suggestions, first guesses, answers that saved a ticket, and what models cost."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Avg, Case, CharField, Count, FloatField, Q, QuerySet, Sum, Value, When
from django.db.models.functions import Cast, Concat, TruncDate

from assist.models import Draft, Prediction, Suggestion
from helpdesk.core.models import ModelCall
from knowledge.models import SearchLog
from tickets.models import Ticket

from .scope import Scope, zone

WRITTEN = 0.02  # edit distance up to which a draft went out as written: a greeting's comma


@dataclass(frozen=True)
class Drafts:
    shown: int = 0
    as_written: int = 0
    edited: int = 0
    dismissed: int = 0

    @property
    def used(self) -> int:
        return self.as_written + self.edited

    @property
    def ignored(self) -> int:
        return self.shown - self.used - self.dismissed


@dataclass(frozen=True)
class Kind:
    """One kind of suggestion."""

    kind: str
    shown: int
    used: int
    helpful: int
    not_helpful: int
    irrelevant: int

    @property
    def rated(self) -> int:
        return self.helpful + self.not_helpful + self.irrelevant

    @property
    def label(self) -> str:
        return str(dict(Suggestion.Type.choices).get(self.kind, self.kind))


def _of(scope: Scope, rows: QuerySet[Any], ticket: str = "ticket__") -> QuerySet[Any]:
    within = rows.filter(created_at__gte=scope.starts, created_at__lt=scope.ends)
    if scope.queue:
        within = within.filter(**{f"{ticket}queue": scope.queue})
    return within.filter(**{f"{ticket}channel": scope.channel}) if scope.channel else within


USED = Q(state=Draft.State.USED)
AS_WRITTEN = USED & Q(edit_distance__lte=WRITTEN)
EDITED = USED & (Q(edit_distance__gt=WRITTEN) | Q(edit_distance=None))
DISMISSED = Q(state=Draft.State.DISMISSED)
IGNORED = ~Q(state__in=(Draft.State.USED, Draft.State.DISMISSED))
CLICKED = Q(agent_clicked=True)
_COUNTED = {
    "shown": Count("pk"),
    "as_written": Count("pk", filter=AS_WRITTEN),
    "edited": Count("pk", filter=EDITED),
    "dismissed": Count("pk", filter=DISMISSED),
}


def drafts(scope: Scope) -> tuple[Drafts, dict[date, float]]:
    """Of the whole, and the share used by day. Two statements."""
    rows = _of(scope, Draft.objects.order_by())
    whole = rows.aggregate(**_COUNTED)
    days = rows.values(day=TruncDate("created_at", tzinfo=zone())).annotate(shown=Count("pk"), used=Count("pk", filter=USED))
    return Drafts(**whole), {row["day"]: row["used"] / row["shown"] for row in days}


def suggestions(scope: Scope) -> list[Kind]:
    """By kind, most shown first; `used` is clicked. Those of calls count where no team or channel narrows."""
    given = _of(scope, Suggestion.objects.filter(shown_to_agent=True).order_by())
    rows = given.values("suggestion_type").annotate(
        shown=Count("pk"),
        used=Count("pk", filter=CLICKED),
        **{said.value: Count("pk", filter=Q(agent_feedback=said)) for said in Suggestion.Feedback},
    )
    found = [Kind(row.pop("suggestion_type"), **row) for row in rows]
    return sorted(found, key=lambda one: -one.shown)


def feedback(kinds: list[Kind]) -> dict[str, int]:
    """How many suggestions were judged, and how many of those were helpful, not helpful, irrelevant."""
    return {name: sum(getattr(kind, name) for kind in kinds) for name in ("rated", *Suggestion.Feedback.values)}


def accuracy(scope: Scope) -> tuple[int, float | None]:
    """Of the first guesses at a category that were settled in these days: how many, and what share was right."""
    settled = Prediction.objects.filter(field="category", settled_at__gte=scope.starts, settled_at__lt=scope.ends, settled_at__isnull=False)
    if scope.queue:
        settled = settled.filter(ticket__queue=scope.queue)
    if scope.channel:
        settled = settled.filter(ticket__channel=scope.channel)
    right = Avg(Case(When(correct=True, then=Value(1.0)), default=Value(0.0), output_field=FloatField()))
    found = settled.aggregate(n=Count("pk"), right=right)
    return found["n"], found["right"]


def deflection(scope: Scope) -> tuple[int, int]:
    """Customers' searches, and those after which no request was sent although one had been begun."""
    asked = SearchLog.objects.filter(created_at__gte=scope.starts, created_at__lt=scope.ends).exclude(place=SearchLog.Place.CONSOLE)
    found = asked.aggregate(n=Count("pk"), saved=Count("pk", filter=Q(deflected=True)))
    return found["n"], found["saved"]


@dataclass(frozen=True)
class Spend:
    total: Decimal
    calls: int
    failed: int
    by_task: dict[str, Decimal]
    by_day: dict[date, Decimal]


def asked(scope: Scope) -> QuerySet[ModelCall]:
    """Questions to models. With a team or channel: those about its tickets."""
    calls = ModelCall.objects.filter(created_at__gte=scope.starts, created_at__lt=scope.ends).order_by()
    if scope.queue or scope.channel:
        theirs = Ticket.objects.filter(**({"queue": scope.queue} if scope.queue else {}))
        theirs = theirs.filter(channel=scope.channel) if scope.channel else theirs
        calls = calls.filter(about__in=theirs.values(named=Concat(Value("ticket:"), Cast("pk", CharField()))))
    return calls


def spend(scope: Scope) -> Spend:
    """What models cost, in US dollars. One statement. With a team or channel: what was asked about its tickets."""
    by_task: dict[str, Decimal] = {}
    by_day: dict[date, Decimal] = {}
    rows = (
        asked(scope)
        .values("task", day=TruncDate("created_at", tzinfo=zone()))
        .annotate(cost=Sum("cost"), n=Count("pk"), failed=Count("pk", filter=Q(outcome__in=("failed", "invalid"))))
    )
    number = failed = 0
    for row in rows:
        by_task[row["task"]] = by_task.get(row["task"], Decimal(0)) + row["cost"]
        by_day[row["day"]] = by_day.get(row["day"], Decimal(0)) + row["cost"]
        number, failed = number + row["n"], failed + row["failed"]
    return Spend(sum(by_day.values(), Decimal(0)), number, failed, dict(sorted(by_task.items(), key=lambda one: -one[1])), by_day)
