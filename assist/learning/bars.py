"""From which confidence the engine may act or propose: chosen by what became of its guesses, for each action by what a wrong one costs.

The lowest bar above which guesses were right often enough, with a margin for chance: Wilson's lower bound (1927), one standard error.
An agent's word counts as three tickets that were solved untouched, as in `examples`. With few outcomes nothing is chosen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from math import sqrt
from typing import Any, NamedTuple

from django.utils import timezone

from assist.models import ActionPolicy, Prediction

from . import policy

# (right at least, of what is done by itself; of what is proposed). An article is never put in by itself
WANTED: dict[str, tuple[float | None, float]] = {
    "category": (0.85, 0.5),
    "queue": (0.9, 0.5),
    "priority": (0.8, 0.5),
    "assignee": (0.95, 0.5),
    "article": (None, 0.3),
}
FEWEST = 60  # settled guesses, before anything is chosen
FEWEST_ABOVE = 20  # of them above a bar
NEWEST = 2_000  # what is longer ago was another engine's work
OF_A_PERSON, UNTOUCHED = 3.0, 1.0
NEVER = 1.01  # a bar that nothing passes


class Settled(NamedTuple):
    confidence: float
    right: bool
    weight: float = 1.0


def refresh() -> None:
    """Choose anew for every action that has enough to choose by."""
    for action, (act, propose) in WANTED.items():
        settled = settled_of(action)
        if len(settled) < FEWEST:
            continue
        chosen_act = ActionPolicy.DEFAULTS[action][1] if act is None else lowest(settled, act)
        chosen_propose = min(lowest(settled, propose), chosen_act)
        measured: dict[str, Any] = {
            "measured_act_from": chosen_act,
            "measured_propose_from": chosen_propose,
            "measured_of": len(settled),
            "measured_at": timezone.now(),
        }
        first = {**asdict(policy.default(action)), **measured}
        ActionPolicy.objects.update_or_create(action=action, defaults=measured, create_defaults=first)
    policy.forget_here()


def settled_of(action: str) -> list[Settled]:
    rows = Prediction.objects.filter(field=action, settled_at__isnull=False).order_by("-settled_at")
    return [
        Settled(sure, bool(right), UNTOUCHED if outcome == Prediction.Outcome.UNTOUCHED else OF_A_PERSON)
        for sure, right, outcome in rows.values_list("confidence", "correct", "outcome")[:NEWEST]
    ]


def lowest(settled: Sequence[Settled], wanted: float) -> float:
    """The lowest bar, in hundredths, above which `wanted` of the guesses were right; NEVER when there is none."""
    best, right, total, squares = NEVER, 0.0, 0.0, 0.0
    ordered = sorted(settled, key=lambda one: -_hundredths(one.confidence))
    for many, one in enumerate(ordered, 1):
        right, total, squares = right + one.right * one.weight, total + one.weight, squares + one.weight**2
        last = many == len(ordered) or _hundredths(ordered[many].confidence) < _hundredths(one.confidence)
        if last and many >= FEWEST_ABOVE and at_least(right / total, total**2 / squares) >= wanted:  # Kish's effective number
            best = _hundredths(one.confidence) / 100
    return best


def at_least(share: float, n: float) -> float:
    """Wilson's lower bound of a share seen in `n`."""
    return float((share + 1 / (2 * n) - sqrt(share * (1 - share) / n + 1 / (4 * n * n))) / (1 + 1 / n))


def _hundredths(confidence: float) -> int:
    return int(confidence * 100 + 1e-9)
