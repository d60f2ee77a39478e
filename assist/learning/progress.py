"""How well the engine does on the company's own work: figures over predictions that people have settled."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Avg, Case, Count, F, FloatField, Max, Q, QuerySet, Value, When
from django.db.models.functions import Floor, Least, TruncWeek
from django.utils import timezone

from assist.evaluation.charts import Bucket
from assist.models import LabelledExample, LearnedModel, Prediction
from knowledge.models import Category
from tickets.models import Queue, Ticket

PERIODS = (30, 90, 365)  # days
MOST_LABELS = 14  # rows and columns of the matrix; more are for the export
LATEST = 15
BUCKETS = 10
RIGHT = Avg(Case(When(correct=True, then=Value(1.0)), default=Value(0.0), output_field=FloatField()))


@dataclass(frozen=True)
class Week:
    at: datetime
    n: int
    accuracy: float
    examples: int  # how many the engine had learned from by then


@dataclass(frozen=True)
class LabelFigures:
    label: str
    name: str
    n: int
    precision: float | None
    recall: float | None
    f1: float | None


@dataclass(frozen=True)
class Cell:
    actual: str
    label: str
    n: int
    share: float  # of the row

    @property
    def right(self) -> bool:
        return self.actual == self.label


@dataclass(frozen=True)
class Band:
    band: str
    n: int
    accuracy: float


@dataclass(frozen=True)
class Progress:
    n: int
    accuracy: float | None
    weeks: list[Week]
    labels: list[LabelFigures]
    rows: list[tuple[str, list[Cell]]]  # (name of what it was, a cell for each guess)
    columns: list[str]
    buckets: list[Bucket]
    bands: list[Band]
    shadow: Band | None  # what it would have done in shadow mode
    model: LearnedModel | None
    waiting: int  # examples since the last fit
    latest: list[LabelledExample]


def of(field: str, *, days: int) -> Progress:
    """Everything that the page shows of one field. A constant number of statements."""
    settled = Prediction.objects.filter(field=field, settled_at__isnull=False, created_at__gte=timezone.now() - timedelta(days=days))
    pairs = {(actual, label): n for actual, label, n in settled.values_list("actual", "label").annotate(n=Count("pk")).order_by()}
    total, right = sum(pairs.values()), sum(n for (actual, label), n in pairs.items() if actual == label)
    names = _names(field)
    shown = _most(pairs)
    model = LearnedModel.objects.filter(field=field).defer("parts").order_by("-id").first()
    return Progress(
        n=total,
        accuracy=right / total if total else None,
        weeks=_weeks(settled),
        labels=[_figures(label, names, pairs) for label in sorted({one for pair in pairs for one in pair})],
        rows=[(names.get(actual, actual), [_cell(actual, label, pairs) for label in shown]) for actual in shown],
        columns=[names.get(label, label) for label in shown],
        buckets=_buckets(settled),
        bands=_bands(settled),
        shadow=_shadow(settled),
        model=model,
        waiting=_waiting(field, model),
        latest=list(LabelledExample.objects.filter(field=field, by__isnull=False).select_related("ticket", "by")[:LATEST]),
    )


def tickets_of(field: str, *, actual: str, label: str, viewer: Any) -> QuerySet[Ticket]:
    """The tickets behind one cell, as far as the viewer may see them, newest first."""
    behind = Prediction.objects.filter(field=field, actual=actual, label=label, settled_at__isnull=False).values("ticket")
    return Ticket.objects.visible_to(viewer).filter(pk__in=behind).order_by("-created_at")


def right_above(field: str, confidence: float) -> tuple[int, float | None]:
    """(how many, share right) of all settled guesses with at least this confidence: what a threshold would have meant."""
    found = Prediction.objects.filter(field=field, settled_at__isnull=False, confidence__gte=confidence).aggregate(
        n=Count("pk"), right=RIGHT
    )
    return found["n"], found["right"]


def _weeks(settled: QuerySet[Prediction]) -> list[Week]:
    rows = settled.annotate(week=TruncWeek("created_at")).values("week").order_by("week")
    weeks = rows.annotate(n=Count("pk"), right=RIGHT, known=Max("examples"))
    return [Week(row["week"], row["n"], row["right"], row["known"]) for row in weeks]


def _figures(label: str, names: dict[str, str], pairs: dict[tuple[str, str], int]) -> LabelFigures:
    right = pairs.get((label, label), 0)
    asked = sum(n for (actual, _guess), n in pairs.items() if actual == label)
    said = sum(n for (_actual, guess), n in pairs.items() if guess == label)
    precision, recall = right / said if said else None, right / asked if asked else None
    f1 = 2 * precision * recall / (precision + recall) if precision and recall else (0.0 if asked and said else None)
    return LabelFigures(label, names.get(label, label), asked, precision, recall, f1)


def _most(pairs: dict[tuple[str, str], int]) -> list[str]:
    counts: dict[str, int] = {}
    for (actual, label), n in pairs.items():
        counts[actual] = counts.get(actual, 0) + n
        counts.setdefault(label, 0)
    return sorted(sorted(counts, key=lambda label: -counts[label])[:MOST_LABELS])


def _cell(actual: str, label: str, pairs: dict[tuple[str, str], int]) -> Cell:
    n = pairs.get((actual, label), 0)
    row = sum(many for (one, _guess), many in pairs.items() if one == actual)
    return Cell(actual, label, n, n / row if row else 0.0)


def _buckets(settled: QuerySet[Prediction]) -> list[Bucket]:
    tenth = Least(Floor(F("confidence") * BUCKETS), Value(float(BUCKETS - 1)))
    rows = settled.annotate(tenth=tenth).values("tenth").annotate(n=Count("pk"), right=RIGHT, sure=Avg("confidence")).order_by("tenth")
    return [Bucket(row["sure"], row["right"], row["n"]) for row in rows]


def _bands(settled: QuerySet[Prediction]) -> list[Band]:
    rows = settled.values("band").annotate(n=Count("pk"), right=RIGHT).order_by("band")
    return [Band(str(Prediction.Band(row["band"]).label), row["n"], row["right"]) for row in rows]


def _shadow(settled: QuerySet[Prediction]) -> Band | None:
    found = settled.filter(shadow=True, band=Prediction.Band.ACT).aggregate(n=Count("pk"), right=RIGHT)
    return Band("shadow", found["n"], found["right"]) if found["n"] else None


def _waiting(field: str, model: LearnedModel | None) -> int:
    since = Q(created_at__gt=model.newest_example) if model and model.newest_example else Q()
    return LabelledExample.objects.filter(since, field=field, undone_at=None).count()


def _names(field: str) -> dict[str, str]:
    if field == "category":
        return dict(Category.objects.values_list("slug", "name"))
    if field == "queue":
        return dict(Queue.objects.values_list("slug", "name"))
    if field == "priority":
        return {value: str(label) for value, label in Ticket.Priority.choices}
    return {str(pk): name for pk, name in LabelledExample.objects.filter(field=field).values_list("label", "said").distinct()}
