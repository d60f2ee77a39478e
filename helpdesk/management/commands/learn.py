"""`manage.py learn`: fit what is due anew from people's decisions. The scheduler runs it; `--all` fits everything now."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from assist.learning import refreshing


class Command(BaseCommand):
    help = "Learns from corrections and solved tickets what is due to be learned."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--all", action="store_true", help="whether it is due or not")

    def handle(self, *, all: bool, **_: Any) -> None:
        for field in refreshing.FEWEST if all else refreshing.due():
            model = refreshing.refresh(field)
            if model is None:
                self.stdout.write(f"{field}: not enough to learn from yet.")
            else:
                accuracy = f", {model.accuracy:.1%} right on held-out tickets" if model.accuracy is not None else ""
                self.stdout.write(f"{field}: learned from {model.examples} examples in {model.seconds:.1f} s{accuracy}.")
