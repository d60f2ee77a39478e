"""`manage.py import_customers FILE [--map email=E-Mail …] [--dry-run]`: customers of another system, from CSV, JSON or JSON Lines."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from customers import importing
from helpdesk.core.errors import Invalid
from helpdesk.management.progress import bars

SHOWN = 20  # reasons for rows left out


class Command(BaseCommand):
    help = "Imports customers from a .csv, .json or .jsonl file. Safe to repeat."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", type=Path)
        parser.add_argument("--map", action="append", default=[], metavar="FIELD=COLUMN", help="what a column means; the rest is guessed")
        parser.add_argument("--dry-run", action="store_true", help="say what would happen, and change nothing")
        parser.add_argument("--region", default="", help="country of phone numbers without one, for example DK")
        parser.add_argument("--keep-others", action="store_true", help="keep other columns as attributes")

    def handle(self, *, path: Path, map: list[str], dry_run: bool, region: str, keep_others: bool, **_: Any) -> None:
        try:
            mapping = importing.guess(importing.columns_of(path)) | dict(_pair(given) for given in map)
            self.stdout.write("Columns: " + ", ".join(f"{ours} = {column}" for ours, column in mapping.items()))
            with bars() as shown:
                report = importing.import_customers(
                    path,
                    mapping=mapping,
                    dry_run=dry_run,
                    region=region or None,
                    keep_others=keep_others,
                    progress=lambda done: shown.show("customers", done),
                )
        except FileNotFoundError as missing:
            raise CommandError(f"{path} is not there.") from missing
        except Invalid as problem:
            raise CommandError(problem.detail) from problem
        self._tell(report, dry_run)

    def _tell(self, report: importing.Report, dry_run: bool) -> None:
        counts = ", ".join(f"{count} {result}" for result, count in report.counts.items())
        self.stdout.write(f"{'Tried, nothing was changed: ' if dry_run else ''}{counts}.")
        for one in report.skipped[:SHOWN]:
            self.stdout.write(f"  left out {one['source']}: {one['reason']}")
        if len(report.skipped) > SHOWN:
            self.stdout.write(f"  … and {report.counts['skipped'] - SHOWN} more.")


def _pair(given: str) -> tuple[str, str]:
    ours, equals, column = given.partition("=")
    if not equals:
        raise CommandError(f"--map wants FIELD=COLUMN, not {given!r}.")
    return ours.strip(), column.strip()
