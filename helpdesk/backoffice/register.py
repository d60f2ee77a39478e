"""The frame of lists that only grow (audit, AI ledger): newest first, each page at the same cost, and as a spreadsheet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from helpdesk.core import spreadsheets
from helpdesk.core.audit import note
from helpdesk.core.models import AuditEntry
from helpdesk.core.requests import row_number

PAGE = 50
M = TypeVar("M", bound=Model)


@dataclass(frozen=True)
class Page(Generic[M]):
    """`query`: the filters, as an address names them. `older`: the place behind the last line, "" at the end. `later`: newer ones exist."""

    rows: list[M]
    query: str
    older: str
    later: bool


def page(request: HttpRequest, found: QuerySet[M], moment: str = "") -> Page[M]:
    """The lines behind `?before=`: by the instant in the column `moment` and then by number, or by number alone."""
    found, later = _behind(request.GET.get("before", ""), found, moment)
    rows = list(found.order_by(*([f"-{moment}"] if moment else []), "-pk")[: PAGE + 1])
    query = request.GET.copy()
    query.pop("before", None)
    older = _place(rows[PAGE - 1], moment) if len(rows) > PAGE else ""
    return Page(rows[:PAGE], query.urlencode(), older, later)


def take_out(name: str, head: list[str], rows: Iterable[list[Any]], *, table: str, label: str) -> HttpResponse:
    """The lines as a spreadsheet; that somebody took them out, and how many, is written down."""
    taken = 0

    def each() -> Iterator[list[Any]]:
        nonlocal taken
        for row in rows:
            taken += 1
            yield row

    answer = spreadsheets.download(name, head, each())
    note(AuditEntry.Act.EXPORTED, table, label=label, after={"rows": taken})
    return answer


def _place(row: Any, moment: str) -> str:
    return f"{getattr(row, moment).isoformat()}_{row.pk}" if moment else str(row.pk)


def _behind(place: str, found: QuerySet[M], moment: str) -> tuple[QuerySet[M], bool]:
    """What stands behind a place, and whether it is one; nonsense is none."""
    instant, _sep, pk = place.rpartition("_")
    number = row_number(pk)
    if number is None:
        return found, False
    if not moment:
        return found.filter(pk__lt=number), True
    try:
        at = parse_datetime(instant)
    except ValueError:
        at = None
    if at is None or timezone.is_naive(at):
        return found, False
    return found.filter(**{f"{moment}__lte": at}).filter(Q(**{f"{moment}__lt": at}) | Q(pk__lt=number)), True
