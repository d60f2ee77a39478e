"""Triage, step by step: the ticket is read, a workflow is chosen, its steps are taken.

outcome = analyse(case, scope=Scope(viewer=agent, tickets=...))      # thinks; stores nothing
outcome.result()                                                     # contract section 4

`workflows` says which steps are taken in which order, `catalogue` what each of them needs, gives and does; a step is the file of
its name.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from . import catalogue, reading, rulebook, workflows
from .case import Case
from .outcome import Outcome, Scope
from .rulebook import Rulebook
from .steps import Job, Recorder
from .workflows import Do, Fork, Stages, Together

__all__ = ("Outcome", "Scope", "analyse")


def analyse(case: Case, *, scope: Scope, rules: Rulebook | None = None) -> Outcome:
    """Understand one ticket. A step that fails is on the record, and the rest works with what there is. Stores nothing.

    `rules` are tried in place of the company's present ones.
    """
    found, run = Outcome(case, scope, reading.without_vectors(case)), Recorder(threads=scope.threads)
    book = rules or run.prepare("rulebook", rulebook.current, rulebook.OURS)
    found.rules = book.edited
    _walk(workflows.OPENING, found, run)
    found.workflow, onward = _route(found, book, run)
    _walk(onward, found, run)
    found.steps, found.errors, found.total_ms = tuple(run.steps), tuple(run.errors), run.total_ms
    return found


def _route(found: Outcome, book: Rulebook, run: Recorder) -> tuple[str, Stages]:
    asked = partial(workflows.choose, found.facts, asked=found.scope.workflow, own=book.workflows)
    chosen = run.step("route", asked, workflows.STANDARD)
    return chosen.name, chosen.stages


def _walk(stages: Stages, found: Outcome, run: Recorder) -> None:
    for stage in stages:
        if isinstance(stage, Fork):
            _divide(stage, found, run)
        else:
            steps = stage.steps if isinstance(stage, Together) else (stage,)
            values = run.side_by_side(*(_job(do, found) for do in steps))
            for do, value in zip(steps, values, strict=True):
                catalogue.take(found, do.step, value)


def _divide(fork: Fork, found: Outcome, run: Recorder) -> None:
    """Take the first way that holds. Where none does, or the question itself fails, the workflow goes straight on."""
    way = run.step("fork", partial(fork.way, found.facts), None)
    if way is not None:
        found.routes = (*found.routes, way.name)
        _walk(way.stages, found, run)


def _job(do: Do, found: Outcome) -> Job:
    kind = catalogue.STEPS[do.step]
    before: Any = getattr(found, kind.gives)  # what stands there when the step fails
    return Job(do.step, partial(kind.work, found, do.most), before, catalogue.inputs_of(do.step))
