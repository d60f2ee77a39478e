"""`manage.py demo`: (re)loads the demonstration company."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from helpdesk.demo import loading, sign_in


class Command(BaseCommand):
    help = "Loads the demonstration company. Repeating it replaces what it loaded before and touches nothing else."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--if-empty", action="store_true", help="only where nobody works yet: the first start")

    def handle(self, *_args: Any, if_empty: bool, **_options: Any) -> None:
        sign_in.refuse_off_loopback()
        if if_empty and not loading.is_empty():
            return
        with loading.progress_bars() as progress:
            progress.disable = not sys.stdout.isatty() and if_empty  # a log wants the result, not the bars
            loaded = loading.load(progress)
        self.stdout.write("    Loaded " + ", ".join(f"{count} {what}" for what, count in loaded.counts.items()))
        for remark in loaded.remarks:
            self.stdout.write(f"    {remark}")
        if not if_empty:
            self.stdout.write(sign_in.path().read_text(encoding="utf-8").rstrip())
