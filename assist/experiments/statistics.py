"""How sure one may be: intervals for one arm and for the difference of two. Numbers in, numbers out.

One share: Wilson's score interval (E. B. Wilson, JASA 1927; recommended by Brown, Cai and DasGupta, Statistical Science 2001).
Two shares: Newcombe's hybrid score interval (R. G. Newcombe, Statistics in Medicine 17, 1998, method 10).
Means: Student's t for one, Welch's t for two (B. L. Welch, Biometrika 34, 1947).

These hold for one look, at the end. Whoever looks each day and stops at the first good one is wrong far more often than in 5 of 100 cases.
`always` holds however often one looks: an asymptotic confidence sequence (I. Waudby-Smith, D. Arbour, R. Sinha, E. H. Kennedy and
A. Ramdas, "Time-uniform central limit theory and asymptotic confidence sequences", Annals of Statistics 52, 2024; theorem 2.2). It is
wider: that is the price of looking. Only it decides.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import NormalDist

LEVEL = 0.95
_NORMAL = NormalDist()


@dataclass(frozen=True)
class Sample:
    """What was seen of one arm: how many, their mean, their variance. `share`: each was 0 or 1."""

    n: int
    mean: float
    variance: float = 0.0
    share: bool = False

    @classmethod
    def of(cls, values: Iterable[float], *, share: bool = False) -> Sample:
        seen = list(values)
        if not seen:
            return cls(0, 0.0, 0.0, share)
        mean = math.fsum(seen) / len(seen)
        spread = math.fsum((one - mean) ** 2 for one in seen) / (len(seen) - 1) if len(seen) > 1 else 0.0
        return cls(len(seen), mean, spread, share)

    @classmethod
    def of_share(cls, hits: int, n: int) -> Sample:
        mean = hits / n if n else 0.0
        return cls(n, mean, n * mean * (1 - mean) / (n - 1) if n > 1 else 0.0, share=True)


@dataclass(frozen=True)
class Range:
    low: float
    high: float

    def holds(self, value: float) -> bool:
        return self.low <= value <= self.high


@dataclass(frozen=True)
class Difference:
    """The second's mean less the first's, with the range and the p-value of a single look."""

    change: float
    once: Range
    p: float


def interval(sample: Sample, level: float = LEVEL) -> Range | None:
    """Where the true mean lies. None where too little was seen to say."""
    if sample.share:
        return wilson(sample.mean * sample.n, sample.n, level) if sample.n else None
    if sample.n < 2:  # noqa: PLR2004 - one value has no spread
        return None
    margin = _t(1 - (1 - level) / 2, sample.n - 1) * math.sqrt(sample.variance / sample.n)
    return Range(sample.mean - margin, sample.mean + margin)


def wilson(hits: float, n: int, level: float = LEVEL) -> Range:
    """Wilson's score interval of a share."""
    z, p = _z(level), hits / n
    middle = p + z * z / (2 * n)
    margin = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    whole = 1 + z * z / n
    low, high = (middle - margin) / whole, (middle + margin) / whole
    return Range(0.0 if hits <= 0 else max(0.0, low), 1.0 if hits >= n else min(1.0, high))


def difference(first: Sample, second: Sample, level: float = LEVEL) -> Difference | None:
    """Of two arms, as a single look sees it. None where too little was seen to say."""
    if first.share:
        return _newcombe(first, second, level) if first.n and second.n else None
    return _welch(first, second, level) if first.n > 1 and second.n > 1 else None


def always(first: Sample, second: Sample, *, planned: int, level: float = LEVEL) -> Range | None:
    """The range of the difference that holds at every look; narrowest when both arms together hold `planned`."""
    if first.n < 2 or second.n < 2:  # noqa: PLR2004
        return None
    n, alpha = first.n + second.n, 1 - level
    tuned = (-2 * math.log(alpha) + math.log(-2 * math.log(alpha)) + 1) / max(planned, 2)  # their ρ², by their equation for a best time
    of_n = n * tuned
    margin = math.sqrt(_spread(first, second) * 2 * (of_n + 1) / of_n * math.log(math.sqrt(of_n + 1) / alpha))
    change = second.mean - first.mean
    return Range(change - margin, change + margin)


def _newcombe(first: Sample, second: Sample, level: float) -> Difference:
    one, two = wilson(first.mean * first.n, first.n, level), wilson(second.mean * second.n, second.n, level)
    change = second.mean - first.mean
    down = math.hypot(second.mean - two.low, one.high - first.mean)
    up = math.hypot(two.high - second.mean, first.mean - one.low)
    pooled = (first.mean * first.n + second.mean * second.n) / (first.n + second.n)
    error = math.sqrt(pooled * (1 - pooled) * (1 / first.n + 1 / second.n))
    p = 2 * (1 - _NORMAL.cdf(abs(change) / error)) if error else 1.0
    return Difference(change, Range(change - down, change + up), p)


def _welch(first: Sample, second: Sample, level: float) -> Difference:
    a, b = first.variance / first.n, second.variance / second.n
    change = second.mean - first.mean
    if not a + b:
        return Difference(change, Range(change, change), 1.0 if not change else 0.0)
    freedom = (a + b) ** 2 / (a * a / (first.n - 1) + b * b / (second.n - 1))
    error = math.sqrt(a + b)
    margin = _t(1 - (1 - level) / 2, freedom) * error
    return Difference(change, Range(change - margin, change + margin), 2 * _t_below(-abs(change) / error, freedom))


def _spread(first: Sample, second: Sample) -> float:
    """The variance of the difference. Of shares with two more of each kind: what was never seen is not impossible (Agresti, Caffo 2000)."""
    if not first.share:
        return first.variance / first.n + second.variance / second.n
    return math.fsum(p * (1 - p) / (n + 2) for one in (first, second) for n, p in [(one.n, (one.mean * one.n + 1) / (one.n + 2))])


def _z(level: float) -> float:
    return _NORMAL.inv_cdf(1 - (1 - level) / 2)


def _t(below: float, freedom: float) -> float:
    from scipy.special import stdtrit  # noqa: PLC0415 - needed only where an experiment is looked at

    return float(stdtrit(freedom, below))


def _t_below(value: float, freedom: float) -> float:
    from scipy.special import stdtr  # noqa: PLC0415

    return float(stdtr(freedom, value))
