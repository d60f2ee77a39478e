"""A Genesys Cloud for tests: its token, channel and conversation requests over HTTP, and its channels over real WebSockets."""

from __future__ import annotations

import json
import threading
from collections import deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve


class GenesysCloud:
    """`refuse` holds (path part, status, headers) that the next matching requests are answered with, one each."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.requests: list[tuple[str, str]] = []
        self.refuse: deque[tuple[str, int, dict[str, str]]] = deque()
        self.topics: dict[str, set[str]] = {}  # by channel
        self.sockets: dict[str, ServerConnection] = {}
        self.heard: list[tuple[str, str]] = []  # (channel, message) from the client
        self.calls: dict[str, dict[str, Any]] = {}
        self.tokens = 0
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._ws = serve(self._channel, "127.0.0.1", 0)
        for server in (self._http, self._ws):
            threading.Thread(target=server.serve_forever, daemon=True).start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    def close(self) -> None:
        self._ws.shutdown()
        self._http.shutdown()
        self._http.server_close()

    def wait_for(self, what: Any, seconds: float = 60) -> Any:
        """Until `what()` holds; it is looked at whenever something arrives here."""
        with self.changed:
            assert self.changed.wait_for(what, timeout=seconds), self.requests
            return what()

    def listened(self, topic: str) -> str:
        """The newest channel that is connected and has asked for this topic."""
        found = [channel for channel, topics in self.topics.items() if topic in topics and channel in self.sockets]
        return found[-1] if found else ""

    def send(self, channel: str, topic: str, body: Any) -> None:
        metadata = {"CorrelationId": f"c-{len(self.requests)}"}
        self.sockets[channel].send(json.dumps({"topicName": topic, "version": "2", "eventBody": body, "metadata": metadata}))

    def drop(self, channel: str) -> None:
        """As a cut cable: no closing handshake."""
        self.sockets[channel].socket.close()

    def _channel(self, socket: ServerConnection) -> None:
        channel = (socket.request.path if socket.request else "").rpartition("/")[2]
        self._note(lambda: self.sockets.__setitem__(channel, socket))
        try:
            for message in socket:
                self._note(lambda text=str(message): self.heard.append((channel, text)))
                if json.loads(message) == {"message": "ping"}:
                    socket.send(json.dumps({"topicName": "channel.metadata", "eventBody": {"message": "pong"}}))
        except ConnectionClosed:
            pass
        self._note(lambda: self.sockets.pop(channel, None))

    def _note(self, change: Any) -> None:
        with self.changed:
            change()
            self.changed.notify_all()

    def _answer(self, method: str, path: str, headers: Any, body: bytes) -> tuple[int, dict[str, str], Any]:
        self.requests.append((method, path))
        for one in list(self.refuse):
            if one[0] in path:
                self.refuse.remove(one)
                return one[1], one[2], {"message": "refused", "code": "x"}
        if path == "/oauth/token":
            self.tokens += 1
            return 200, {}, {"access_token": f"token-{self.tokens}", "token_type": "bearer", "expires_in": 86399}
        if headers["Authorization"] != f"Bearer token-{self.tokens}":
            return 401, {}, {"message": "Invalid login credentials.", "code": "bad.credentials"}
        return 200, {}, self._found(method, path, body)

    def _found(self, method: str, path: str, body: bytes) -> Any:
        if path == "/api/v2/notifications/channels":
            channel = f"streaming-{len(self.topics)}"
            self.topics[channel] = set()
            return {"id": channel, "connectUri": f"ws://127.0.0.1:{self._ws.socket.getsockname()[1]}/channels/{channel}"}
        if path.endswith("/subscriptions"):
            channel, asked = path.split("/")[5], {one["id"] for one in json.loads(body)}
            self.topics[channel] = asked if method == "PUT" else self.topics[channel] | asked
            return {"entities": [{"id": one} for one in sorted(asked)]}
        return self.calls.get(path.rpartition("/")[2])

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        cloud = self

        class Handler(BaseHTTPRequestHandler):
            def handle_any(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                with cloud.changed:
                    status, headers, found = cloud._answer(self.command, self.path, self.headers, body)
                    cloud.changed.notify_all()
                sent = json.dumps(found).encode()
                self.send_response(404 if found is None else status)
                for name, value in {**headers, "Content-Type": "application/json", "Content-Length": str(len(sent))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(sent)

            do_GET = do_POST = do_PUT = handle_any

            def log_message(self, *_args: Any) -> None:
                pass

        return Handler
