"""`manage.py evaluate TASK DATASET ...`: offline evaluation with the product's own code (contract section 9)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from assist.evaluation import assist_task, comparing, report, retrieval_task, triage_task
from assist.evaluation.task import Outcome, Task
from helpdesk.core.errors import HelpdeskError
from helpdesk.management.progress import bars

TASKS: Mapping[str, Task] = {"assist": assist_task, "retrieval": retrieval_task, "triage": triage_task}
UNNAMED = {"settings", "pythonpath", "verbosity", "traceback", "no_color", "force_color", "skip_checks", "json", "out", "compare"}


class Command(BaseCommand):
    help = "Measures the product on labelled files in a scratch store; the company's data is left alone."

    def add_arguments(self, parser: CommandParser) -> None:
        tasks = parser.add_subparsers(dest="task", required=True)
        for name, task in TASKS.items():
            one = tasks.add_parser(name, help=task.HELP)
            task.add_arguments(one)
            one.add_argument("--json", type=Path, metavar="FILE", help="write every figure and item here")
            one.add_argument("--out", type=Path, metavar="FILE.html", help="write a report with charts here")
            one.add_argument("--compare", type=Path, metavar="OTHER.json", help="another run's --json: difference, interval, significance")

    def handle(self, *, task: str, **options: Any) -> None:
        try:
            with bars() as shown:
                outcome = TASKS[task].run(options, shown.show)
            compared = self._compare(outcome, options["compare"])
            self._write(outcome, compared, options)
        except (HelpdeskError, OSError, KeyError) as problem:
            raise CommandError(str(problem)) from problem
        self._print(outcome, compared)

    def _compare(self, outcome: Outcome, other: Path | None) -> comparing.Comparison | None:
        if other is None:
            return None
        compared = comparing.compare(outcome.result["items"], other, share=outcome.share, measures=outcome.measures)
        outcome.result["comparison"] = compared.as_json()
        return compared

    def _write(self, outcome: Outcome, compared: comparing.Comparison | None, options: Mapping[str, Any]) -> None:
        if options["json"]:
            options["json"].write_text(json.dumps(outcome.result, indent=1) + "\n", encoding="utf-8")
        if options["out"]:
            figures = {name: value for name, value in outcome.result.items() if name not in ("items", "comparison")}
            given = {name: value.name if isinstance(value, Path) else value for name, value in options.items() if name not in UNNAMED}
            page = report.Report(outcome.title, given, figures, outcome.charts, outcome.tables, compared)
            report.write(page, options["out"])

    def _print(self, outcome: Outcome, compared: comparing.Comparison | None) -> None:
        for name, value in outcome.result.items():
            if name not in ("items", "comparison"):
                self.stdout.write(f"{name:<18}{value}")
        for line in comparing.lines(compared) if compared else ():
            self.stdout.write(line)
