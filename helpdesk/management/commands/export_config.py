"""`manage.py export_config FILE`: the whole configuration as one file, without secrets. `-` writes to standard output."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from helpdesk.backoffice import configuration
from helpdesk.core.audit import note
from helpdesk.core.models import AuditEntry


class Command(BaseCommand):
    help = "Writes how this helpdesk is set up: people, teams, hours, promises, rules, prompts and the rest. No secrets, no passwords."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", help="where to; - is standard output")

    def handle(self, *, file: str, **_: Any) -> None:
        text = configuration.as_text()
        note(AuditEntry.Act.EXPORTED, "configuration", label=file)
        if file == "-":
            self.stdout.write(text, ending="")
        else:
            Path(file).write_text(text)
            self.stdout.write(f"Written: {file}")
