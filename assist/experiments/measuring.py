"""What became of each arm, from what people did: one value for each unit, with the time at which it was known.

Everybody who was given an arm counts for it, whatever they got in the end (a model that was away, an arm that was stopped since).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, F, Max, Q, Sum

from assist.models import Draft, Experiment, ExperimentAssignment
from helpdesk.core.models import ModelCall
from tickets.models import Rating

from .statistics import Sample

Metric = Experiment.Metric
SHARES = (Metric.ACCEPTANCE,)
LOWER_IS_BETTER = (Metric.EDIT, Metric.RESOLUTION)


@dataclass(frozen=True)
class Seen:
    """The value of one unit, and when it was known."""

    at: datetime
    value: float


Values = dict[UUID, list[Seen]]  # by arm, in the order of time


def values(experiment: Experiment) -> Values:
    """Of the target metric. One statement."""
    return _METRICS[Metric(experiment.metric)](experiment)


def samples(experiment: Experiment, found: Values) -> dict[UUID, Sample]:
    share = experiment.metric in SHARES
    return {arm: Sample.of((one.value for one in seen), share=share) for arm, seen in found.items()}


def exposures(experiment: Experiment) -> dict[UUID, int]:
    """How many units each arm was given to. One statement."""
    return dict(ExperimentAssignment.objects.filter(experiment=experiment).order_by().values_list("arm").annotate(n=Count("pk")))


def _drafts(experiment: Experiment) -> Any:
    unit = F("ticket_id") if experiment.unit == Experiment.Unit.TICKET else F("ticket__customer_id")
    return Draft.objects.filter(arm__experiment=experiment).annotate(of=unit).order_by("created_at", "pk")


def _shown(experiment: Experiment) -> Any:
    return _drafts(experiment).filter(Q(shown_at__isnull=False) | Q(accepted_at__isnull=False) | Q(state=Draft.State.USED))


def _acceptance(experiment: Experiment) -> Values:
    """Of the first draft of each unit that an agent saw: was it accepted? A rewrite, a dismissal and silence are no."""
    first: dict[tuple[UUID, UUID], Seen] = {}
    rows = _shown(experiment).values_list("arm", "of", "shown_at", "created_at", "accepted_at", "state")
    for arm, unit, shown, written, accepted, state in rows.iterator():
        yes = accepted is not None or state == Draft.State.USED
        first.setdefault((arm, unit), Seen(shown or written, float(yes)))
    return _by_arm(first)


def _edit(experiment: Experiment) -> Values:
    """The mean edit distance of a unit's drafts that were sent."""
    rows = _drafts(experiment).filter(state=Draft.State.USED, edit_distance__isnull=False)
    return _means(rows.values_list("arm", "of", "created_at", "edit_distance").iterator())


def _tickets(experiment: Experiment, at: str, *columns: str) -> Any:
    """Each ticket with a draft of the experiment once, where `at` is known and lies behind the start."""
    rows = _drafts(experiment).filter(**{f"{at}__gte": experiment.started_at or experiment.created_at}).order_by()
    return rows.values_list("arm", "of", "ticket", at, *columns).distinct().iterator()


def _satisfaction(experiment: Experiment) -> Values:
    rows = _tickets(experiment, "ticket__rating__created_at", "ticket__rating__score")
    return _means((arm, unit, at, float(score)) for arm, unit, _ticket, at, score in rows)


def _resolution(experiment: Experiment) -> Values:
    """Of what is solved: what is open still has no time, and is left out."""
    rows = _tickets(experiment, "ticket__resolved_at", "ticket__created_at")
    return _means((arm, unit, at, (at - opened).total_seconds() / 3600) for arm, unit, _ticket, at, opened in rows)


_METRICS: dict[str, Callable[[Experiment], Values]] = {
    Metric.ACCEPTANCE: _acceptance,
    Metric.EDIT: _edit,
    Metric.SATISFACTION: _satisfaction,
    Metric.RESOLUTION: _resolution,
}


def _means(rows: Iterable[tuple[UUID, UUID, datetime, float]]) -> Values:
    """One value a unit: what happens within one is not independent."""
    held: dict[tuple[UUID, UUID], list[Seen]] = defaultdict(list)
    for arm, unit, at, value in rows:
        held[arm, unit].append(Seen(at, value))
    return _by_arm({key: Seen(max(one.at for one in seen), sum(one.value for one in seen) / len(seen)) for key, seen in held.items()})


def _by_arm(found: dict[tuple[UUID, UUID], Seen]) -> Values:
    sorted_: Values = defaultdict(list)
    for (arm, _unit), seen in sorted(found.items(), key=lambda one: one[1].at):
        sorted_[arm].append(seen)
    return dict(sorted_)


# -- what guards watch -----------------------------------------------------------------------------------------


def errors(experiment: Experiment) -> dict[UUID, Sample]:
    """Of an arm's questions to a model: how many failed."""
    asked = ModelCall.objects.filter(experiment_ref=experiment.pk, arm_ref__isnull=False).exclude(outcome=ModelCall.Outcome.RUNNING)
    rows = asked.order_by().values_list("arm_ref").annotate(n=Count("pk"), bad=Count("pk", filter=Q(outcome__in=("failed", "invalid"))))
    return {arm: Sample.of_share(bad, n) for arm, n, bad in rows}


def ungrounded(experiment: Experiment) -> dict[UUID, Sample]:
    """Of a model's answers: how many held nothing that could stand."""
    rows = experiment.assignments.order_by().values_list("arm").annotate(n=Sum("answers"), bad=Sum("ungrounded"))
    return {arm: Sample.of_share(bad, n) for arm, n, bad in rows if n}


def dismissed(experiment: Experiment) -> dict[UUID, Sample]:
    """Of the drafts that agents saw: how many they sent away."""
    rows = _shown(experiment).order_by().values_list("arm").annotate(n=Count("pk"), bad=Count("pk", filter=Q(state=Draft.State.DISMISSED)))
    return {arm: Sample.of_share(bad, n) for arm, n, bad in rows}


def low_ratings(experiment: Experiment) -> dict[UUID, Sample]:
    """Of the ratings: how many were bad or very bad."""
    found: dict[UUID, list[float]] = defaultdict(list)
    for arm, _unit, _ticket, _at, score in _tickets(experiment, "ticket__rating__created_at", "ticket__rating__score"):
        found[arm].append(float(score <= Rating.LOW))
    return {arm: Sample.of(low, share=True) for arm, low in found.items()}


def costs(experiment: Experiment) -> dict[UUID, Sample]:
    """US dollars a unit; one that no model was asked for cost nothing."""
    of = "about" if experiment.unit == Experiment.Unit.TICKET else "customer_ref"
    rows = ModelCall.objects.filter(experiment_ref=experiment.pk, arm_ref__isnull=False).order_by().values_list("arm_ref", of)
    spent: dict[UUID, list[float]] = defaultdict(list)
    for arm, _of, cost in rows.annotate(sum=Sum("cost")):
        spent[arm].append(float(cost))
    given = exposures(experiment)
    return {arm: Sample.of([*spent[arm], *[0.0] * (n - len(spent[arm]))]) for arm, n in given.items()}


def latest(experiment: Experiment) -> datetime | None:
    """When a unit was last given an arm."""
    return experiment.assignments.aggregate(at=Max("created_at"))["at"]  # type: ignore[no-any-return]
