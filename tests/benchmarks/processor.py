"""Processor time of the parts of a running stack: what load on the machine cannot blur."""

from __future__ import annotations

import time

import psutil  # type: ignore[import-untyped]

from tests.plugins.stack import Stack

LOOKED_AT = ("web", "triage", "worker", "postgres", "redis")


def spent(stack: Stack) -> dict[str, float]:
    """Seconds that each part has used so far, PostgreSQL's backends included; and this process, the one that loads it."""
    parts = stack.parts()
    found = {name: _of(psutil.Process(parts[name])) for name in LOOKED_AT}
    return {**found, "generator": time.process_time()}


def since(before: dict[str, float], stack: Stack) -> dict[str, float]:
    now = spent(stack)
    return {name: now[name] - before[name] for name in before}


def in_words(used: dict[str, float], pieces: int) -> str:
    """Milliseconds for each piece of work."""
    shown = {**used, "all but the generator": sum(seconds for name, seconds in used.items() if name != "generator")}
    return ", ".join(f"{name} {seconds * 1000 / max(1, pieces):.2f}" for name, seconds in shown.items())


def _of(process: psutil.Process) -> float:
    """Its own time, that of its children, and of those that have ended."""
    own = process.cpu_times()
    seconds = own.user + own.system + own.children_user + own.children_system
    for child in process.children(recursive=True):
        try:
            times = child.cpu_times()
        except psutil.NoSuchProcess:
            continue
        seconds += times.user + times.system
    return float(seconds)
