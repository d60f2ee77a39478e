"""Visitors in the help centre's chat and an agent in the console, in real Chromium on the real stack: to a person and back."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from playwright.sync_api import FrameLocator, Locator, Page, expect

from tests.plugins.chromium import PASSWORD, SignIn, Visit
from tests.plugins.stack import Stack

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

COMPANY = f"""
from assist.models import WidgetSite
from helpdesk.core.models import User
from knowledge import indexing
from knowledge.models import Article
from tickets.models import Queue
queue = Queue.objects.default()
for name in ("Maya Lindqvist", "Samir Haddad"):
    user = User.objects.create_user(name.split()[0].lower() + "@fernway.example", {PASSWORD!r}, name=name, role="agent")
    queue.memberships.create(user=user)
gate = Article.objects.create(
    slug="open-the-gate", title="How do I open the gate?", status="published", audience="public",
    body="To open the gate, press the green button beside it and wait ten seconds.",
)
indexing.index_article(gate.pk)
WidgetSite.objects.create(name="The shop", key="site_shop", in_help_centre=True)
"""


@pytest.fixture(scope="module")
def desk(stack: Stack) -> Stack:
    done = stack.manage("shell", "-c", COMPANY)
    assert done.returncode == 0, done.stderr.decode()
    return stack


def chatting(page: Page) -> FrameLocator:
    """The chat of a visitor of the help centre."""
    page.goto("/help/")
    page.locator("#helpdesk-chat button").click()
    window = page.frame_locator("#helpdesk-chat iframe")
    expect(window.locator("#words")).to_be_visible()
    return window


def bubble(window: FrameLocator, who: str, text: str) -> Any:
    return window.locator(f'.bubble[data-from="{who}"]', has_text=text)


def write(window: FrameLocator, text: str) -> None:
    window.locator("#words").fill(text)
    window.locator("#words").press("Enter")
    expect(window.locator('.bubble[data-from="me"][data-n]', has_text=text)).to_have_count(1)


def in_the_chats(page: Page) -> Page:
    page.goto("/inbox/chats/")
    expect(page.locator("#link-state")).to_contain_text("Live updates on")
    page.mouse.move(5, 5)
    return page


def answer(page: Page, text: str) -> None:
    page.locator("#body").fill(text)
    page.keyboard.press("Control+Enter")
    expect(page.locator('.thread .msg[data-from="agent"]', has_text=text)).to_have_count(1)
    expect(page.locator("#body")).to_have_value("")  # the composer is a new one


def types_until(field: Locator, seen: Locator, words: str) -> None:
    """Go on typing until it is seen: who types is told every few seconds at most."""
    for _key in range(20):
        field.press_sequentially("x")
        with contextlib.suppress(AssertionError):
            expect(seen).to_contain_text(words, timeout=2_000)
            return
    raise AssertionError(f"{words!r} was never seen")


def test_frustrated_handed_over_joined_talked_handed_back_ended_and_rated(visit: Visit, sign_in: SignIn, complaints: list[str]) -> None:
    maya = in_the_chats(sign_in("maya"))
    first, second = chatting(visit()), chatting(visit())
    write(first, "Let me talk to a person")
    expect(maya.locator(".ticket-row")).to_have_count(1)
    write(second, "How do I open the gate?")
    expect(bubble(second, "ai", "green button")).to_be_visible()
    write(second, "This is STILL not working!!! I am absolutely furious, this is the worst and most useless service ever!!!")
    expect(second.locator("#status-text")).to_contain_text("You are number 2 in line")
    expect(maya.locator(".ticket-row")).to_have_count(2)
    joins(maya, second)
    talks(maya, second)
    hands_back_and_ends(maya, second)
    assert complaints == []


def joins(maya: Page, second: FrameLocator) -> None:
    """The one who waited longer is taken, and the other moves up."""
    rows = maya.locator(".ticket-row")
    expect(rows.nth(0)).to_contain_text("Waits")
    rows.nth(0).click()
    expect(maya.locator("#chat-slot")).to_contain_text("number 1 in line")
    maya.get_by_role("button", name="Join chat").click()
    expect(maya.locator("#chat-slot")).to_contain_text("You are in the chat")
    expect(second.locator("#status-text")).to_contain_text("You are next")


def talks(maya: Page, second: FrameLocator) -> None:
    maya.locator(".ticket-row").nth(1).click()
    bar = maya.locator("#chat-slot")
    expect(bar).to_contain_text("Visitor is online")
    expect(maya.locator('.thread .msg[data-from="assistant"]', has_text="green button")).to_have_count(1)
    expect(maya.locator('.thread .msg[data-kind="note"]')).to_contain_text("Why: Very frustrated")
    maya.locator("#body").press_sequentially("Hello")
    expect(second.locator("#status-text")).to_contain_text("You are next")  # who only types has not joined
    answer(maya, "Hello, I am Maya. I am sorry. Is the button lit?")  # who answers has joined
    expect(bubble(second, "agent", "Is the button lit?")).to_be_visible()
    expect(second.locator("#status-text")).to_contain_text("Maya")
    expect(bar).to_contain_text("You are in the chat")
    types_until(second.locator("#words"), maya.locator("#presence"), "is typing")
    write(second, "No, it is dark")
    expect(maya.locator('.thread .msg[data-from="customer"]', has_text="it is dark")).to_have_count(1)
    expect(maya.locator("#composer-callouts")).to_be_empty()
    types_until(maya.locator("#body"), second.locator("#typing"), "Maya")
    answer(maya, "Then press it for five seconds.")
    expect(bubble(second, "agent", "five seconds")).to_be_visible()
    expect(bubble(second, "ai", "it is dark")).to_have_count(0)


def hands_back_and_ends(maya: Page, second: FrameLocator) -> None:
    bar = maya.locator("#chat-slot")
    bar.get_by_role("button", name="Hand back to assistant").click()
    expect(bar).to_contain_text("The assistant is in the chat")
    write(second, "How do I open the gate?")
    expect(bubble(second, "ai", "green button")).to_have_count(2)
    bar.get_by_role("button", name="Join chat").click()
    expect(bar).to_contain_text("You are in the chat")
    bar.get_by_role("button", name="End chat").click()
    expect(bar).to_contain_text("The chat has ended")
    expect(second.locator("#rate")).to_be_visible()
    second.locator("#rate label", has_text="5").click()
    second.locator("#rate .cta").click()
    expect(second.locator("#rate")).to_be_hidden()
    maya.reload()
    expect(maya.locator("#chat-slot")).to_contain_text("rated 5 of 5")
