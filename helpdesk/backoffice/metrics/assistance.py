"""What the engine gave and what came of it: drafts, suggestions, first guesses, answers that saved a ticket, and what models cost."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Avg, Case, Count, Exists, FloatField, OuterRef, Q, QuerySet, Sum, UUIDField, Value, When
from django.db.models.functions import Cast, Substr, TruncDate

from assist.models import Draft, Prediction, Suggestion
from helpdesk.core.models import ModelCall
from knowledge.models import SearchLog
from tickets.models import Ticket

from .scope import Scope, zone

ID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"
WRITTEN = 0.02  # edit distance up to which a draft went out as written: a greeting's comma


@dataclass(frozen=True)
class Drafts:
    shown: int = 0
    as_written: int = 0
    edited: int = 0
    dismissed: int = 0
    by_day: dict[date, Drafts] = field(default_factory=dict)

    @property
    def used(self) -> int:
        return self.as_written + self.edited

    @property
    def ignored(self) -> int:
        return self.shown - self.used - self.dismissed

    @property
    def shares(self) -> dict[date, float]:
        """Of the drafts of each day, the share that was used."""
        return {day: one.used / one.shown for day, one in self.by_day.items()}

    def since(self, first: date) -> Drafts:
        return _added({day: one for day, one in self.by_day.items() if day >= first})


def _added(by_day: dict[date, Drafts]) -> Drafts:
    return Drafts(**{name: sum(getattr(one, name) for one in by_day.values()) for name in _COUNTED}, by_day=by_day)


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


def drafts(scope: Scope) -> Drafts:
    """One statement."""
    rows = _of(scope, Draft.objects.order_by()).values(day=TruncDate("created_at", tzinfo=zone())).annotate(**_COUNTED)
    return _added({row.pop("day"): Drafts(**row) for row in rows})


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
    rows: list[tuple[date, str, Decimal, int, int]]  # of each day and task: US dollars, questions, failed ones

    @property
    def total(self) -> Decimal:
        return sum((row[2] for row in self.rows), Decimal(0))

    @property
    def calls(self) -> int:
        return sum(row[3] for row in self.rows)

    @property
    def failed(self) -> int:
        return sum(row[4] for row in self.rows)

    @property
    def by_task(self) -> dict[str, Decimal]:
        """The dearest first."""
        return dict(sorted(self._by(1).items(), key=lambda one: -one[1]))

    @property
    def by_day(self) -> dict[date, Decimal]:
        return self._by(0)

    def since(self, first: date) -> Spend:
        return Spend([row for row in self.rows if row[0] >= first])

    def _by(self, column: int) -> dict[Any, Decimal]:
        found: dict[Any, Decimal] = {}
        for row in self.rows:
            found[row[column]] = found.get(row[column], Decimal(0)) + row[2]
        return found


def asked(scope: Scope) -> QuerySet[ModelCall]:
    """Questions to models. With a team or channel: those about its tickets."""
    calls = ModelCall.objects.filter(created_at__gte=scope.starts, created_at__lt=scope.ends).order_by()
    if not (scope.queue or scope.channel):
        return calls
    theirs = Ticket.objects.filter(**({"queue": scope.queue} if scope.queue else {}), pk=OuterRef("ticket_id"))
    theirs = theirs.filter(channel=scope.channel) if scope.channel else theirs
    # looked up call by call: the other way round every ticket there is would be named
    named = Case(When(about__regex=f"^ticket:{ID}", then=Cast(Substr("about", 8), UUIDField())), output_field=UUIDField())
    return calls.annotate(ticket_id=named).filter(Exists(theirs))


def spend(scope: Scope) -> Spend:
    """What models cost. One statement. With a team or channel: what was asked about its tickets."""
    failed = Count("pk", filter=Q(outcome__in=("failed", "invalid")))
    rows = asked(scope).values_list(TruncDate("created_at", tzinfo=zone()), "task").annotate(Sum("cost"), Count("pk"), failed=failed)
    return Spend(list(rows))
