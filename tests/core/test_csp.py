"""The policy that keeps strangers' code from running, on every page that we can reach."""

from __future__ import annotations

import pytest
from django.test import Client

from helpdesk.core.models import User
from tests.cast import signed_in

pytestmark = pytest.mark.django_db


def directives(client: Client, path: str) -> dict[str, list[str]]:
    policy = client.get(path)["Content-Security-Policy"]
    return {name: sources for name, *sources in (part.split() for part in policy.split(";") if part.strip())}


@pytest.mark.parametrize(
    "path", ["/accounts/login/", "/accounts/password/reset/", "/help/", "/help/contact/", "/nothing-here/", "/profile/"]
)
def test_scripts_and_styles_come_from_us_alone(path: str, maya: User) -> None:
    policy = directives(signed_in(maya) if path == "/profile/" else Client(), path)
    assert policy["default-src"] == ["'none'"]
    assert policy["script-src"] == ["'self'"]
    assert policy["style-src"] == ["'self'"]
    assert policy["base-uri"] == ["'none'"]
    assert policy["frame-ancestors"] == ["'none'"]


def test_an_unknown_page_is_calm_and_says_404() -> None:
    answer = Client().get("/nothing-here/")
    assert answer.status_code == 404
    assert b"There is nothing here" in answer.content
