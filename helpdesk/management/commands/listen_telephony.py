"""`manage.py listen_telephony`: keeps the lines open to telephony systems that we listen to (Genesys Cloud)."""

from __future__ import annotations

import signal
from threading import Event
from typing import Any

from django.core.management.base import BaseCommand

from assist.acd import listening


class Command(BaseCommand):
    help = "Listens to the telephony systems that are set up for it, until it is told to stop."

    def handle(self, *_args: Any, **_options: Any) -> None:
        stop = Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        listening.run(stop)
