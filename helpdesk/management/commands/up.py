"""`manage.py up`: the whole helpdesk in the foreground. manage.py has had the servers started before this runs."""

from __future__ import annotations

import fcntl
import gc
import os
import signal
import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from helpdesk.core import embedded
from helpdesk.core.embedded.choice import start_what_is_missing
from helpdesk.management.stack import ports, steps
from helpdesk.management.stack.parts import parts, preload
from helpdesk.management.stack.supervisor import Supervisor

LOOPBACK = {"127.0.0.1", "localhost", "::1"}
LONGEST_START = 60.0  # seconds until we say which part is still missing
WORKER_MAY_LAG = 10.0  # seconds that "Ready" waits for the first heartbeat once pages and mail answer


class Command(BaseCommand):
    help = "Runs the helpdesk: web, mail door, worker and scheduler in one foreground process group, until Ctrl-C."
    requires_system_checks = ()  # they run as a step of their own, in a child

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default=os.environ.get("HOST", "127.0.0.1"), help="address of pages and API (HOST)")
        parser.add_argument("--port", type=int, default=os.environ.get("PORT", "8000"), help="port of pages and API (PORT)")
        parser.add_argument("--mail-host", default=os.environ.get("MAIL_HOST", "127.0.0.1"), help="address of the mail door (MAIL_HOST)")
        parser.add_argument("--mail-port", type=int, default=os.environ.get("MAIL_PORT", "8024"), help="port of the mail door (MAIL_PORT)")
        parser.add_argument("--threads", type=int, default=os.environ.get("WORKER_THREADS", "2"), help="tasks at once (WORKER_THREADS)")

    def handle(self, *, host: str, port: int, mail_host: str, mail_port: int, threads: int, **_: Any) -> None:
        self.began = time.monotonic()
        self.web, self.mail = (host, port), (mail_host, mail_port)
        self.ready = False
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # until the supervisor listens, TERM is Ctrl-C
        try:
            failed = self._run(threads)
        except KeyboardInterrupt:
            failed = ""
        embedded.release(settings.DATA_DIR, wait=True)
        if failed:
            raise CommandError(failed)
        self._say("Stopped.")

    def _run(self, threads: int) -> str:
        only_one = self._only_one()
        listening = ports.listen(*self.web, "PORT")
        ports.check_free(*self.mail, "MAIL_PORT")
        self._prepare()
        preload()
        gc.collect()
        gc.freeze()  # the collector would touch, and so copy, every page that the parts share
        failed = Supervisor(parts(listening, *self.mail, threads), self._say, self._look).run()
        listening.close()
        os.close(only_one)
        return failed

    def _prepare(self) -> None:
        steps.run("Checking the settings", steps.check_settings)
        steps.run("Updating the database", steps.update_database)
        steps.run("Preparing the language model", steps.prepare_model)
        if steps.static_files_changed():
            steps.run("Collecting static files", steps.collect_static)
        if self._with_demo():
            steps.run("Loading the demonstration company (first start only)", steps.load_demo)

    def _with_demo(self) -> bool:
        """Its sign-ins exist on this machine's own address only."""
        return os.environ.get("DEMO", "1") not in ("0", "no", "false") and self.web[0] in LOOPBACK and settings.ON_LOOPBACK

    def _only_one(self) -> int:
        handle = os.open(settings.DATA_DIR / "up.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            running = os.read(handle, 100).decode().strip()
            raise CommandError(
                f"A helpdesk already runs in {settings.DATA_DIR} ({running}): stop it first, or choose another DATA_DIR."
            ) from None
        os.ftruncate(handle, 0)
        os.write(handle, f"process {os.getpid()}, {self._address()}\n".encode())
        return handle

    def _address(self) -> str:
        host, port = self.web
        return f"http://{f'[{host}]' if ':' in host else host}:{port}"

    def _say(self, sentence: str) -> None:
        self.stdout.write(sentence)
        self.stdout.flush()

    def _look(self) -> None:
        """Every half second: is it ready yet, and are the embedded servers still kept?"""
        if not self.ready:
            self._check_ready()
        if not (os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL")) and not embedded.is_kept(settings.DATA_DIR):
            self._say("PostgreSQL and Redis have ended; they are started again.")
            start_what_is_missing(self._say)

    def _check_ready(self) -> None:
        health = ports.health(*self.web, settings.SITE_HOST)
        waited = time.monotonic() - self.began
        if health and health["status"] != "unhealthy" and ports.accepts(*self.mail):
            if health["components"].get("worker") == "healthy" or waited > WORKER_MAY_LAG:
                self.ready = True
                self._welcome(health)
        elif waited > LONGEST_START:
            self.began = time.monotonic()
            self._say(f"Still waiting: {health or 'the web part does not answer yet'}.")

    def _welcome(self, health: dict[str, Any]) -> None:
        lagging = [f"{name}: {state}" for name, state in health["components"].items() if state in ("degraded", "unhealthy")]
        if lagging:
            self._say(f"Started, with limits ({', '.join(lagging)}).")
        self._say(f"Ready: {self._address()}")
        sign_in = Path(settings.DATA_DIR) / "demo-sign-in.txt"
        if self._with_demo() and sign_in.exists():
            self._say(sign_in.read_text().rstrip())
        else:
            self._say("First sign-in: `.venv/bin/python manage.py setup` prints an invite link for the first administrator.")
        self._say(f"Mail by LMTP or SMTP: {self.mail[0]}:{self.mail[1]}. Ctrl-C stops everything.")
