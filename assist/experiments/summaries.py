"""What became of the tickets that somebody had summed up: how they ended. Nobody says of a summary itself whether it was any good."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.db.models import F, OuterRef, Subquery

from assist.models import Experiment, ExperimentAssignment
from tickets.models import Rating, Ticket

from .measuring import Case, Values, low, means
from .statistics import Sample


def satisfaction(experiment: Experiment) -> Values:
    return means(_ratings(experiment))


def resolution(experiment: Experiment) -> Values:
    """Hours from the first summary to the solution: what was before it, it could not change."""
    rows = _after(experiment, Ticket.objects.filter(pk=OuterRef("unit")).values("resolved_at"))
    return means((arm, ticket, at, (at - since).total_seconds() / 3600) for arm, ticket, at, since in rows)


def low_ratings(experiment: Experiment) -> dict[UUID, Sample]:
    return low(_ratings(experiment))


def _ratings(experiment: Experiment) -> Iterator[Case]:
    rating = Rating.objects.filter(ticket=OuterRef("unit"))
    for arm, ticket, at, _since, score in _after(experiment, rating.values("created_at"), score=Subquery(rating.values("score"))):
        yield arm, ticket, at, float(score)


def _after(experiment: Experiment, at: Any, **more: Any) -> Any:
    """(arm, ticket, at, since, ...) of each ticket for which `at` came after its first summary. One statement."""
    rows = ExperimentAssignment.objects.filter(experiment=experiment).annotate(at=Subquery(at), **more)
    return rows.filter(at__gte=F("created_at")).values_list("arm", "unit", "at", "created_at", *more).iterator()
