"""`manage.py count_waits`: waits in business hours for tickets older than that count, and their days' figures. Once is enough."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from helpdesk.backoffice.metrics import rollup
from helpdesk.management.progress import bars
from tickets import waits


class Command(BaseCommand):
    help = "Counts how long customers waited in business hours where that is not known; safe to interrupt and repeat."

    def handle(self, **_: Any) -> None:
        left = waits.uncounted().count()
        with bars() as shown:
            done = waits.fill(lambda so_far: shown.show("tickets", so_far, left))
        if done:
            rollup.rebuild()
        self.stdout.write(f"{done} tickets counted.")
