"""Runs the steps of a workflow: times each, notes its outcome, and never lets one failure lose the ticket."""

from __future__ import annotations

import contextvars
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass, field, is_dataclass
from functools import cache
from typing import Any, TypeVar, cast

from django.db import connection, connections, transaction

log = logging.getLogger(__name__)
T = TypeVar("T")
ENGINE = "local"


@dataclass
class Step:
    """One step as it is recorded; tokens and cost belong to language models."""

    name: str
    ms: float
    engine: str = ENGINE
    tokens_in: int = 0
    tokens_out: int = 0
    cost_usd: float = 0.0
    error: str = ""
    inputs: tuple[str, ...] = ()  # the steps whose values it read
    output: Any = None


@dataclass(frozen=True)
class Job:
    """A step that may run beside others."""

    name: str
    work: Callable[[], Any]
    otherwise: Any
    inputs: tuple[str, ...] = ()


@dataclass
class Recorder:
    threads: bool = True  # whether steps may run in threads of their own, each with its own connection
    steps: list[Step] = field(default_factory=list)
    started: float = field(default_factory=time.perf_counter)

    def step(self, name: str, work: Callable[[], T], otherwise: T) -> T:
        """The step's value; when it fails, `otherwise`, and the error stands on the record."""
        step, value = _timed(Job(name, work, otherwise))
        self.steps.append(step)
        return cast("T", value)

    def prepare(self, name: str, work: Callable[[], T], otherwise: T) -> T:
        """Something that all steps stand on: on the record only when it fails."""
        step, value = _timed(Job(name, work, otherwise))
        if step.error:
            self.steps.append(step)
        return cast("T", value)

    def side_by_side(self, *jobs: Job) -> list[Any]:
        """Run independent steps at once and return their values in order.

        Inside a transaction they run one after the other: only its own connection sees what it wrote.
        """
        if len(jobs) == 1 or connection.in_atomic_block or not self.threads:
            done = [_timed(job) for job in jobs]
        else:
            waiting = [_helpers().submit(contextvars.copy_context().run, _in_thread, job) for job in jobs[1:]]
            first = _timed(jobs[0])
            done = [first, *(one.result() for one in waiting)]
        self.steps.extend(step for step, _ in done)
        return [value for _, value in done]

    @property
    def errors(self) -> list[str]:
        return [f"{step.name}: {step.error}" for step in self.steps if step.error]

    @property
    def total_ms(self) -> float:
        return round((time.perf_counter() - self.started) * 1000, 2)


def _timed(job: Job) -> tuple[Step, Any]:
    started = time.perf_counter()
    try:
        with _savepoint():
            value = job.work()
            error = str(getattr(value, "error", ""))  # a value may know that it is only half of what it should be
    except Exception as failure:  # whatever it was: it is on the record, and the next steps go on with what there is
        log.exception("triage_step_failed", extra={"step": job.name})
        value, error = job.otherwise, f"{type(failure).__name__}: {failure}"[:1000]
    ms = round((time.perf_counter() - started) * 1000, 2)
    return Step(job.name, ms, error=error, inputs=job.inputs, output=plain(value)), value


def _savepoint() -> AbstractContextManager[Any]:
    """A failed statement must not take the caller's transaction with it; without one, none is opened for thinking."""
    return transaction.atomic() if connection.in_atomic_block else nullcontext()


def _in_thread(job: Job) -> tuple[Step, Any]:
    try:
        return _timed(job)
    finally:
        connections.close_all()  # back to the pool: this thread may not be asked again for an hour


@cache
def _helpers() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=2, thread_name_prefix="triage")


def plain(value: Any) -> Any:
    """A value as JSON types. Whatever offers `shown()` decides itself what is worth keeping."""
    if hasattr(value, "shown"):
        return value.shown()
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    return [plain(one) for one in value] if isinstance(value, list | tuple) else value
