"""`manage.py lmtpd`: takes mail by LMTP and SMTP. `250` only when the mail is stored."""

from __future__ import annotations

import asyncio
import signal
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from tickets.channels.lmtp import Server


class Command(BaseCommand):
    help = "Takes mail by LMTP and SMTP for an MTA; answers 250 only when the mail is stored."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--listen", default="127.0.0.1:8024", help="host:port, [::1]:port or unix:/path (default 127.0.0.1:8024)")

    def handle(self, *_args: Any, listen: str, **_options: Any) -> None:
        try:
            asyncio.run(self._serve(listen))
        except (OSError, ValueError, OverflowError) as error:
            raise CommandError(f"Cannot listen on {listen}: {error}") from error

    async def _serve(self, listen: str) -> None:
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        server = Server()
        address = await server.start(listen)
        self.stdout.write(f"Taking mail by LMTP and SMTP on {address}")
        self.stdout.flush()
        await stop.wait()
        await server.stop()
