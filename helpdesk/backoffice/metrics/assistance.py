"""What the engine gave and what came of it: drafts, suggestions, first guesses, answers that saved a ticket, and what models cost."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from assist.models import Suggestion
from helpdesk.core.models import ModelCall
from knowledge.models import SearchLog
from tickets.models import Ticket

from . import giving
from .giving import COLUMNS, TICKET
from .scope import Scope, start_of, zone

# Past days as they were counted, today as it is.
_GIVEN = f"""
    WITH rows AS (
        SELECT {COLUMNS} FROM helpdesk_daygiven WHERE day >= %s AND day <= %s AND day < %s
        UNION ALL SELECT * FROM ({{today}}) live WHERE %s
    )
    SELECT what, day, name, said, sum(n)::int, sum(good)::int, sum(cost) FROM rows
    WHERE (%s::uuid IS NULL OR queue_id = %s) AND (%s = '' OR channel = %s) GROUP BY what, day, name, said
"""  # noqa: S608 - constants


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


@dataclass(frozen=True)
class Given:
    """Rows of (what, day, name, said) with how many, how many of them good, and what they cost; `giving` says what each is."""

    rows: list[tuple[str, date, str, str, int, int, Decimal]]

    def since(self, first: date) -> Given:
        return Given([row for row in self.rows if row[1] >= first])

    @property
    def drafts(self) -> Drafts:
        by_day: dict[date, Counter[str]] = {}
        for _what, day, fate, _said, n, _good, _cost in self._of("draft"):
            by_day.setdefault(day, Counter())[fate] += n
        return replace(_drafts(sum(by_day.values(), Counter())), by_day={day: _drafts(fates) for day, fates in by_day.items()})

    @property
    def kinds(self) -> list[Kind]:
        """Of suggestions, the most shown first; `used` is clicked. Those of calls count where no team or channel narrows."""
        found: dict[str, Counter[str]] = {}
        for _what, _day, kind, said, n, clicked, _cost in self._of("suggestion"):
            found.setdefault(kind, Counter()).update({"shown": n, "used": clicked, said: n})
        names = ("shown", "used", *Suggestion.Feedback.values)
        kinds = [Kind(kind, **{name: numbers[name] for name in names}) for kind, numbers in found.items()]
        return sorted(kinds, key=lambda one: (-one.shown, one.kind))

    @property
    def feedback(self) -> dict[str, int]:
        """How many suggestions were judged, and how many of those were helpful, not helpful, irrelevant."""
        kinds = self.kinds
        return {name: sum(getattr(kind, name) for kind in kinds) for name in ("rated", *Suggestion.Feedback.values)}

    @property
    def accuracy(self) -> tuple[int, float | None]:
        """Of the first guesses at a category that were settled: how many, and what share was right."""
        n, right = (sum(row[column] for row in self._of("guess")) for column in (4, 5))
        return n, right / n if n else None

    @property
    def spend(self) -> Spend:
        """What models cost. With a team or channel: what was asked about its tickets."""
        return Spend([(day, task, cost, n, n - well) for _what, day, task, _said, n, well, cost in self._of("call")])

    def _of(self, what: str) -> list[Any]:
        return [row for row in self.rows if row[0] == what]


def _drafts(fates: Counter[str]) -> Drafts:
    return Drafts(fates.total(), fates["as_written"], fates["edited"], fates["dismissed"])


def given(scope: Scope) -> Given:
    """One statement."""
    today = timezone.localdate(timezone=zone())
    live, values = giving.statement(start_of(today), start_of(today + timedelta(days=1)))
    narrowed = (scope.queue_id, scope.queue_id, scope.channel, scope.channel)
    with connection.cursor() as cursor:
        cursor.execute(_GIVEN.format(today=live), (scope.first, scope.last, today, *values, scope.first <= today <= scope.last, *narrowed))
        return Given(cursor.fetchall())


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
    return calls.annotate(ticket_id=TICKET).filter(Exists(theirs))
