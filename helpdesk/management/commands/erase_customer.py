"""`manage.py erase_customer ID`: erase a person everywhere and print the receipt. `--replay FILE` does it again after a restore.

`--shred` writes the database's files anew without what was deleted.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

from customers import erasure, shredding
from customers.models import Customer


class Command(BaseCommand):
    help = "Erases a customer from every store and prints a receipt, one line of JSON. Keep the receipts away from the database."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("customer", nargs="?", help="the customer's id")
        parser.add_argument("--replay", type=Path, metavar="FILE", help="receipts, one a line: erase whom a restored backup brought back")
        parser.add_argument("--shred", action="store_true", help="afterwards, write all tables anew (locked meanwhile)")
        parser.add_argument("--stores", action="store_true", help="list every store that is asked")

    def handle(self, *, customer: str | None, replay: Path | None, stores: bool, shred: bool, **_: Any) -> None:
        if stores:
            self.stdout.write("\n".join(erasure.stores()))
        elif replay:
            receipts = erasure.again(json.loads(line)["id_hash"] for line in replay.read_text().splitlines() if line.strip())
            self.stdout.write("\n".join(json.dumps(one.receipt) for one in receipts) or "Nobody had come back.")
        elif customer:
            self.stdout.write(json.dumps(self._erased(customer).receipt))
        elif not shred:
            raise CommandError("Give a customer's id, --replay FILE, --shred or --stores.")
        if shred:
            done = sum(1 for _table in shredding.shred())
            self.stderr.write(f"{done} tables were written anew.")

    def _erased(self, customer: str) -> Any:
        try:
            return erasure.erase(UUID(customer))
        except (ValueError, Customer.DoesNotExist):
            raise CommandError("No customer has this id.") from None
