"""What became of reply drafts: what agents did with them, and how their tickets ended."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.db.models import Count, F, Q

from assist.models import Draft, Experiment

from .measuring import Case, Seen, Values, by_arm, low, means
from .statistics import Sample


def acceptance(experiment: Experiment) -> Values:
    """Of the first draft of each unit that an agent saw: was it accepted? A rewrite, a dismissal and silence are no."""
    first: dict[tuple[UUID, UUID], Seen] = {}
    rows = _shown(experiment).values_list("arm", "of", "shown_at", "created_at", "accepted_at", "state")
    for arm, unit, shown, written, accepted, state in rows.iterator():
        yes = accepted is not None or state == Draft.State.USED
        first.setdefault((arm, unit), Seen(shown or written, float(yes)))
    return by_arm(first)


def edit(experiment: Experiment) -> Values:
    """The mean edit distance of a unit's drafts that were sent."""
    rows = _drafts(experiment).filter(state=Draft.State.USED, edit_distance__isnull=False)
    return means(rows.values_list("arm", "of", "created_at", "edit_distance").iterator())


def satisfaction(experiment: Experiment) -> Values:
    """The mean rating of its tickets."""
    return means(_ratings(experiment))


def resolution(experiment: Experiment) -> Values:
    """Of what is solved: what is open still has no time, and is left out."""
    rows = _tickets(experiment, "ticket__resolved_at", "ticket__created_at")
    return means((arm, unit, at, (at - opened).total_seconds() / 3600) for arm, unit, _ticket, at, opened in rows)


def dismissed(experiment: Experiment) -> dict[UUID, Sample]:
    """Of the drafts that agents saw: how many they sent away."""
    rows = _shown(experiment).order_by().values_list("arm").annotate(n=Count("pk"), bad=Count("pk", filter=Q(state=Draft.State.DISMISSED)))
    return {arm: Sample.of_share(bad, n) for arm, n, bad in rows}


def low_ratings(experiment: Experiment) -> dict[UUID, Sample]:
    return low(_ratings(experiment))


def _drafts(experiment: Experiment) -> Any:
    unit = F("ticket_id") if experiment.unit == Experiment.Unit.TICKET else F("ticket__customer_id")
    return Draft.objects.filter(arm__experiment=experiment).annotate(of=unit).order_by("created_at", "pk")


def _shown(experiment: Experiment) -> Any:
    return _drafts(experiment).filter(Q(shown_at__isnull=False) | Q(accepted_at__isnull=False) | Q(state=Draft.State.USED))


def _tickets(experiment: Experiment, at: str, *columns: str) -> Any:
    """Each ticket with a draft of the experiment once, where `at` is known and lies behind the start."""
    rows = _drafts(experiment).filter(**{f"{at}__gte": experiment.started_at or experiment.created_at}).order_by()
    return rows.values_list("arm", "of", "ticket", at, *columns).distinct().iterator()


def _ratings(experiment: Experiment) -> Iterator[Case]:
    for arm, unit, _ticket, at, score in _tickets(experiment, "ticket__rating__created_at", "ticket__rating__score"):
        yield arm, unit, at, float(score)
