"""A passkey is added on one's own pages and signs in by itself, with Chromium's own virtual authenticator; one that is put away says so."""

from __future__ import annotations

from dataclasses import replace

import pytest
from playwright.sync_api import Page, expect

from tests.plugins.chromium import PASSWORD, SignIn
from tests.plugins.stack import Stack

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]
WORLD = f"""
from helpdesk.core.models import User
User.objects.create_user("noor@fernway.example", {PASSWORD!r}, name="Noor Bakker", role="agent")
"""
RESIDENT = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True, "isUserVerified": True}


@pytest.fixture(scope="module")
def desk(office: Stack) -> Stack:
    done = office.manage("shell", "-c", WORLD)
    assert done.returncode == 0, done.stderr.decode()
    return replace(office, url=office.url.replace("127.0.0.1", "localhost"))  # a passkey belongs to a name, not to an address


def test_a_passkey_is_added_and_signs_in_without_a_password(sign_in: SignIn, complaints: list[str]) -> None:
    page = sign_in("noor")
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    key = devtools.send("WebAuthn.addVirtualAuthenticator", {"options": {**RESIDENT, "automaticPresenceSimulation": True}})
    page.goto("/profile/")
    page.get_by_role("link", name="Two-step sign-in and passkeys").click()
    page.get_by_role("link", name="Add", exact=True).click()
    if page.get_by_label("Password").count():  # asked once more who is there
        page.get_by_label("Password").fill(PASSWORD)
        page.keyboard.press("Enter")
    page.get_by_label("Name").fill("My laptop")
    page.get_by_label("Passwordless").check()
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_text("security key added").or_(page.get_by_text("Recovery")).first).to_be_visible()
    leave(page)
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url(lambda url: "/accounts/login/" not in url)
    expect(page.locator(".me")).to_contain_text("Noor Bakker")
    leave(page)
    devtools.send("WebAuthn.removeVirtualAuthenticator", key)
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": {**RESIDENT, "automaticPresenceSimulation": True}})
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("alert")).to_contain_text("The passkey was not used")
    assert complaints == []


def leave(page: Page) -> None:
    page.goto("/profile/")
    page.get_by_role("main").get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/accounts/login/**")
