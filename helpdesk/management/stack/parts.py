"""The parts of a running helpdesk. Each function runs in its own child until it is told to stop."""

import os
import socket
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from threading import Thread

from celery.signals import worker_ready
from django.core.management import call_command

from assist.triage.warming import warm
from helpdesk.celery import app
from helpdesk.core.tasks import heartbeat

# One WebSocket message of the contract is a chat line; more than this is an attack (security.md, finding 10).
LARGEST_SOCKET_MESSAGE = 65_536
HANDSHAKE = 30  # seconds: after a restart every window comes back at once, and daphne throws out whoever waits for more than five
# Of the workers: who waits for a page or an answer comes before what is understood later. With two busy cores it makes
# the difference between 3,500 and 110 ms (p95) for a partner's new ticket (tests/benchmarks/test_api_load.py).
YIELDS = 10


@dataclass(frozen=True)
class Part:
    """`patience`: seconds it may take to stop before it is killed."""

    name: str
    work: Callable[[], object]
    patience: float


def parts(web: socket.socket, mail_host: str, mail_port: int, threads: int) -> list[Part]:
    """In the order in which they stop: nothing new comes in, then what is running ends (tasks end within 120 s)."""
    return [
        Part("web", lambda: run_web(web), 15),
        Part("mail", lambda: run_mail(mail_host, mail_port), 15),
        Part("phones", lambda: call_command("listen_telephony"), 15),
        Part("worker", lambda: run_worker("helpdesk", threads), 130),
        Part("triage", lambda: run_worker("thinking", threads), 130),
        Part("writer", lambda: run_worker("asking", threads), 130),
        Part("beat", run_beat, 10),
    ]


def preload() -> None:
    """Import what several parts use, so that one copy in memory serves them all. Nothing here may start a thread."""
    for module in ("helpdesk.urls", "celery.apps.worker", "celery.apps.beat", "django_celery_beat.schedulers", "kombu.transport.redis"):
        import_module(module)


def run_web(listening: socket.socket) -> None:
    """Pages, API and sockets by one daphne, on the port that the supervisor holds."""
    from daphne.cli import CommandLineInterface  # noqa: PLC0415  Twisted installs its reactor on import: only here

    CommandLineInterface().run(
        [
            "--fd", str(listening.fileno()), "--verbosity", "0", "--no-server-name", "--application-close-timeout", "5",
            "--websocket_connect_timeout", str(HANDSHAKE),
            "--websocket-max-message-size", str(LARGEST_SOCKET_MESSAGE), "--websocket-max-frame-size", str(LARGEST_SOCKET_MESSAGE),
            "helpdesk.asgi:application",
        ]
    )  # fmt: skip


def run_worker(queue: str, threads: int) -> None:
    """Celery's worker for one queue, by its class: its command line would bring 15 MB of terminal tools along.

    Only the one that thinks holds the language model, so that two cores are used and its memory is spent once.
    """
    os.nice(YIELDS)
    if queue == "thinking":
        worker_ready.connect(lambda **_: Thread(target=warm, name="warming", daemon=True).start(), weak=False)
    elif queue == "helpdesk":
        worker_ready.connect(lambda **_: heartbeat(), weak=False)  # /health need not wait for the scheduler's first beat
    warnings.filterwarnings("ignore", message="You're running the worker with superuser privileges")
    options = {"pool": "threads", "loglevel": "WARNING", "quiet": True, "without_gossip": True, "without_mingle": True}
    worker = app.Worker(hostname=f"{queue}@{socket.gethostname()}", queues=[queue], concurrency=threads, **options)
    worker.start()
    sys.exit(worker.exitcode)


def run_beat() -> None:
    """Celery's scheduler; the schedule is in the database."""
    app.Beat(loglevel="WARNING", quiet=True).run()


def run_mail(host: str, port: int) -> None:
    """The mail door."""
    call_command("lmtpd", listen=f"{host}:{port}")
