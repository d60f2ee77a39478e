"""`manage.py evaluate retrieval DATASET ...`: offline evaluation with the product's own code (contract section 9)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from assist.evaluation import retrieval
from helpdesk.core.errors import HelpdeskError
from helpdesk.management.progress import bars


class Command(BaseCommand):
    help = "Measures the product on labelled files in a scratch store; the company's data is neither read nor touched."

    def add_arguments(self, parser: CommandParser) -> None:
        tasks = parser.add_subparsers(dest="task", required=True)
        one = tasks.add_parser("retrieval", help="does search find the right article?")
        one.add_argument("dataset", type=Path)
        one.add_argument("--articles", type=Path, required=True)
        one.add_argument("--cases", type=Path, help="past solved cases to learn from")
        one.add_argument("--first-cases", type=int, help="only the first N of them")
        one.add_argument("--turns", type=int, default=0, help="look after the customer's T-th turn (0: all)")
        one.add_argument("--json", type=Path, help="write every figure and item here")

    def handle(self, *, task: str, **options: Any) -> None:
        try:
            with bars() as shown:
                result = retrieval.evaluate(
                    options["dataset"],
                    articles=options["articles"],
                    cases_file=options["cases"],
                    first_cases=options["first_cases"],
                    turns=options["turns"],
                    progress=shown.show,
                )
        except (HelpdeskError, OSError, KeyError) as problem:
            raise CommandError(str(problem)) from problem
        if options["json"]:
            options["json"].write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
        for name, value in result.items():
            if name != "items":
                self.stdout.write(f"{name:<18}{value}")
