"""Guards: what must not get worse while something is tried. An arm that surely passes a limit is stopped by itself, and people are told."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from assist.models import Experiment, ExperimentArm
from helpdesk.core.models import User
from tickets.models import Notice
from tickets.notices import telling

from . import running, statistics
from .features import FEATURES
from .statistics import Sample

FEWEST = 20  # cases of an arm, before a guard speaks
SURE = 0.90  # of the range whose lower end must lie above the limit: 95 of 100 that the true value does


@dataclass(frozen=True)
class Guard:
    label: str | Promise
    unit: str = "%"  # of the limit on the page; "$" for dollars
    most: float = 1.0


GUARDS = {
    "errors": Guard(gettext_lazy("Questions that failed")),
    "ungrounded": Guard(gettext_lazy("Answers without a source that holds")),
    "dismissed": Guard(gettext_lazy("Drafts dismissed")),
    "handed_over": Guard(gettext_lazy("Chats handed over")),
    "low_ratings": Guard(gettext_lazy("Low ratings")),
    "cost": Guard(gettext_lazy("Cost of a ticket, conversation or customer"), "$", 1_000.0),
}


def of(feature: str) -> dict[str, Guard]:
    """The guards that a feature has."""
    return {name: guard for name, guard in GUARDS.items() if name in FEATURES[feature].guards}


@dataclass(frozen=True)
class Watched:
    """One guard on one arm."""

    name: str
    guard: Guard
    arm: ExperimentArm
    limit: float
    sample: Sample

    @property
    def state(self) -> str:
        """`few`, `holds`, `watch` (above the limit, not surely) or `passed`."""
        if self.sample.n < FEWEST:
            return "few"
        found = statistics.interval(self.sample, SURE)
        if found and found.low > self.limit:
            return "passed"
        return "watch" if self.sample.mean > self.limit else "holds"

    @property
    def value_words(self) -> str:
        return amount(self.sample.mean, self.guard.unit)

    @property
    def limit_words(self) -> str:
        return amount(self.limit, self.guard.unit)


def amount(value: float, unit: str) -> str:
    return f"${value:.3f}" if unit == "$" else f"{value:.1%}"


def look(experiment: Experiment) -> list[Watched]:
    """Every guard that is set, on every arm. One statement each, two for costs."""
    arms, found = list(experiment.arms.all()), []
    for name, guard in of(experiment.feature).items():
        limit = experiment.guards.get(name)
        if limit is not None:
            seen = FEATURES[experiment.feature].guards[name](experiment)
            found += [Watched(name, guard, arm, float(limit), seen.get(arm.pk, Sample(0, 0.0))) for arm in arms]
    return found


def watch() -> None:
    """Look at every experiment that runs. Safe to run twice, and two at once."""
    for experiment in Experiment.objects.running():
        for one in look(experiment):
            if one.state == "passed" and one.arm.stopped_at is None:
                _act(experiment, one)


def _act(experiment: Experiment, one: Watched) -> None:
    words = {"what": one.guard.label, "value": one.value_words, "limit": one.limit_words}
    why = _("%(what)s: %(value)s, limit %(limit)s") % words
    if not running.stop_arm(one.arm, why=why, metric=one.name, value=one.sample.mean, limit=one.limit):
        return
    overseers = User.objects.filter(is_active=True, role__in=(User.Role.SUPERVISOR, User.Role.ADMIN)).values_list("pk", flat=True)
    text = _("“%(arm)s” of %(experiment)s was stopped. %(why)s") % {"arm": one.arm.name, "experiment": experiment.name, "why": why}
    link = reverse("experiment", args=(experiment.pk,))
    telling.tell(overseers, Notice.Kind.RULE, source=f"experiment-arm:{one.arm.pk}", text=text[:300], link=link)
