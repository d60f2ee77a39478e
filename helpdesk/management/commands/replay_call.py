"""`manage.py replay_call FILE.json … --speed 4`: transcripts as live calls, through the interface of contract section 1."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Event
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from helpdesk.core.models import ApiKey
from helpdesk.management.progress import Bars, bars
from helpdesk.management.replaying import Door, Manner, Refused, Transcript, play, read
from helpdesk.management.stack.ports import running_at

KEY_LIFETIME = timedelta(hours=12)  # of the key that a replay makes for itself; it is revoked at its end
FASTEST = 1000


class Command(BaseCommand):
    help = "Plays transcripts as live calls against a running helpdesk. Ctrl-C ends the calls as abandoned."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE.json", help="several are played at once")
        parser.add_argument("--speed", type=float, default=1.0, help="times faster than it was spoken (default 1)")
        parser.add_argument("--partials", action="store_true", help="show words while they are spoken, as recognisers do")
        parser.add_argument("--loop", action="store_true", help="again and again, until Ctrl-C")
        parser.add_argument("--url", default="", help="the helpdesk to call (default: the one that runs here)")
        parser.add_argument("--key", default="", help="an API key that may write calls (default: one for this replay)")

    def handle(self, *, files: list[Path], speed: float, partials: bool, loop: bool, url: str, key: str, **_options: Any) -> None:
        if not 0 < speed <= FASTEST:
            raise CommandError(f"--speed is a number above 0 and up to {FASTEST}.")
        try:
            transcripts = [read(file) for file in files]
        except (OSError, ValueError, json.JSONDecodeError) as problem:
            raise CommandError(str(problem)) from problem
        own = None if key else _own_key()
        door = Door(url or running_at(Path(settings.DATA_DIR)) or settings.SITE_URL, key or own[1])  # type: ignore[index]
        try:
            self._play(transcripts, door, Manner(speed, partials, Event()), loop=loop)
        except Refused as refused:
            raise CommandError(str(refused)) from refused
        finally:
            if own:
                own[0].revoked_at = timezone.now()
                own[0].save(update_fields=["revoked_at"])

    def _play(self, transcripts: list[Transcript], door: Door, manner: Manner, *, loop: bool) -> None:
        with bars() as shown, ThreadPoolExecutor(max_workers=len(transcripts)) as pool:
            going = [pool.submit(self._one, one, door, manner, shown, loop=loop) for one in transcripts]
            try:
                for one in going:
                    one.result()
            except KeyboardInterrupt:
                self.stderr.write("Ending the calls …")
            finally:
                manner.stop.set()  # whoever still speaks hangs up

    def _one(self, transcript: Transcript, door: Door, manner: Manner, shown: Bars, *, loop: bool) -> None:
        while not manner.stop.is_set():
            ended = play(transcript, door, manner, lambda done, of: shown.show(transcript.name, done, of))
            self.stdout.write(f"{transcript.name}: {ended['status']}, {ended['heard']} sentences, ticket {ended.get('ticket_id') or '-'}")
            if not loop:
                return


def _own_key() -> tuple[ApiKey, str]:
    return ApiKey.issue("replay_call", scopes=["calls:read", "calls:write"], expires_at=timezone.now() + KEY_LIFETIME)
