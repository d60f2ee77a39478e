"""What every answer carries: the headers that keep browsers from helping an attacker, and cookies that scripts cannot read."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from helpdesk.core.models import User
from tests.cast import signed_in
from tickets.models import Ticket

pytestmark = pytest.mark.django_db

SCREENS = ["/inbox/", "/inbox/all/", "/inbox/new/", "/search/?q=x", "/profile/", "/accounts/2fa/"]
OPEN = [
    "/help/",
    "/help/search/?q=x",
    "/help/contact/",
    "/accounts/login/",
    "/accounts/password/reset/",
    "/nothing-here/",
    "/health",
    "/docs",
    "/redoc",
    "/api/schema/",
    "/api/v1/tickets/",
]
LOOSER = {"/docs", "/redoc"}  # the viewers style inline; nothing of a customer's is on them


def assert_guarded(answer: Any, path: str) -> None:
    assert answer["X-Content-Type-Options"] == "nosniff", path
    assert answer["X-Frame-Options"] in {"DENY", "SAMEORIGIN"}, path
    assert answer["Referrer-Policy"] == "same-origin", path
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin", path
    assert answer["X-Request-ID"], path
    policy = {name: sources for name, *sources in (part.split() for part in answer["Content-Security-Policy"].split(";") if part.strip())}
    assert policy["default-src"] == ["'none'"], path
    assert policy["object-src"] == policy["base-uri"] == policy["frame-ancestors"] == ["'none'"], path
    assert not {"*", "http:", "https:", "'unsafe-eval'"} & {source for sources in policy.values() for source in sources}, path
    if path not in LOOSER:
        assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == ["'self'"], path


@pytest.mark.parametrize("path", OPEN)
def test_public_pages_and_refusals_are_guarded(path: str) -> None:
    assert_guarded(Client().get(path), path)


@pytest.mark.parametrize("path", SCREENS)
def test_screens_are_guarded(path: str, as_maya: Client) -> None:
    answer = as_maya.get(path)
    assert answer.status_code == 200, path
    assert_guarded(answer, path)


def test_the_ticket_page_is_guarded(ticket: Ticket, as_maya: Client) -> None:
    assert_guarded(as_maya.get(f"/tickets/{ticket.number}/"), "ticket")


def test_nobody_elses_cache_keeps_what_an_agent_saw(ticket: Ticket, as_maya: Client) -> None:
    for path in ("/inbox/", f"/tickets/{ticket.number}/", "/profile/"):
        answer = as_maya.get(path)
        assert (
            "Cookie" in answer.get("Vary", "")
            or "no-store" in answer.get("Cache-Control", "")
            or "private" in answer.get("Cache-Control", "")
        ), path


def test_scripts_cannot_read_the_session_and_other_sites_cannot_use_it(maya: User) -> None:
    client = Client()
    client.post("/accounts/login/", {"login": maya.email, "password": "correct horse"})
    cookie = client.cookies["helpdesk_session"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"


def test_a_session_given_beforehand_is_another_one_after_signing_in(maya: User) -> None:
    client = Client()
    client.get("/accounts/login/")
    client.session.save()
    before = client.session.session_key
    client.post("/accounts/login/", {"login": maya.email, "password": "correct horse"})
    assert client.session.session_key != before
    assert signed_in(maya).get("/inbox/").status_code == 200


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "http:evil.example",
        "javascript:alert(1)",
        "/%09/evil.example",
        "\\\\evil.example",
    ],
)
def test_signing_in_leads_to_no_other_site(target: str, maya: User) -> None:
    answer = Client().post("/accounts/login/", {"login": maya.email, "password": "correct horse", "next": target})
    assert answer.status_code == 302
    assert answer["Location"].startswith("/") and not answer["Location"].startswith(("//", "/\\"))


def test_an_error_of_ours_shows_nothing_of_ours(monkeypatch: pytest.MonkeyPatch, as_maya: Client, api: Client) -> None:
    def fail(*_args: Any, **_kwargs: Any) -> None:
        raise RuntimeError("n4ughty inner secret")

    monkeypatch.setattr("tickets.listing.rail", fail)
    monkeypatch.setattr("tickets.api.tickets.whole", fail)
    for client, path in ((as_maya, "/inbox/"), (api, "/api/v1/tickets/")):
        client.raise_request_exception = False
        answer = client.get(path)
        assert answer.status_code == 500
        assert b"n4ughty" not in answer.content
        assert b"Traceback" not in answer.content
