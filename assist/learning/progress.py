"""How well the engine does on the company's own work: figures over predictions that are settled, by an agent's word or by the ticket's end.

The two are told apart: a ticket that was solved untouched may have been right, or nobody looked.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Avg, Case, Count, F, FloatField, Max, Q, QuerySet, Value, When
from django.db.models.functions import Floor, Least, TruncWeek
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from assist.evaluation.charts import Bucket
from assist.models import LabelledExample, LearnedModel, Learnt, Prediction
from helpdesk.core.models import User
from knowledge.models import Article, Category
from tickets.models import Queue, Ticket

from .predictions import NONE

MEASURED = (*Learnt.choices, (Prediction.ESCALATION, gettext_lazy("Escalation")), (Prediction.ARTICLE, gettext_lazy("Article")))
PERIODS = (30, 90, 365)  # days
MOST_LABELS = 14  # rows and columns of the matrix; more are for the export
LATEST = 15
BUCKETS = 10
RIGHT = Avg(Case(When(correct=True, then=Value(1.0)), default=Value(0.0), output_field=FloatField()))

_SAID = Prediction.Outcome
_COUNTED = {
    "confirmed": Count("pk", filter=Q(outcome=_SAID.CONFIRMED)),
    "corrected": Count("pk", filter=Q(outcome=_SAID.CORRECTED)),
    "untouched": Count("pk", filter=Q(outcome=_SAID.UNTOUCHED)),
    "untouched_same": Count("pk", filter=Q(outcome=_SAID.UNTOUCHED, correct=True)),
}


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
class Outcomes:
    """What became of settled guesses."""

    confirmed: int = 0
    corrected: int = 0
    untouched: int = 0  # solved, and nobody decided
    untouched_same: int = 0  # of them: the ticket was solved with what had been guessed

    @property
    def n(self) -> int:
        return self.decided + self.untouched

    @property
    def decided(self) -> int:
        return self.confirmed + self.corrected

    @property
    def accuracy(self) -> float | None:
        """Share right, if what nobody touched was right where it stayed as guessed."""
        return (self.confirmed + self.untouched_same) / self.n if self.n else None

    @property
    def of_decided(self) -> float | None:
        """Share right by agents' own word. They speak up against a wrong guess sooner than for a right one: a lower bound."""
        return self.confirmed / self.decided if self.decided else None


@dataclass(frozen=True)
class Band:
    band: str
    outcomes: Outcomes


@dataclass(frozen=True)
class Progress:
    outcomes: Outcomes
    weeks: list[Week]
    labels: list[LabelFigures]
    rows: list[tuple[str, list[Cell]]]  # (name of what it was, a cell for each guess)
    columns: list[str]
    buckets: list[Bucket]
    bands: list[Band]
    shadow: Outcomes  # what it would have done in shadow mode
    model: LearnedModel | None
    waiting: int  # examples since the last fit
    latest: list[LabelledExample]


def of(field: str, *, days: int) -> Progress:
    """Everything that the page shows of one field. A constant number of statements."""
    settled = Prediction.objects.filter(field=field, settled_at__isnull=False, created_at__gte=timezone.now() - timedelta(days=days))
    pairs = {(actual, label): n for actual, label, n in settled.values_list("actual", "label").annotate(n=Count("pk")).order_by()}
    names = _names(field, {one for pair in pairs for one in pair})
    shown = _most(pairs)
    model = LearnedModel.objects.filter(field=field).defer("parts").order_by("-id").first()
    return Progress(
        outcomes=_outcomes(settled),
        weeks=_weeks(settled),
        labels=[_figures(label, names, pairs) for label in sorted({one for pair in pairs for one in pair})],
        rows=[(names.get(actual, actual), [_cell(actual, label, pairs) for label in shown]) for actual in shown],
        columns=[names.get(label, label) for label in shown],
        buckets=_buckets(settled),
        bands=_bands(settled),
        shadow=_outcomes(settled.filter(shadow=True, band=Prediction.Band.ACT)),
        model=model,
        waiting=_waiting(field, model),
        latest=list(LabelledExample.objects.filter(field=field, by__isnull=False).select_related("ticket", "by")[:LATEST]),
    )


def tickets_of(field: str, *, actual: str, label: str, viewer: Any) -> QuerySet[Ticket]:
    """The tickets behind one cell, as far as the viewer may see them, newest first."""
    behind = Prediction.objects.filter(field=field, actual=actual, label=label, settled_at__isnull=False).values("ticket")
    return Ticket.objects.visible_to(viewer).filter(pk__in=behind).order_by("-created_at")


def above(field: str, confidence: float = 0.0) -> Outcomes:
    """Of all settled guesses with at least this confidence: what a bar would have meant."""
    return _outcomes(Prediction.objects.filter(field=field, settled_at__isnull=False, confidence__gte=confidence))


def _outcomes(settled: QuerySet[Prediction]) -> Outcomes:
    return Outcomes(**settled.aggregate(**_COUNTED))


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
    rows = settled.values_list("band").annotate(**_COUNTED).order_by("band")
    return [Band(str(Prediction.Band(band).label), Outcomes(*counts)) for band, *counts in rows]


def _waiting(field: str, model: LearnedModel | None) -> int:
    since = Q(created_at__gt=model.newest_example) if model and model.newest_example else Q()
    return LabelledExample.objects.filter(since, field=field, undone_at=None).count()


def _names(field: str, labels: set[str]) -> dict[str, str]:
    """How these labels are read on screen. One statement."""
    if field == "category":
        return dict(Category.objects.values_list("slug", "name"))
    if field == "queue":
        return dict(Queue.objects.values_list("slug", "name"))
    if field == "priority":
        return {value: str(label) for value, label in Ticket.Priority.choices}
    if field == Prediction.ARTICLE:
        return {**dict(Article.objects.filter(slug__in=labels).values_list("slug", "title")), NONE: _("None of them")}
    if field == Prediction.ESCALATION:
        return {**{label: label.replace("_", " ") for label in labels}, NONE: _("Not needed")}
    return {str(pk): name for pk, name in User.objects.filter(pk__in=labels).values_list("pk", "name")}
