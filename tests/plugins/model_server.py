"""A local server that speaks the OpenAI-compatible protocol, and misbehaves when asked to (security F14–F18).

model.says('{"label": "billing"}')           # the next answer; the last one stays
model.does(status(503), says("better"))      # one after the other
model.asked                                  # the bodies that came in
"""

from __future__ import annotations

import contextlib
import json
import queue
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

Behaviour = Callable[["Handler", dict[str, Any]], None]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: ModelServer

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.headers.append({name.lower(): value for name, value in self.headers.items()})
        behave = self.server.next(body)
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            behave(self, body)
        self.close_connection = True

    def whole(self, status: int, body: bytes, kind: str = "application/json", **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def begin_stream(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()

    def event(self, value: Any) -> None:
        self.wfile.write(f"data: {value if isinstance(value, str) else json.dumps(value)}\n\n".encode())
        self.wfile.flush()

    def piece(self, text: str) -> None:
        self.event(_made("chat.completion.chunk", [_choice(delta={"content": text})]))

    def log_message(self, *_: object) -> None:
        """Quiet."""


class ModelServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self._plan: list[Behaviour] = [says("OK")]
        self._lock = threading.Lock()
        self.gone = threading.Event()  # a behaviour that goes on and on ends here

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    def does(self, *behaviours: Behaviour) -> None:
        self._plan = list(behaviours)

    def says(self, text: str) -> None:
        self.does(says(text))

    def next(self, body: dict[str, Any]) -> Behaviour:
        with self._lock:
            self.asked.append(body)
            return self._plan.pop(0) if len(self._plan) > 1 else self._plan[0]

    @property
    def received(self) -> str:
        """All that ever came in."""
        return json.dumps(self.asked, ensure_ascii=False)


def _choice(**inside: Any) -> dict[str, Any]:
    return {"index": 0, "finish_reason": None, **inside}


def _made(kind: str, choices: list[Any], **more: Any) -> dict[str, Any]:
    return {"id": "c1", "object": kind, "created": 1, "model": "test", "choices": choices, **more}


def says(text: str, *, tokens: tuple[int, int] = (100, 20), pause: float = 0.0, cut: bool = False) -> Behaviour:
    """An answer, whole or in pieces of five characters as the question wants."""

    def behave(to: Handler, body: dict[str, Any]) -> None:
        usage = {"prompt_tokens": tokens[0], "completion_tokens": tokens[1], "total_tokens": sum(tokens)}
        if not body.get("stream"):
            choice = _choice(message={"role": "assistant", "content": text}) | {"finish_reason": "length" if cut else "stop"}
            to.whole(200, json.dumps(_made("chat.completion", [choice], usage=usage)).encode())
            return
        to.begin_stream()
        for start in range(0, len(text), 5):
            to.piece(text[start : start + 5])
            time.sleep(pause)
        to.event(_made("chat.completion.chunk", [], usage=usage))
        to.event("[DONE]")

    return behave


class Dictation:
    """An answer that a test lets out piece by piece: `say("Hello ")` … `end()`. Each `say` answers when it left (time.time())
    and `gone` is set when the other side has hung up."""

    def __init__(self) -> None:
        self._pieces: queue.Queue[str | None] = queue.Queue()
        self._left: queue.Queue[float] = queue.Queue()
        self.begun, self.gone = threading.Event(), threading.Event()

    def __call__(self, to: Handler, _: dict[str, Any]) -> None:
        to.begin_stream()
        self.begun.set()
        try:
            while (piece := self._pieces.get(timeout=60)) is not None:
                self._left.put(time.time())
                to.piece(piece)
            to.event("[DONE]")
        except OSError:
            self.gone.set()

    def say(self, text: str) -> float:
        self._pieces.put(text)
        return self._left.get(timeout=60)

    def end(self) -> None:
        self._pieces.put(None)

    def talk_until_hung_up(self) -> None:
        while not self.gone.wait(0.05):
            self._pieces.put("and on ")


def status(code: int, **headers: str) -> Behaviour:
    return lambda to, _: to.whole(code, json.dumps({"error": {"message": "no", "type": "test"}}).encode(), **headers)


def raw(body: bytes, kind: str = "application/json", **headers: str) -> Behaviour:
    """200 and these bytes."""
    return lambda to, _: to.whole(200, body, kind, **headers)


def drips(to: Handler, _: dict[str, Any]) -> None:
    """A byte now and then, for ever."""
    to.begin_stream()
    while not to.server.gone.wait(0.05):
        to.wfile.write(b":")
        to.wfile.flush()


def never_stops(to: Handler, body: dict[str, Any]) -> None:
    to.begin_stream()
    while not to.server.gone.is_set():
        if body.get("stream"):
            to.piece("and on " * 50)
        else:
            to.wfile.write(b"x" * 10_000)


def hangs_up(to: Handler, _: dict[str, Any]) -> None:
    to.connection.close()


def says_nothing(to: Handler, _: dict[str, Any]) -> None:
    to.server.gone.wait(60)


def obeys(to: Handler, body: dict[str, Any]) -> None:
    """A model that does whatever the customer's text says: its answer is what it was given."""
    says(body["messages"][-1]["content"])(to, body)


@contextlib.contextmanager
def serving() -> Iterator[ModelServer]:
    server = ModelServer()
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield server
    finally:
        server.gone.set()
        server.shutdown()
        server.server_close()


@pytest.fixture
def model(settings: Any) -> Iterator[ModelServer]:
    """The server, set up as the provider."""
    with serving() as server:
        settings.OPENAI_BASE_URL, settings.OPENAI_API_KEY, settings.LLM_MODEL = server.url, "a key for tests", "test-1"
        yield server


@pytest.fixture(scope="module")
def far_model() -> Iterator[ModelServer]:
    """The server for a stack, which a module sets up as the provider by its `url`."""
    with serving() as server:
        yield server
