"""`manage.py retention`: delete what is older than its policy allows. The scheduler runs it; `--dry-run` only counts."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from customers import retention


class Command(BaseCommand):
    help = "Deletes remembered data that is older than its retention policy allows."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="count what would go, and delete nothing")

    def handle(self, *, dry_run: bool, **_: Any) -> None:
        for policy in retention.policies():
            if not policy.enabled:
                self.stdout.write(f"{policy.data_type}: kept (no policy is on).")
        done, verb = (retention.counts(), "would go") if dry_run else (retention.run(), "deleted")
        for data_type, number in done.items():
            self.stdout.write(f"{data_type}: {number} {verb}.")
