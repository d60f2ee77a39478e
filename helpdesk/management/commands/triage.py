"""`manage.py triage FILE.json|-`, or `--batch FILE.jsonl --workers N --out FILE.jsonl`: understand tickets; nothing is stored."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import QuerySet

from assist.triage import batch
from assist.triage.arrival import STAFF
from assist.triage.case import parse_line
from assist.triage.pipeline import Scope, analyse
from helpdesk.core.errors import HelpdeskError, Invalid
from helpdesk.management.progress import bars
from tickets.models import Ticket

MOST_SHOWN = 20
LONGEST_INPUT = 5_000_000  # characters of one ticket's JSON
MOST_WORKERS = 32


class Command(BaseCommand):
    help = "Triages one ticket (a JSON file, or - for standard input), or with --batch a file of one ticket a line. Stores nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", nargs="?", help="a ticket as JSON; - reads standard input")
        parser.add_argument("--batch", type=Path, help="one ticket a line; repeat the command to go on where it stopped")
        parser.add_argument("--workers", type=int, default=2, help="tickets at once (default 2)")
        parser.add_argument("--out", type=Path, help="results of --batch, one a line")

    def handle(self, *, file: str | None, batch: Path | None, workers: int, out: Path | None, **_: Any) -> None:
        if (file is None) == (batch is None):
            raise CommandError("Name one ticket's file (or -), or a backlog with --batch FILE.jsonl --out FILE.jsonl.")
        if file is not None:
            self._one(file)
            return
        if out is None or batch is None:
            raise CommandError("--batch needs --out FILE.jsonl.")
        if not 1 <= workers <= MOST_WORKERS:
            raise CommandError(f"--workers is a number from 1 to {MOST_WORKERS}.")
        self._many(batch, out, workers)

    def _one(self, file: str) -> None:
        try:
            text = sys.stdin.read(LONGEST_INPUT) if file == "-" else Path(file).read_text(encoding="utf-8")
            outcome = analyse(parse_line(text), scope=_operator())
        except Invalid as problem:
            raise CommandError(f"{problem.detail} {json.dumps(problem.extra.get('errors', {}))}") from problem
        except (HelpdeskError, OSError, UnicodeDecodeError) as problem:
            raise CommandError(str(problem)) from problem
        self.stdout.write(json.dumps(outcome.result(), indent=2, ensure_ascii=False))

    def _many(self, source: Path, out: Path, workers: int) -> None:
        try:
            if out.exists() and out.samefile(source):
                raise CommandError("--out must not be the file that is read.")
            with source.open("rb") as lines:
                total = sum(1 for _line in lines)
            with bars() as shown:
                report = batch.run(
                    source, out, workers=workers, scope=_operator(), progress=lambda done: shown.show("tickets", done, total)
                )
        except OSError as problem:
            raise CommandError(str(problem)) from problem
        self.stderr.write(f"{report.done} tickets triaged, {report.skipped} were done before, {report.failed} lines could not be read.")
        for line in report.errors[:MOST_SHOWN]:
            self.stderr.write(f"  {line}")
        if report.failed > MOST_SHOWN:
            self.stderr.write(f"  and {report.failed - MOST_SHOWN} more")


def _operator() -> Scope:
    """Whoever may run commands here may see everything."""

    def tickets(_category: str) -> QuerySet[Ticket]:
        return Ticket.objects.all()

    return Scope(viewer=STAFF, tickets=tickets)
