"""What may be tried, and what can be said of it: by which unit it is split, what is measured, what guards watch."""

from __future__ import annotations

from dataclasses import dataclass

from assist.chat.model import CHAT
from assist.copilot.writing import REPLY
from assist.models import Experiment
from assist.summaries.wording import PROMPT as SUMMARY

from . import chats, drafts, measuring, summaries
from .measuring import Measure, Values, Watch

Unit, Metric = Experiment.Unit, Experiment.Metric
_ALWAYS: dict[str, Watch] = {"errors": measuring.errors, "ungrounded": measuring.ungrounded, "cost": measuring.costs}


@dataclass(frozen=True)
class Tried:
    """The first unit and metric are the usual ones."""

    units: tuple[str, ...]
    metrics: dict[str, Measure]
    guards: dict[str, Watch]


FEATURES: dict[str, Tried] = {  # by the name of the prompt, which stands beside the step that uses it
    REPLY.name: Tried(
        (Unit.TICKET, Unit.CUSTOMER),
        {
            Metric.ACCEPTANCE: drafts.acceptance,
            Metric.EDIT: drafts.edit,
            Metric.SATISFACTION: drafts.satisfaction,
            Metric.RESOLUTION: drafts.resolution,
        },
        _ALWAYS | {"dismissed": drafts.dismissed, "low_ratings": drafts.low_ratings},
    ),
    CHAT.name: Tried(
        (Unit.CUSTOMER, Unit.CHAT),
        {Metric.ANSWERED: chats.answered, Metric.HANDED_OVER: chats.handed_over, Metric.SATISFACTION: chats.satisfaction},
        _ALWAYS | {"handed_over": chats.people_asked_for, "low_ratings": chats.low_ratings},
    ),
    SUMMARY.name: Tried(
        (Unit.TICKET,),  # colleagues read them, not customers
        {Metric.RESOLUTION: summaries.resolution, Metric.SATISFACTION: summaries.satisfaction},
        _ALWAYS | {"low_ratings": summaries.low_ratings},
    ),
}


def values(experiment: Experiment) -> Values:
    """Of the target metric. One statement."""
    return FEATURES[experiment.feature].metrics[experiment.metric](experiment)


def fits(feature: str, unit: str, metric: str, guards: dict[str, float]) -> bool:
    """Whether this can be tried so: not every metric can be read of every feature."""
    tried = FEATURES.get(feature)
    return tried is not None and unit in tried.units and metric in tried.metrics and set(guards) <= set(tried.guards)
