"""An OpenAI-compatible embedding server of a test's own."""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import numpy as np


class Provider:
    """Hashed words as meaning, so that equal words are near."""

    def __init__(self) -> None:
        self.width, self.answers_left, self.texts = 384, 10**9, 0
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                provider.answers_left -= 1
                good = provider.answers_left >= 0 and self.path.endswith("/embeddings")
                self.send_response(200 if good else 400)
                self.send_header("Content-Type", "application/json")
                self.end_headers()
                self.wfile.write(json.dumps(provider.answer(asked) if good else {"error": {"message": "gone"}}).encode())

            def log_message(self, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/v1"

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def answer(self, asked: dict[str, Any]) -> dict[str, Any]:
        self.texts += len(asked["input"])
        data = [{"object": "embedding", "index": n, "embedding": self.vector(text)} for n, text in enumerate(asked["input"])]
        return {"object": "list", "model": asked["model"], "data": data, "usage": {"prompt_tokens": 1, "total_tokens": 1}}

    def vector(self, text: str) -> list[float]:
        found = np.full(self.width, 0.01)
        for word in text.lower().split():
            found[sum(map(ord, word.strip(".,?!"))) % self.width] += 1
        return [float(one) for one in found]
