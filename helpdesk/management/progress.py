"""Progress bars for long commands: drawn on a terminal, silent in a log."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn


class Bars:
    """One bar for each kind of work that reports: `bars.show("articles", 12, 80)`."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._bars: dict[str, TaskID] = {}

    def show(self, what: str, done: int, of: int | None = None) -> None:
        """Set how much of this work is done; without a total the bar only moves."""
        if what not in self._bars:
            self._bars[what] = self._progress.add_task(what.capitalize(), total=of)
        self._progress.update(self._bars[what], completed=done, total=of)


@contextmanager
def bars() -> Iterator[Bars]:
    """Bars on standard error, so that what a command prints can still be piped."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description:<12}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        yield Bars(progress)
