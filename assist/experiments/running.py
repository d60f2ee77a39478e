"""An experiment's life: written, started, stopped, decided, and each step back. A person does it; only stopping an arm is a guard's too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from assist.models import Experiment, ExperimentArm
from helpdesk.core.errors import Conflict, Invalid
from helpdesk.core.events import record
from helpdesk.core.llm import prompts, providers
from helpdesk.core.models import User

from . import features

FEWEST_ARMS, MOST_ARMS = 2, 5
State = Experiment.State


def save(
    given: Mapping[str, Any], arms: Sequence[Mapping[str, Any]], *, by: User | None, experiment: Experiment | None = None
) -> Experiment:
    """Write a draft, or change one: cleaned values of its form. Raises Invalid, and Conflict once it runs."""
    if not FEWEST_ARMS <= len(arms) <= MOST_ARMS:
        raise Invalid(_("An experiment has two to five arms."))
    ways = [(one["engine"], one.get("model") or "", one.get("prompt_number")) for one in arms]
    local = [way for way in ways if way[0] == ExperimentArm.Engine.LOCAL]
    if len(set(ways)) < len(ways) or len(local) > 1:
        raise Invalid(_("Two arms are the same: there is nothing to compare."))
    if not features.fits(given["feature"], given["unit"], given["metric"], given["guards"]):
        raise Invalid(_("This cannot be measured, watched or split so."))
    prompt = prompts.find(given["feature"])
    for one in arms:
        if one.get("prompt_number") is not None:
            prompt.wording(one["prompt_number"])
    with transaction.atomic():
        if experiment is not None:
            experiment = _held(experiment, State.DRAFT)
        new = experiment is None
        experiment = experiment or Experiment(created_by=by)
        for name, value in given.items():
            setattr(experiment, name, value)
        experiment.save()
        experiment.arms.all().delete()
        ExperimentArm.objects.bulk_create(ExperimentArm(experiment=experiment, position=n, **one) for n, one in enumerate(arms))
        _tell("experiment.created" if new else "experiment.changed", experiment, by)
    return experiment


def remove(experiment: Experiment, *, by: User) -> None:
    """A draft that nobody wants. What ran once is kept."""
    with transaction.atomic():
        experiment = _held(experiment, State.DRAFT)
        _tell("experiment.removed", experiment, by)
        experiment.delete()


def start(experiment: Experiment, *, by: User) -> None:
    """Begin, or go on after a stop. What an arm leaves open is written in, so that a change elsewhere changes no arm meanwhile."""
    try:
        with transaction.atomic():
            experiment = _held(experiment, State.DRAFT, State.STOPPED)
            arms = list(experiment.arms.all())
            if sum(arm.stopped_at is None for arm in arms) < FEWEST_ARMS:
                raise Conflict(_("Fewer than two arms are left: write a new experiment."))
            if not providers.current().on:
                raise Conflict(_("No language model is set up: every arm would be the local engine."))
            if experiment.state == State.DRAFT:
                _pin(experiment, arms)
                experiment.started_at = timezone.now()
            experiment.state, experiment.stopped_at, experiment.stopped_why = State.RUNNING, None, ""
            experiment.save()
            _tell("experiment.started", experiment, by)
    except IntegrityError as error:
        raise Conflict(_("Another experiment runs on this already. Stop it first.")) from error


def stop(experiment: Experiment, *, by: User) -> None:
    """By hand. From now on everybody gets what is in use; who got what stays written down."""
    with transaction.atomic():
        experiment = _held(experiment, State.RUNNING)
        _stopped(experiment, "", by)


def weigh(experiment: Experiment, weights: Mapping[UUID, int], *, by: User) -> None:
    """Other shares for whoever comes from now on. Raises Invalid."""
    with transaction.atomic():
        experiment = _held(experiment, State.RUNNING, State.STOPPED)
        for arm in experiment.arms.all():
            weight = weights.get(arm.pk, arm.weight)
            if not 1 <= weight <= 1000:  # noqa: PLR2004 - as the column says
                raise Invalid(_("A share is a number between 1 and 1000."))
            if weight != arm.weight:
                ExperimentArm.objects.filter(pk=arm.pk).update(weight=weight)
                _tell("experiment.changed", experiment, by, arm=arm.name, metric="share", value=float(weight))


def stop_arm(arm: ExperimentArm, *, why: str, metric: str, value: float, limit: float) -> bool:
    """A guard's: this arm is given to nobody any more. With it falls the experiment, when it is the control or no two are left."""
    with transaction.atomic():
        experiment = Experiment.objects.select_for_update().get(pk=arm.experiment_id)
        if experiment.state != State.RUNNING:
            return False
        if not ExperimentArm.objects.filter(pk=arm.pk, stopped_at=None).update(stopped_at=timezone.now(), stopped_why=why[:300]):
            return False
        _tell("experiment.arm_stopped", experiment, None, arm=arm.name, reason=why, metric=metric, value=value, limit=limit)
        if arm.is_control or experiment.arms.filter(stopped_at=None).count() < FEWEST_ARMS:
            _stopped(experiment, f"{arm.name}: {why}"[:300], None)
    return True


