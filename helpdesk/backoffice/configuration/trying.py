"""Experiments in the file: what is tried and how it is judged, not what came of it.

A prompt stands there with its words, for the numbers of versions are each installation's own.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from assist.experiments import running
from assist.models import Experiment, ExperimentArm
from helpdesk.core.errors import Invalid
from helpdesk.core.llm import prompts
from helpdesk.core.models import PromptVersion, User

Row = dict[str, Any]
FIELDS = ("name", "feature", "unit", "metric", "minimum", "guards")
ARM = ("name", "engine", "model", "weight")
_Name = StringConstraints(min_length=1, pattern=r"^[^\x00]+$")


class _Arm(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    name: Annotated[str, _Name, Field(max_length=60)]
    engine: Literal["model", "local"]
    model: Annotated[str, Field(max_length=100, pattern=r"^[^\x00]*$")]
    prompt: Annotated[str, Field(max_length=prompts.LONGEST)] | None  # None: what is in use when it starts
    weight: Annotated[int, Field(ge=1, le=1000)]


class _Experiment(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    name: Annotated[str, _Name, Field(max_length=120)]
    feature: str
    unit: str
    metric: str
    minimum: Annotated[int, Field(ge=Experiment.LEAST_MINIMUM, le=1_000_000)]
    guards: dict[str, Annotated[float, Field(ge=0, le=1000, allow_inf_nan=False)]]
    arms: list[_Arm]


def experiment_rows() -> list[Row]:
    """Each as it was written, whatever became of it. Two statements, and one for each prompt that is tried."""
    return [_row(one) for one in Experiment.objects.prefetch_related("arms").order_by("created_at", "pk")]


def write_experiments(rows: list[Row], by: User | None, remove: bool) -> None:
    """A new one is a draft; a draft that differs is written anew. One that ran already stays as it is, and none is removed."""
    here = list(Experiment.objects.prefetch_related("arms").order_by("created_at", "pk"))
    differs: list[_Experiment] = []
    for number, row in enumerate(rows):
        wanted, same = _read(number, row), next((one for one in here if _row(one) == row), None)
        if same is None:
            differs.append(wanted)
        else:
            here.remove(same)
    for wanted in differs:
        there = next((one for one in here if one.name == wanted.name), None)
        if there is not None:
            here.remove(there)
        if there is None or there.state == Experiment.State.DRAFT:
            _write(wanted, there, by)


def _read(number: int, row: Row) -> _Experiment:
    try:
        return _Experiment.model_validate(row)
    except ValidationError as wrong:
        first = wrong.errors()[0]
        raise Invalid(f"[{number}].{'.'.join(map(str, first['loc']))}: {first['msg']}") from wrong


def _write(wanted: _Experiment, there: Experiment | None, by: User | None) -> None:
    arms = [
        {**one.model_dump(include=set(ARM)), "prompt_number": None if one.prompt is None else _number(wanted.feature, one.prompt, by)}
        for one in wanted.arms
    ]
    running.save(wanted.model_dump(include=set(FIELDS)), arms, by=by, experiment=there)


def _row(one: Experiment) -> Row:
    arms = [{name: getattr(arm, name) for name in ARM} | {"prompt": _words(one.feature, arm)} for arm in one.arms.all()]
    return {name: getattr(one, name) for name in FIELDS} | {"arms": arms}


def _words(feature: str, arm: ExperimentArm) -> str | None:
    return None if arm.prompt_number is None else prompts.find(feature).wording(arm.prompt_number).text


def _number(feature: str, text: str, by: User | None) -> int:
    """The version of these words. Where there is none it is written into the history, and what is in use stays in use."""
    prompt, text = prompts.find(feature), text.replace("\r\n", "\n").strip()  # as a version is kept
    if prompt.text == text:
        return 0
    known = PromptVersion.objects.filter(name=feature, text=text).order_by("-number").values_list("number", flat=True).first()
    if known is not None:
        return known
    before = prompt.current()
    made = prompt.save(text, note="configuration file", after=before.number, by=by).number
    prompt.save(before.text, note="configuration file", after=made, by=by)
    return made
