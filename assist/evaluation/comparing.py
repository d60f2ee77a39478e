"""Is one configuration better than another? Paired by item, so that the same questions are asked of both.

The interval is the percentile bootstrap over items (Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13).
The significance of a share of right answers is McNemar's test in its exact form, on the items that only one of both got right
(McNemar, Psychometrika 12, 1947). Other figures have the interval alone: it leaves zero out, or it does not.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import comb
from pathlib import Path
from typing import Any

import numpy as np

from helpdesk.core.errors import Invalid

RESAMPLES = 10_000
SEED = 20_261_120  # the same two files always give the same interval
LEVEL = 0.95
SIGNIFICANT = 0.05

Item = Mapping[str, Any]  # {"id", "rank", "shown", "confidence", "correct"}: contract section 9
Measure = Callable[[Item], float]  # one item's part of a mean, 0..1


def right(item: Item) -> float:
    """The first answer, or the chosen label, is right: the share of these is recall at 1, or accuracy."""
    return float(bool(item["correct"]))


@dataclass(frozen=True)
class Difference:
    """One figure of both, and what lies between them: ours minus theirs."""

    name: str
    ours: float
    theirs: float
    low: float  # of the 95 % interval
    high: float
    p_value: float | None = None  # exact McNemar; None where the figure is no share of right answers

    @property
    def delta(self) -> float:
        return self.ours - self.theirs

    @property
    def label(self) -> str:
        return self.name.replace("_", " ")

    @property
    def signed(self) -> str:
        return f"{self.delta:+.4f}"

    @property
    def verdict(self) -> str:
        if not self.significant:
            return "no clear difference"
        return "better" if self.delta > 0 else "worse"

    @property
    def significant(self) -> bool:
        if self.p_value is not None:
            return self.p_value < SIGNIFICANT
        return self.low > 0 or self.high < 0


@dataclass(frozen=True)
class Comparison:
    """Both runs on the items that both hold."""

    other: str  # name of the file compared with
    n: int  # items that both have
    only_ours: int  # items right here and wrong there
    only_theirs: int
    differences: Sequence[Difference]

    def as_json(self) -> dict[str, Any]:
        return {
            "other": self.other,
            "n": self.n,
            "only_ours": self.only_ours,
            "only_theirs": self.only_theirs,
            "differences": [
                {
                    "name": one.name,
                    "ours": round(one.ours, 4),
                    "theirs": round(one.theirs, 4),
                    "delta": round(one.delta, 4),
                    "interval": [round(one.low, 4), round(one.high, 4)],
                    "p_value": None if one.p_value is None else float(f"{one.p_value:.3g}"),
                    "significant": one.significant,
                }
                for one in self.differences
            ],
        }


def lines(comparison: Comparison) -> list[str]:
    """For the terminal: a head, then one line a figure."""
    sides = f"{comparison.only_ours} right only here, {comparison.only_theirs} only there"
    head = f"compared with {comparison.other}: {comparison.n} items, {sides}"
    return [head, *(_line(one) for one in comparison.differences)]


def _line(one: Difference) -> str:
    p_value = "" if one.p_value is None else f", p = {one.p_value:.3g}"
    return f"{one.name:<18}{one.signed} (95 % interval {one.low:+.4f} to {one.high:+.4f}{p_value}): {one.verdict}"


def compare(ours: Sequence[Item], other: Path, *, share: str = "accuracy", measures: Mapping[str, Measure] | None = None) -> Comparison:
    """Compare these items with those of another run's `--json` file, pair by pair.

    `share` names the share of right answers ("recall_at_1" for retrieval); `measures` are further means to put beside it.
    Only items that both hold count. Raises Invalid when the file is none of ours or shares no item.
    """
    theirs = _items_of(other)
    pairs = [(item, theirs[str(item["id"])]) for item in ours if str(item["id"]) in theirs]
    if not pairs:
        raise Invalid(f"{other.name} has no item in common with this run.")
    only_ours = sum(bool(one["correct"]) and not two["correct"] for one, two in pairs)
    only_theirs = sum(bool(two["correct"]) and not one["correct"] for one, two in pairs)
    found = [_difference(share, right, pairs, mcnemar(only_ours, only_theirs))]
    found += [_difference(name, measure, pairs, None) for name, measure in (measures or {}).items()]
    return Comparison(other.name, len(pairs), only_ours, only_theirs, found)


def mcnemar(only_ours: int, only_theirs: int) -> float:
    """Two-sided exact p of so uneven a split of the items that only one got right, were both equally good: 0..1."""
    count = only_ours + only_theirs
    tail = sum(comb(count, fewer) for fewer in range(min(only_ours, only_theirs) + 1))
    return min(1.0, 2 * tail / 2**count)


def bootstrap(differences: np.ndarray) -> tuple[float, float]:
    """The 95 % percentile interval of the mean of these paired differences."""
    chance = np.random.default_rng(SEED)
    count = len(differences)
    means = np.array([differences[chance.integers(0, count, count)].mean() for _ in range(RESAMPLES)])
    low, high = np.quantile(means, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)


def _difference(name: str, measure: Measure, pairs: Sequence[tuple[Item, Item]], p_value: float | None) -> Difference:
    ours = np.array([measure(one) for one, _ in pairs])
    theirs = np.array([measure(two) for _, two in pairs])
    low, high = bootstrap(ours - theirs)
    return Difference(name, float(ours.mean()), float(theirs.mean()), low, high, p_value)


def _items_of(file: Path) -> dict[str, Item]:
    try:
        items = json.loads(file.read_text(encoding="utf-8"))["items"]
        return {str(item["id"]): item for item in items if item["correct"] in (True, False)}
    except (ValueError, KeyError, TypeError) as error:
        raise Invalid(f"{file.name} was not written by `evaluate --json`: it has no items with `id` and `correct`.") from error
