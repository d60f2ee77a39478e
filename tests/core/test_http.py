"""The guarded client: where it goes, and where it never goes (security T32)."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from helpdesk.core import http


class Canary(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.server.visits.append(self.path)  # type: ignore[attr-defined]
        moved = self.path == "/moved"
        self.send_response(302 if moved else 200)
        if moved:
            self.send_header("Location", "/inside")
        body = b"x" * 5000 if self.path == "/long" else b'{"ok": true}'
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def canary() -> Iterator[Any]:
    server: Any = HTTPServer(("127.0.0.1", 0), Canary)
    server.visits = []
    server.port = server.server_address[1]
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


INSIDE = [
    "127.0.0.1",
    "2130706433",
    "0x7f.1",
    "[::ffff:127.0.0.1]",
    "[::1]",
    "localhost",
    "localhost.",
    "0.0.0.0",  # noqa: S104
    "169.254.169.254",
    "10.0.0.1",
]


@pytest.mark.parametrize("host", INSIDE)
def test_nothing_inside_is_reached(host: str, canary: Any) -> None:
    for url in (f"http://{host}:{canary.port}/", f"https://{host}/"):
        with pytest.raises((http.AddressRefused, http.Unreachable)):
            http.request("GET", url, seconds=2)
    assert canary.visits == []


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "gopher://127.0.0.1/", "ftp://example.com/", "https://user@127.0.0.1/", "https://", "not a url", ""]
)
def test_other_kinds_of_address_are_refused(url: str) -> None:
    with pytest.raises(http.AddressRefused):
        http.request("GET", url, seconds=2)


def test_an_open_port_and_a_closed_one_are_refused_in_the_same_words(canary: Any) -> None:
    said = set()
    for port in (canary.port, 1):
        with pytest.raises(http.AddressRefused) as refused:
            http.request("GET", f"http://127.0.0.1:{port}/", seconds=2)
        said.add(refused.value.detail)
    assert len(said) == 1


def test_a_name_that_leads_outside_and_inside_is_refused(canary: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    both = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443)) for address in ("93.184.215.14", "127.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_a, **_k: both)
    with pytest.raises(http.AddressRefused):
        http.request("GET", "https://rebind.example/", seconds=2)


def test_the_name_is_looked_up_once_and_the_checked_address_is_used(canary: Any, monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    settings.OUTBOUND_ALLOW = ["127.0.0.0/8"]
    looked_up: list[str] = []

    def first_only(host: str, port: int, *_a: Any, **_k: Any) -> Any:
        looked_up.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(http.socket, "getaddrinfo", first_only)
    assert http.request("GET", f"http://crm.inside.example:{canary.port}/").json() == {"ok": True}
    assert looked_up.count("crm.inside.example") == 1


def test_a_network_that_is_allowed_is_reached_and_a_redirect_is_not_followed(canary: Any, settings: Any) -> None:
    settings.OUTBOUND_ALLOW = ["127.0.0.0/8"]
    answer = http.request("GET", f"http://127.0.0.1:{canary.port}/moved")
    assert (answer.status, answer.headers["location"]) == (302, "/inside")
    assert canary.visits == ["/moved"]


def test_a_large_answer_is_given_up(canary: Any, settings: Any) -> None:
    settings.OUTBOUND_ALLOW = ["127.0.0.0/8"]
    with pytest.raises(http.Unreachable, match="larger"):
        http.request("GET", f"http://127.0.0.1:{canary.port}/long", most_bytes=1000)
