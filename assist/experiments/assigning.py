"""Which arm a unit gets: by the hash of experiment and unit, so that it is the same in every process; written down, so that it stays."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import F

from assist.models import ChatSession, Experiment, ExperimentArm, ExperimentAssignment
from helpdesk.core.llm import prompts, provider
from tickets.models import Ticket

FULL = 2**64


@dataclass(frozen=True)
class Chosen:
    """What a unit gets. `arm` is what it counts for; `way` is how it is done: the control's way, once its own arm was stopped."""

    assignment: ExperimentAssignment
    arm: ExperimentArm
    way: ExperimentArm

    @property
    def asked(self) -> dict[str, Any]:
        """What a `Question` is told of it."""
        return {"model": self.way.model, "experiment": self.arm.experiment_id, "arm": self.arm.pk}


def place_of(experiment: UUID, unit: UUID, weights: Sequence[int]) -> int:
    """The place of the arm in `weights` that this unit falls into. Pure; an arm of weight 0 gets nobody.

    The first 64 bits of SHA-256 are a fraction of 1, and the weights cut 1 into pieces.
    """
    whole = sum(weights)
    if whole <= 0:
        raise ValueError("No arm has a share.")
    drawn = int.from_bytes(hashlib.sha256(f"{experiment}:{unit}".encode()).digest()[:8], "big") * whole
    reached = 0
    for place, weight in enumerate(weights):
        reached += weight
        if drawn < reached * FULL:
            return place
    raise AssertionError("a fraction is below 1")


def choose(feature: str, of: Ticket | ChatSession) -> Chosen | None:
    """What this ticket or chat gets by the experiment that runs on the feature; None: none runs. One query then, else at most five."""
    experiment = Experiment.objects.running().filter(feature=feature).first()
    if experiment is None:
        return None
    unit = of.customer_id if experiment.unit == Experiment.Unit.CUSTOMER else of.pk
    arms = list(experiment.arms.all())
    held = ExperimentAssignment.objects.filter(experiment=experiment, unit=unit).first() or _assign(experiment, unit, arms)
    arm = next(one for one in arms if one.pk == held.arm_id)
    return Chosen(held, arm, arms[0] if arm.stopped_at else arm)


def asks(feature: str, chosen: Chosen | None) -> bool:
    """Whether a model does it for whom this was chosen; without an experiment, as it is set up."""
    return not chosen.way.is_local if chosen else provider().asks(feature)


def wording(prompt: prompts.Prompt, chosen: Chosen | None) -> prompts.Wording:
    """The wording of the way that was chosen; without an experiment, the one in use."""
    number = chosen.way.prompt_number if chosen else None
    return prompt.current() if number is None else prompt.wording(number)


def answered(chosen: Chosen, *, grounded: bool) -> None:
    """A model answered for this unit; whether anything of it could stand."""
    rows = ExperimentAssignment.objects.filter(pk=chosen.assignment.pk)
    rows.update(answers=F("answers") + 1, ungrounded=F("ungrounded") + (0 if grounded else 1))


def follow(before: UUID, now: UUID) -> None:
    """A customer turns out to be another one: who has no arm yet keeps what they had, so that nobody sees two ways."""
    for held in ExperimentAssignment.objects.filter(unit=before, experiment__unit=Experiment.Unit.CUSTOMER):
        ExperimentAssignment.objects.get_or_create(experiment_id=held.experiment_id, unit=now, defaults={"arm_id": held.arm_id})


def _assign(experiment: Experiment, unit: UUID, arms: Sequence[ExperimentArm]) -> ExperimentAssignment:
    """Two workers at once are of one mind, and the row of the first stands."""
    arm = arms[place_of(experiment.pk, unit, [0 if one.stopped_at else one.weight for one in arms])]
    return ExperimentAssignment.objects.get_or_create(experiment=experiment, unit=unit, defaults={"arm": arm})[0]