def decide(experiment: Experiment, arm: ExperimentArm, *, by: User, reason: str = "") -> None:
    """This arm's way becomes everybody's. Raises Conflict."""
    with transaction.atomic():
        experiment = _held(experiment, State.RUNNING, State.STOPPED)
        if arm.experiment_id != experiment.pk:
            raise Invalid(_("There is no such arm."))
        experiment.before = _in_use(experiment.feature)
        _put(experiment.feature, arm, note=_("Decided by the experiment %(name)s") % {"name": experiment.name}, by=by)
        experiment.before["after"] = _in_use(experiment.feature)
        now = timezone.now()
        experiment.state, experiment.decided_at, experiment.winner = State.DECIDED, now, arm
        experiment.stopped_at = experiment.stopped_at or now
        experiment.save()
        _tell("experiment.decided", experiment, by, arm=arm.name, reason=reason[:300])


def undo(experiment: Experiment, *, by: User) -> None:
    """What was in use before the decision is in use again. Raises Conflict when somebody changed it since."""
    with transaction.atomic():
        experiment = _held(experiment, State.DECIDED)
        before = dict(experiment.before)
        if before.pop("after", None) != _in_use(experiment.feature):
            raise Conflict(_("It was changed since: choose the prompt and model in the settings."))
        _restore(experiment.feature, before, by=by)
        experiment.state, experiment.decided_at, experiment.winner, experiment.before = State.STOPPED, None, None, {}
        experiment.save()
        _tell("experiment.undone", experiment, by)


def _pin(experiment: Experiment, arms: Sequence[ExperimentArm]) -> None:
    number, provider = prompts.find(experiment.feature).current().number, providers.current()
    for arm in arms:
        if not arm.is_local:
            arm.prompt_number = number if arm.prompt_number is None else arm.prompt_number
            arm.model = arm.model or provider.model_for(experiment.feature)
    ways = [(arm.engine, arm.model, arm.prompt_number) for arm in arms]
    if len(set(ways)) < len(ways):
        raise Conflict(_("Two arms are the same by now: one names what is in use."))
    ExperimentArm.objects.bulk_update(arms, ["prompt_number", "model"])


def _in_use(feature: str) -> dict[str, Any]:
    provider = providers.current()
    return {
        "prompt": prompts.find(feature).current().number,
        "model": str(provider.models.get(feature) or ""),
        "local": feature in provider.local,
    }


def _put(feature: str, arm: ExperimentArm, *, note: str, by: User) -> None:
    if not arm.is_local and arm.prompt_number is not None:
        _word(feature, arm.prompt_number, note=note, by=by)
    provider = providers.current()
    if arm.is_local != (feature in provider.local) or (not arm.is_local and arm.model and arm.model != provider.model_for(feature)):
        models = dict(provider.models) | ({feature: arm.model} if not arm.is_local and arm.model else {})
        _keep(feature, models, local=arm.is_local, by=by)


def _restore(feature: str, before: Mapping[str, Any], *, by: User) -> None:
    _word(feature, before["prompt"], note=_("Back from a decision"), by=by)
    models = {task: name for task, name in providers.current().models.items() if task != feature}
    models |= {feature: before["model"]} if before["model"] else {}
    if {**before, "prompt": 0} != {**_in_use(feature), "prompt": 0}:
        _keep(feature, models, local=before["local"], by=by)


def _word(feature: str, number: int, *, note: str, by: User) -> None:
    """The highest number is in use, so that an older wording comes back as a new version."""
    prompt = prompts.find(feature)
    current, wanted = prompt.current(), prompt.wording(number)
    if current.text != wanted.text:
        prompt.save(wanted.text, note=note, after=current.number, by=by)


def _keep(feature: str, models: Mapping[str, str], *, local: bool, by: User) -> None:
    tasks = (providers.current().local - {feature}) | ({feature} if local else set())
    providers.keep(models_by_task=dict(models), local_tasks=sorted(tasks), by=by)


def _held(experiment: Experiment, *states: str) -> Experiment:
    """The row, locked, in one of these states. Raises Conflict."""
    found = Experiment.objects.select_for_update().filter(pk=experiment.pk).first()
    if found is None or found.state not in states:
        raise Conflict(_("It is no longer what the page showed. Nothing was changed."))
    return found


def _stopped(experiment: Experiment, why: str, by: User | None) -> None:
    experiment.state, experiment.stopped_at, experiment.stopped_why = State.STOPPED, timezone.now(), why
    experiment.save()
    _tell("experiment.stopped", experiment, by, reason=why)


def _tell(kind: str, experiment: Experiment, by: User | None, **data: Any) -> None:
    record(kind, subject=experiment, by=by, name=experiment.name, feature=experiment.feature, **data)
