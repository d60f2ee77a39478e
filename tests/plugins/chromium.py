"""Debian's Chromium for the journeys: one browser a module, one context a visitor, and what any page complained of.

    def test_it(sign_in, complaints): maya = sign_in("maya") … assert complaints == []

A module that signs people in has a fixture `desk`: the running helpdesk with these people, whose password is PASSWORD.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from tests.plugins.stack import Stack

CHROMIUM, FLAGS = "/usr/bin/chromium", ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
PASSWORD = "a long password for a test"
PATIENCE = 30_000  # ms; machines are busy
FINE = re.compile(r"responded with a status of 4|ERR_INTERNET_DISCONNECTED|htmx:(sendError|afterRequest)")
"""What is no fault: a form's 4xx, which the page shows, and a browser that a test took off the network."""

Visit = Callable[..., Page]
"""`visit(**of the context)`: a page of a new visitor, who is signed in as nobody."""
SignIn = Callable[[str], Page]
"""`sign_in("maya")`: a page of maya@fernway.example, who has just signed in and sees where that leads."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Ends with its module: Playwright's loop would be in the way of asynchronous tests and of Django's."""
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield running
        running.close()


@pytest.fixture
def complaints() -> list[str]:
    """Errors of any page's console: what the content policy refused is one."""
    return []


@pytest.fixture
def visit(browser: Browser, desk: Stack, complaints: list[str]) -> Iterator[Visit]:
    contexts = []

    def heard(message: ConsoleMessage) -> None:
        if message.type == "error" and not FINE.search(message.text):
            complaints.append(message.text)

    def arrive(**wishes: Any) -> Page:
        context = browser.new_context(**{"viewport": {"width": 1440, "height": 900}, "base_url": desk.url, "locale": "en-GB", **wishes})
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        page = context.new_page()
        page.on("console", heard)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        return page

    yield arrive
    for context in contexts:
        context.close()


@pytest.fixture
def sign_in(visit: Visit) -> SignIn:
    def sign(name: str) -> Page:
        page = visit()
        page.goto("/accounts/login/")
        page.fill("input[name=login]", f"{name}@fernway.example")
        page.fill("input[type=password]", PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url(lambda url: "/accounts/login/" not in url)
        return page

    return sign
