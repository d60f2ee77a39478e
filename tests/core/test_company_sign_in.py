"""The company's own sign-in, against a local OpenID Connect provider that speaks the published protocol (OpenID Connect Core 1.0)."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from allauth.socialaccount.models import SocialAccount
from cryptography.hazmat.primitives.asymmetric import rsa
from django.core.cache import cache
from django.test import Client

from helpdesk.core.models import User

pytestmark = pytest.mark.django_db
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


class Issuer:
    """Signs in whoever `claims` says."""

    def __init__(self) -> None:
        self.claims: dict[str, Any] = {}
        self.asked: list[dict[str, Any]] = []
        self.broken = False
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                issuer.answer(self, "")

            def do_POST(self) -> None:
                issuer.answer(self, self.rfile.read(int(self.headers["Content-Length"])).decode())

            def log_message(self, *_args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, to: BaseHTTPRequestHandler, body: str) -> None:
        path = urlsplit(to.path).path
        said = {
            "/.well-known/openid-configuration": {
                "issuer": self.url,
                "authorization_endpoint": f"{self.url}/authorize",
                "token_endpoint": f"{self.url}/token",
                "userinfo_endpoint": f"{self.url}/userinfo",
                "jwks_uri": f"{self.url}/keys",
            },
            "/token": {"access_token": "for-a-moment", "token_type": "Bearer", "id_token": self.id_token()},
            "/userinfo": self.claims,
            "/keys": {"keys": [json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key())) | {"kid": "one", "use": "sig"}]},
        }[path]
        self.asked += [parse_qs(body)] if path == "/token" else []
        to.send_response(500 if self.broken and path == "/token" else 200)
        to.send_header("Content-Type", "application/json")
        to.end_headers()
        to.wfile.write(json.dumps(said).encode())

    def id_token(self) -> str:
        about = {"iss": self.url, "aud": "helpdesk", "iat": int(time()), "exp": int(time()) + 60, **self.claims}
        return jwt.encode(about, KEY, algorithm="RS256", headers={"kid": "one"})


@pytest.fixture
def issuer(settings: Any) -> Iterator[Issuer]:
    cache.clear()
    made = Issuer()
    app = {
        "provider_id": "company",
        "name": "Fernway sign-in",
        "client_id": "helpdesk",
        "secret": "s",
        "settings": {"server_url": made.url},
    }
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [app], "OAUTH_PKCE_ENABLED": True}}
    settings.OIDC_ISSUER, settings.OIDC_NAME, settings.TWO_FACTOR_REQUIRED = made.url, "Fernway sign-in", True
    yield made
    made.server.shutdown()


def through(issuer: Issuer, **claims: Any) -> tuple[Client, Any]:
    """The way there and back."""
    issuer.claims = claims
    browser = Client()
    assert "Fernway sign-in" in browser.get("/accounts/login/").content.decode()
    out = browser.get("/accounts/oidc/company/login/")
    asked = parse_qs(urlsplit(out["Location"]).query)
    assert out["Location"].startswith(f"{issuer.url}/authorize") and "code_challenge" in asked
    return browser, browser.get("/accounts/oidc/company/login/callback/", {"code": "c", "state": asked["state"][0]}, follow=True)


def test_who_has_an_account_is_let_in_by_the_company_without_a_second_step_of_ours(issuer: Issuer, maya: User) -> None:
    browser, answer = through(issuer, sub="7", email="MAYA@fernway.example", email_verified=True)
    assert answer.request["PATH_INFO"] == "/inbox/", answer.content.decode()[:500]
    assert browser.get("/profile/").context["user"] == maya
    assert SocialAccount.objects.get().user == maya
    assert issuer.asked[0]["code_verifier"], "PKCE"
    browser, answer = through(issuer, sub="7", email="another@fernway.example", email_verified=True)
    assert browser.get("/profile/").context["user"] == maya, "known by the issuer's number from then on"


@pytest.mark.parametrize(
    "claims",
    [
        {"email": "maya@fernway.example"},
        {"email": "maya@fernway.example", "email_verified": False},
        {"email": "maya@fernway.example", "email_verified": "true"},
        {"email": "nobody@fernway.example", "email_verified": True},
        {"email_verified": True},
    ],
)
def test_an_unverified_or_unknown_address_opens_nothing(issuer: Issuer, maya: User, claims: dict[str, Any]) -> None:
    people = User.objects.count()
    browser, answer = through(issuer, sub="8", **claims)
    assert answer.request["PATH_INFO"] == "/accounts/login/" and "no account here yet" in answer.content.decode()
    assert browser.get("/profile/").status_code == 302 and not SocialAccount.objects.exists() and User.objects.count() == people


def test_who_was_locked_out_here_stays_out(issuer: Issuer, maya: User) -> None:
    through(issuer, sub="7", email=maya.email, email_verified=True)
    User.objects.filter(pk=maya.pk).update(is_active=False)
    browser, _answer = through(issuer, sub="7", email=maya.email, email_verified=True)
    assert browser.get("/inbox/").status_code == 302


def test_a_forged_way_back_and_a_broken_issuer_lead_to_the_sign_in_page(issuer: Issuer, maya: User) -> None:
    forged = Client().get("/accounts/oidc/company/login/callback/", {"code": "c", "state": "mine"}, follow=True)
    assert forged.request["PATH_INFO"] == "/accounts/login/" and "did not work this time" in forged.content.decode()
    issuer.broken = True
    _browser, answer = through(issuer, sub="7", email=maya.email, email_verified=True)
    assert answer.request["PATH_INFO"] == "/accounts/login/" and "did not work this time" in answer.content.decode()


def test_without_an_issuer_there_is_no_such_button_and_no_such_page(db: None) -> None:
    assert "/oidc/" not in Client().get("/accounts/login/").content.decode()
    assert Client().get("/accounts/oidc/company/login/").status_code == 404
