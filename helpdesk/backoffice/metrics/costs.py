"""What language models cost, in US dollars: by day, task, model, team and ticket; and where the month will end at this pace."""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Count, F, OuterRef, QuerySet, Subquery, Sum, UUIDField
from django.db.models.functions import Cast, Substr, TruncDate
from django.utils import timezone

from assist.models import ChatSession
from helpdesk.core.llm import ledger
from helpdesk.core.models import ModelCall
from tickets.models import Ticket

from .assistance import asked
from .giving import FAILED, ID
from .scope import Scope, zone

MOST_TICKETS = 25
PACE_DAYS = 14  # whole days, whose mean is what a coming day is thought to cost
_COUNTED: dict[str, Any] = {
    "calls": Count("pk"),
    "failed": Count("pk", filter=FAILED),
    "tokens_in": Sum("tokens_in", default=0),
    "tokens_out": Sum("tokens_out", default=0),
    "cost": Sum("cost", default=Decimal(0)),
}


@dataclass(frozen=True)
class Spent:
    """One line of a table. `what`: a task, a model, a day, a team's name or a ticket."""

    what: Any = ""
    calls: int = 0
    failed: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    cost: Decimal = Decimal(0)


def whole(scope: Scope) -> Spent:
    return Spent("", **asked(scope).aggregate(**_COUNTED))


def by(column: str, scope: Scope) -> list[Spent]:
    """By `task` or `model`, the dearest first. One statement."""
    rows: Any = asked(scope).values(what=F(column)).annotate(**_COUNTED)
    return _sorted([Spent(**row) for row in rows])


def by_day(scope: Scope) -> list[Spent]:
    """Every day of the scope, also those that cost nothing."""
    rows: Any = asked(scope).values(what=TruncDate("created_at", tzinfo=zone())).annotate(**_COUNTED)
    found = {one.what: one for one in (Spent(**row) for row in rows)}
    days = [scope.first + timedelta(days=n) for n in range(scope.days)]
    return [found.get(day, Spent(day)) for day in days]


def by_queue(scope: Scope, named: str = "name") -> list[Spent]:
    """By the team (its `name` or `slug`) that has the ticket or the chat's ticket now; what is about neither apart. Three statements."""
    calls = asked(scope)
    ticket = Ticket.objects.filter(pk=Cast(Substr(OuterRef("about"), 8), UUIDField()))
    chat = ChatSession.objects.filter(pk=Cast(Substr(OuterRef("about"), 6), UUIDField()))
    of_tickets = calls.filter(about__regex=f"^ticket:{ID}").annotate(team=Subquery(ticket.values(f"queue__{named}")[:1]))
    of_chats = calls.filter(about__regex=f"^chat:{ID}").annotate(team=Subquery(chat.values(f"ticket__queue__{named}")[:1]))
    rest = calls.exclude(about__regex=f"^(ticket|chat):{ID}")
    found: dict[str, Spent] = {}
    for rows in (of_tickets, of_chats):
        counted: Any = rows.values("team").annotate(**_COUNTED)
        for row in counted:
            _add(found, row["team"] or "", row)
    _add(found, "", rest.aggregate(**_COUNTED))
    return _sorted([one for one in found.values() if one.calls])


def tickets(scope: Scope) -> Any:
    """A row for each ticket, in no order: `what` is "ticket:" and its id, then the figures of `Spent`."""
    return asked(scope).filter(about__regex=f"^ticket:{ID}").values(what=F("about")).annotate(**_COUNTED)


def by_ticket(scope: Scope, viewer: Any) -> tuple[list[tuple[Ticket | None, Spent]], int, Decimal]:
    """The dearest tickets, how many there are, and the mean of one. Three statements."""
    calls = asked(scope).filter(about__regex=f"^ticket:{ID}")
    dearest = [Spent(**row) for row in tickets(scope).order_by("-cost", "what")[:MOST_TICKETS]]
    ids = {one.what: UUID(one.what.partition(":")[2]) for one in dearest}
    there = {one.pk: one for one in Ticket.objects.visible_to(viewer).filter(pk__in=ids.values()).only("id", "number", "subject")}
    told = calls.aggregate(n=Count("about", distinct=True), cost=Sum("cost", default=Decimal(0)))
    mean = told["cost"] / told["n"] if told["n"] else Decimal(0)
    return [(there.get(ids[one.what]), one) for one in dearest], told["n"], mean


# -- the month -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Month:
    spent: Decimal
    forecast: Decimal
    by_task: dict[str, Decimal]
    forecasts: dict[str, Decimal]


def month(now: datetime | None = None) -> Month:
    """This month by task so far, and its end at the pace of the last two weeks. Two statements."""
    now = now or timezone.now()
    today, begins = now.date(), ledger.this_month()
    spent = _sums(ModelCall.objects.filter(created_at__gte=begins))
    since = now.replace(hour=0, minute=0, second=0, microsecond=0)
    lately = ModelCall.objects.filter(created_at__gte=since - timedelta(days=PACE_DAYS), created_at__lt=since)
    first = lately.order_by("created_at").values_list("created_at", flat=True).first()
    days = max(1, min(PACE_DAYS, (today - first.date()).days)) if first else 1
    paces = {task: cost / days for task, cost in _sums(lately).items()}
    left = left_of_month(now)
    forecasts = {task: spent.get(task, Decimal(0)) + paces.get(task, Decimal(0)) * left for task in {*spent, *paces}}
    return Month(sum(spent.values(), Decimal(0)), sum(forecasts.values(), Decimal(0)), spent, forecasts)


def left_of_month(now: datetime) -> Decimal:
    """Days until its end, the rest of today with them."""
    length = calendar.monthrange(now.year, now.month)[1]
    gone = Decimal(now.day - 1) + Decimal(now.hour * 3600 + now.minute * 60 + now.second) / 86400
    return length - gone


def _sums(calls: QuerySet[ModelCall]) -> dict[str, Decimal]:
    return dict(calls.order_by().values_list("task").annotate(sum=Sum("cost", default=Decimal(0))))


def _add(found: dict[str, Spent], name: str, row: Mapping[str, Any]) -> None:
    before = found.get(name, Spent(name))
    found[name] = Spent(name, **{column: getattr(before, column) + row[column] for column in _COUNTED})


def _sorted(rows: list[Spent]) -> list[Spent]:
    return sorted(rows, key=lambda one: (-one.cost, -one.calls, str(one.what)))
