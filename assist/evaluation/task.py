"""What every task of `manage.py evaluate` gives back; the command prints, writes and compares it."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from .comparing import Measure
from .report import Chart, Table

Progress = Callable[[str, int, int], None]  # what, how many done, of how many


@dataclass(frozen=True)
class Outcome:
    """`result` is the JSON of contract section 9, `items` included; `share` names its share of right answers."""

    title: str
    result: dict[str, Any]
    share: str
    charts: Sequence[Chart] = ()
    tables: Sequence[Table] = ()
    measures: Mapping[str, Measure] = field(default_factory=dict)  # what --compare puts beside the share


class Task(Protocol):
    """A module with these names is a task."""

    HELP: str

    def add_arguments(self, parser: ArgumentParser) -> None: ...

    def run(self, options: Mapping[str, Any], progress: Progress) -> Outcome:
        """Raises HelpdeskError with what is wrong in the input."""
        ...
