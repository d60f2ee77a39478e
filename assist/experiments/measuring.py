"""The shapes of what became of an arm, and what is read in the same way whatever is tried: who got it, failures, costs.

One value for each unit, with the time at which it was known. Everybody who was given an arm counts for it, whatever they got in the end
(a model that was away, an arm that was stopped since).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Q, Sum

from assist.models import Experiment, ExperimentAssignment
from helpdesk.core.models import ModelCall
from tickets.models import Rating

from .statistics import Sample

Metric = Experiment.Metric
SHARES = (Metric.ACCEPTANCE, Metric.ANSWERED, Metric.HANDED_OVER)
LOWER_IS_BETTER = (Metric.EDIT, Metric.RESOLUTION, Metric.HANDED_OVER)


@dataclass(frozen=True)
class Seen:
    """The value of one unit, and when it was known."""

    at: datetime
    value: float


Case = tuple[UUID, UUID, datetime, float]  # arm, unit, when it was known, its value
Values = dict[UUID, list[Seen]]  # by arm, in the order of time
Measure = Callable[[Experiment], Values]
Watch = Callable[[Experiment], dict[UUID, Sample]]


def means(rows: Iterable[Case]) -> Values:
    """One value a unit: what happens within one is not independent."""
    held: dict[tuple[UUID, UUID], list[Seen]] = defaultdict(list)
    for arm, unit, at, value in rows:
        held[arm, unit].append(Seen(at, value))
    return by_arm({key: Seen(max(one.at for one in seen), sum(one.value for one in seen) / len(seen)) for key, seen in held.items()})


def by_arm(found: dict[tuple[UUID, UUID], Seen]) -> Values:
    sorted_: Values = defaultdict(list)
    for (arm, _unit), seen in sorted(found.items(), key=lambda one: one[1].at):
        sorted_[arm].append(seen)
    return dict(sorted_)


def samples(experiment: Experiment, found: Values) -> dict[UUID, Sample]:
    share = experiment.metric in SHARES
    return {arm: Sample.of((one.value for one in seen), share=share) for arm, seen in found.items()}


def shares(rows: Iterable[tuple[UUID, bool]]) -> dict[UUID, Sample]:
    """Of so many cases of an arm, in how many it was so."""
    found: dict[UUID, list[float]] = defaultdict(list)
    for arm, so in rows:
        found[arm].append(float(so))
    return {arm: Sample.of(seen, share=True) for arm, seen in found.items()}


def low(rows: Iterable[Case]) -> dict[UUID, Sample]:
    """Of the ratings: how many were bad or very bad."""
    return shares((arm, score <= Rating.LOW) for arm, _unit, _at, score in rows)


def exposures(experiment: Experiment) -> dict[UUID, int]:
    """How many units each arm was given to. One statement."""
    return dict(ExperimentAssignment.objects.filter(experiment=experiment).order_by().values_list("arm").annotate(n=Count("pk")))


def errors(experiment: Experiment) -> dict[UUID, Sample]:
    """Of an arm's questions to a model: how many failed."""
    asked = ModelCall.objects.filter(experiment_ref=experiment.pk, arm_ref__isnull=False).exclude(outcome=ModelCall.Outcome.RUNNING)
    rows = asked.order_by().values_list("arm_ref").annotate(n=Count("pk"), bad=Count("pk", filter=Q(outcome__in=("failed", "invalid"))))
    return {arm: Sample.of_share(bad, n) for arm, n, bad in rows}


def ungrounded(experiment: Experiment) -> dict[UUID, Sample]:
    """Of a model's answers: how many held nothing that could stand."""
    rows = experiment.assignments.order_by().values_list("arm").annotate(n=Sum("answers"), bad=Sum("ungrounded"))
    return {arm: Sample.of_share(bad, n) for arm, n, bad in rows if n}


def costs(experiment: Experiment) -> dict[UUID, Sample]:
    """US dollars a unit; one that no model was asked for cost nothing."""
    of = "customer_ref" if experiment.unit == Experiment.Unit.CUSTOMER else "about"
    rows = ModelCall.objects.filter(experiment_ref=experiment.pk, arm_ref__isnull=False).order_by().values_list("arm_ref", of)
    spent: dict[UUID, list[float]] = defaultdict(list)
    for arm, _of, cost in rows.annotate(sum=Sum("cost")):
        spent[arm].append(float(cost))
    given = exposures(experiment)
    return {arm: Sample.of([*spent[arm], *[0.0] * (n - len(spent[arm]))]) for arm, n in given.items()}
