"""A partner's own server, which takes what we send, or misbehaves when asked to.

receiver.does(500, 200)            # statuses, one after the other; the last one stays
receiver.does(slow, moved, huge)   # or behaviours
receiver.got                       # what came in: path, headers, body
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from helpdesk.core.models import User, Webhook
from helpdesk.partners.webhooks import managing


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        behave = self.server.take(self.path, dict(self.headers), body)
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            behave(self) if callable(behave) else self.answer(behave)
        self.close_connection = True

    do_GET = do_POST

    def answer(self, status: int, body: bytes = b"ok", **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Quiet."""


class Receiver(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.got: list[tuple[str, dict[str, str], bytes]] = []
        self.lock, self.over = threading.Lock(), threading.Event()
        self._next: list[Any] = [200]
        self.url = f"http://127.0.0.1:{self.server_address[1]}/hook"

    def does(self, *behaviours: int | Callable[[Handler], None]) -> None:
        self._next = list(behaviours)

    def take(self, path: str, headers: dict[str, str], body: bytes) -> Any:
        with self.lock:
            self.got.append((path, headers, body))
            return self._next.pop(0) if len(self._next) > 1 else self._next[0]


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    settings.OUTBOUND_ALLOW = ["127.0.0.0/8"]
    server = Receiver()
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield server
    server.over.set()
    server.shutdown()
    server.server_close()


@pytest.fixture
def webhook(receiver: Receiver, priya: User) -> Webhook:
    """Hears of everything."""
    return managing.create(name="Partner", url=receiver.url, kinds=[], by=priya)[0]
