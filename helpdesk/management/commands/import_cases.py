"""`manage.py import_cases FILE.jsonl`: past solved work for search to learn from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from helpdesk.core.errors import HelpdeskError
from helpdesk.management.progress import bars
from knowledge.case_importing import import_cases

MOST_SHOWN = 20


class Command(BaseCommand):
    help = 'Imports solved cases, one {"id", "turns" or "text", "article", ...} a line. Safe to repeat.'

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", type=Path)

    def handle(self, *, path: Path, **_: Any) -> None:
        try:
            with path.open(encoding="utf-8") as lines:
                total = sum(1 for line in lines if line.strip())
            with bars() as shown:
                report = import_cases(path, progress=lambda done: shown.show("cases", done, total))
        except (HelpdeskError, OSError, UnicodeDecodeError) as problem:
            raise CommandError(str(problem)) from problem
        self.stdout.write(f"{report.stored} cases stored, {report.linked} of them linked to an article.")
        for line in report.skipped[:MOST_SHOWN]:
            self.stdout.write(f"  {line}")
        if len(report.skipped) > MOST_SHOWN:
            self.stdout.write(f"  and {len(report.skipped) - MOST_SHOWN} more")
