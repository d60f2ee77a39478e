"""What an experiment says so far: each arm's value with its range, each against the control, and a verdict that may be read every day."""

from __future__ import annotations

from dataclasses import dataclass

from assist.models import Experiment, ExperimentArm

from . import features, measuring, statistics
from .measuring import LOWER_IS_BETTER, Values
from .statistics import Difference, Range, Sample

FEW, OPEN, BETTER, WORSE = "few", "open", "better", "worse"


@dataclass(frozen=True)
class Line:
    """One arm."""

    arm: ExperimentArm
    given: int  # units that got it
    sample: Sample
    range: Range | None
    against: Difference | None = None  # the control, as one look at the end would see it; None for the control itself
    always: Range | None = None  # the range that holds at every look
    verdict: str = ""

    @property
    def value(self) -> float | None:
        return self.sample.mean if self.sample.n else None

    @property
    def confidence(self) -> float | None:
        """1 less the p-value of a single look."""
        return 1 - self.against.p if self.against else None


@dataclass(frozen=True)
class Reading:
    experiment: Experiment
    lines: list[Line]
    values: Values

    @property
    def control(self) -> Line:
        return self.lines[0]

    @property
    def best(self) -> Line | None:
        """The arm that is surely better than the control; of several, the one that is most so."""
        better = [one for one in self.lines[1:] if one.verdict == BETTER and not one.arm.stopped_at]
        return max(better, key=lambda one: abs(one.against.change) if one.against else 0.0, default=None)

    @property
    def fewest(self) -> int:
        """How many the smallest arm that goes on has: what the minimum is held against."""
        return min((one.sample.n for one in self.lines if not one.arm.stopped_at), default=0)

    @property
    def is_enough(self) -> bool:
        return self.fewest >= self.experiment.minimum


def read(experiment: Experiment) -> Reading:
    """Three statements, however much was seen."""
    arms, found, given = list(experiment.arms.all()), features.values(experiment), measuring.exposures(experiment)
    seen = measuring.samples(experiment, found)
    none = Sample(0, 0.0, share=experiment.metric in measuring.SHARES)
    lines = judged(experiment, [(arm, given.get(arm.pk, 0), seen.get(arm.pk, none)) for arm in arms])
    return Reading(experiment, lines, found)


def judged(experiment: Experiment, seen: list[tuple[ExperimentArm, int, Sample]]) -> list[Line]:
    """Each arm against the first. With several, each comparison gets its part of the 5 of 100 (Bonferroni)."""
    arm, given, control = seen[0]
    lines = [Line(arm, given, control, statistics.interval(control))]
    level = 1 - (1 - statistics.LEVEL) / max(1, len(seen) - 1)
    for arm, given, sample in seen[1:]:
        always = statistics.always(control, sample, planned=2 * experiment.minimum, level=level)
        verdict = verdict_of(experiment, control, sample, always)
        against = statistics.difference(control, sample, level)
        lines.append(Line(arm, given, sample, statistics.interval(sample), against, always, verdict))
    return lines


def verdict_of(experiment: Experiment, control: Sample, sample: Sample, always: Range | None) -> str:
    """Nothing is said below the minimum, whatever the numbers look like."""
    if min(control.n, sample.n) < experiment.minimum or always is None:
        return FEW
    if always.holds(0.0):
        return OPEN
    return BETTER if (always.low > 0) != (experiment.metric in LOWER_IS_BETTER) else WORSE
