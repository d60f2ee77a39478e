"""What was learned, where a ticket is being read: the newest classifier of a field, and the nearest tickets that people labelled.

The database is asked for every ticket, so a correction counts from the next one on and a new classifier (`refreshing`) is taken up at
once, in every process.
"""

from __future__ import annotations

import logging
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db import connection

from assist.models import LearnedModel
from assist.triage.learned import Vectors
from helpdesk.core.embeddings import get_embedder
from knowledge.nearest import approximately, as_halfvec

from .classifier import Neighbour, Taught

log = logging.getLogger(__name__)

NEAREST = 24  # labelled tickets
FIELDS = ("category", "priority")  # that have a classifier, in the order of the statement below
KEPT = 4  # classifiers in this process

_NEAREST = """
    with near as materialized (
        select object_id, 1 - (vector <=> %s::halfvec(384)) as closeness from core_embedding
        where object_kind = 'ticket' and model = %s
          and exists (select 1 from assist_labelledexample one where one.ticket_id = object_id and one.undone_at is null)
        order by vector <=> %s::halfvec(384) limit {nearest})
    select example.field, example.label, example.said, example.weight, near.closeness, example.created_at, example.by_id is not null,
           example.ticket_id
    from near join assist_labelledexample example on example.ticket_id = near.object_id and example.undone_at is null
    where example.ticket_id is distinct from %s
    order by near.closeness desc
"""


# One statement for the usual case: nothing was learned yet.
_WHAT_THERE_IS = """
    select exists (select 1 from assist_labelledexample where undone_at is null),
           (select max(id) from assist_learnedmodel where field = 'category' and engine = %s),
           (select max(id) from assist_learnedmodel where field = 'priority' and engine = %s)
"""


class Labelled(NamedTuple):
    """One labelled ticket near to what is being read."""

    field: str
    label: str
    said: str
    weight: float
    closeness: float
    at: datetime
    by_person: bool
    ticket_id: UUID

    def shown(self) -> dict[str, object]:
        """What the page of a run shows of it: not which ticket it was."""
        return {"field": self.field, "label": self.label, "closeness": round(self.closeness, 3), "weight": self.weight}

    @property
    def neighbour(self) -> Neighbour:
        return Neighbour(self.closeness, self.label, self.weight)


@dataclass(frozen=True)
class Company:
    """The newest classifier of one field, with what it was made of."""

    taught: Taught
    examples: int
    newest_example: datetime | None
    calibration: tuple[tuple[float, float], ...]

    def sure(self, confidence: float) -> float:
        """How often a guess with this confidence is right, as measured on held-out tickets: straight lines between points."""
        return along(self.calibration, confidence) if self.calibration else confidence


@dataclass(frozen=True)
class Learned:
    """All that people's decisions say about one ticket."""

    near: tuple[Labelled, ...] = ()  # labelled tickets near to it, the nearest first, every field of each
    companies: Mapping[str, Company] = field(default_factory=dict)  # by field

    def shown(self) -> list[dict[str, object]]:
        return [one.shown() for one in self.near]

    def labelled(self, field: str) -> list[Labelled]:
        return [one for one in self.near if one.field == field]


NOTHING: Learned = Learned()
_here: dict[int, Company | None] = {}  # by the model's number: what was read of the database once stays


def recall(vector: Vectors, *, besides: UUID | None = None) -> Learned:
    """What was learned that concerns a ticket with this vector. One statement when nothing was, two otherwise."""
    engine = get_embedder().name
    with connection.cursor() as cursor:
        cursor.execute(_WHAT_THERE_IS, [engine, engine])
        examples, *models = cursor.fetchone()
    companies = {name: found for name, pk in zip(FIELDS, models, strict=True) if pk and (found := _company(pk))}
    return Learned(tuple(near(vector, besides=besides)) if examples else (), companies)


def near(vector: Vectors, *, besides: UUID | None = None) -> list[Labelled]:
    """Labelled tickets near to this vector, the nearest first, every field of each."""
    asked = as_halfvec(vector)
    return [Labelled(*row) for row in approximately(_NEAREST.format(nearest=NEAREST), [asked, get_embedder().name, asked, besides])]


def along(points: Sequence[tuple[float, float]], at: float) -> float:
    """The value at `at` on straight lines between rising points; beyond the ends, the ends."""
    if at <= points[0][0]:
        return points[0][1]
    upper = bisect_right([x for x, _y in points], at)
    if upper == len(points):
        return points[-1][1]
    (low, at_low), (high, at_high) = points[upper - 1], points[upper]
    return round(at_low + (at_high - at_low) * (at - low) / (high - low), 3)


def forget_here() -> None:
    """Classifiers are kept by number, and a scratch store counts anew: whoever opens or leaves one says so."""
    _here.clear()


def _company(pk: int) -> Company | None:
    if pk not in _here:
        loaded = _loaded(pk)
        while len(_here) >= KEPT:
            _here.pop(next(iter(_here)))
        _here[pk] = loaded
    return _here[pk]


def _loaded(pk: int) -> Company | None:
    row = LearnedModel.objects.get(pk=pk)
    try:
        taught = Taught.from_bytes(bytes(row.parts))
    except (ValueError, KeyError, OSError) as error:  # of another version of ours: the next fit replaces it
        log.warning("learned_model_unusable", extra={"model": pk, "error": repr(error)})
        return None
    return Company(taught, row.examples, row.newest_example, tuple((float(x), float(y)) for x, y in row.calibration))
