"""`manage.py verify_audit`: walk the chain of the audit. Exit code 1 names the first entry that does not hold."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from customers import access_log
from helpdesk.core.audit import chain


class Command(BaseCommand):
    help = "Checks that no entry of the audit was changed, removed, inserted or moved. Keep anchors on another machine."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--anchor", type=Path, metavar="FILE", help="add the newest link to this file, one line of JSON")
        parser.add_argument("--against", type=Path, metavar="FILE", help="every link in this file must be in the chain")

    def handle(self, *, anchor: Path | None, against: Path | None, **_: Any) -> None:
        anchors = list(_read(against)) if against else []
        chain.seal(everywhere=True)
        broken = chain.verify(anchors)
        if broken:
            raise CommandError(f"The audit is broken at entry {broken.seq}: {broken.why}.", returncode=1)
        if wrong := access_log.verify_readings():
            raise CommandError(f"The log of readings does not fit the audit: {wrong}.", returncode=1)
        head = chain.head()
        if anchor:
            with anchor.open("a") as file:
                file.write(json.dumps({"at": timezone.now().isoformat(), "seq": head.seq, "hash": head.hash}) + "\n")
        beside = f", {len(anchors)} anchors found" if against else ""
        self.stdout.write(f"The audit is whole: {head.seq} entries{beside}. Newest: {head.hash}")


def _read(file: Path) -> Iterator[chain.Head]:
    """Raises CommandError for a file that holds something else."""
    try:
        for line in file.read_text().splitlines():
            if line.strip():
                said = json.loads(line)
                yield chain.Head(int(said["seq"]), str(said["hash"]))
    except (OSError, ValueError, KeyError, TypeError) as wrong:
        raise CommandError(f"{file} holds no anchors: {wrong!r}") from wrong
