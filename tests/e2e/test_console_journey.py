"""An agent's day in real Chromium on the real stack: a mail comes in live, is answered, taken back, sent, noted, found."""

from __future__ import annotations

import smtplib
from email.message import EmailMessage
from email.utils import make_msgid

import pytest
from playwright.sync_api import Page, expect

from tests.plugins.chromium import PASSWORD, SignIn
from tests.plugins.stack import Stack

pytestmark = pytest.mark.e2e

PEOPLE = f"""
from helpdesk.core.models import User
from tickets.models import Queue
queue = Queue.objects.default()
for name, role in (("Maya Lindqvist", "agent"), ("Priya Raman", "supervisor")):
    user = User.objects.create_user(name.split()[0].lower() + "@fernway.example", {PASSWORD!r}, name=name, role=role)
    queue.memberships.create(user=user)
"""


@pytest.fixture(scope="module")
def desk(stack: Stack) -> Stack:
    done = stack.manage("shell", "-c", PEOPLE)
    assert done.returncode == 0, done.stderr.decode()
    return stack


@pytest.fixture
def maya(sign_in: SignIn) -> Page:
    return in_the_inbox(sign_in("maya"))


@pytest.fixture
def priya(sign_in: SignIn) -> Page:
    return in_the_inbox(sign_in("priya"))


def in_the_inbox(page: Page) -> Page:
    page.goto("/inbox/all/")
    expect(page.locator("#link-state")).to_contain_text("Live updates on")
    page.mouse.move(5, 5)
    return page


def write_in(desk: Stack, subject: str) -> None:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "Ingrid <ingrid@nordhavn.example>", "support@fernway.example", subject
    mail["Message-ID"] = make_msgid(domain="nordhavn.example")
    mail.set_content("Since this morning every call to the sync API answers 503. What can we do?")
    with smtplib.SMTP(*desk.mail) as server:
        server.send_message(mail)


def opened(page: Page, desk: Stack, subject: str) -> Page:
    """The ticket of a new mail, which came into the list by itself."""
    write_in(desk, subject)
    row = page.locator(".ticket-row", has_text=subject)
    expect(row).to_be_visible()
    row.click()
    expect(page.locator("#subject")).to_contain_text(subject)
    expect(page.locator("#p-assist")).to_contain_text("Situation")
    return page


def test_a_mail_is_answered_by_keyboard_taken_back_and_sent(desk: Stack, maya: Page, complaints: list[str]) -> None:
    opened(maya, desk, "Sync answers 503")
    maya.evaluate("document.activeElement.blur()")
    maya.keyboard.press("r")
    maya.keyboard.type("Hello Ingrid, we are on it.")
    maya.keyboard.press("Control+Enter")
    replies = maya.locator('.thread .msg[data-from="agent"]')
    expect(replies).to_have_count(1)
    maya.evaluate("document.activeElement.blur()")
    maya.keyboard.press("z")
    expect(replies).to_have_count(0)
    expect(maya.locator("#body")).to_have_value("Hello Ingrid, we are on it.")
    maya.keyboard.press("Control+Shift+Enter")
    expect(replies).to_have_count(1)
    expect(maya.locator("#ticket-head")).to_contain_text("Solved")
    expect(replies.first).to_contain_text("no mail server is configured", timeout=40_000)  # the sweep parks it, and the page hears of it
    assert complaints == []


def test_a_colleague_is_seen_warned_and_kept_up_to_date(desk: Stack, maya: Page, priya: Page, complaints: list[str]) -> None:
    opened(maya, desk, "Two of us")
    priya.goto(maya.url)
    expect(priya.locator("#link-state")).to_contain_text("Live updates on")
    priya.fill("#body", "I am")
    priya.locator("#body").press_sequentially(" writing")
    expect(maya.locator("#presence")).to_contain_text("Priya Raman is writing a reply")
    maya.fill("#body", "Done already")
    maya.keyboard.press("Control+Enter")
    expect(priya.locator("#composer-callouts")).to_contain_text("Maya Lindqvist wrote just now")
    priya.locator("#body").press("Control+Enter")
    expect(priya.locator("#composer-callouts")).to_contain_text("Read it, then send again")
    expect(priya.locator('.thread .msg[data-from="agent"]')).to_have_count(1)
    maya.locator('[popovertarget="menu-status"]').click()
    maya.locator('#menu-status [value="pending"]').click()
    expect(priya.locator("#ticket-head")).to_contain_text("Waiting on customer")
    assert complaints == []


def test_the_text_of_a_reply_survives_a_reload_and_a_note_is_amber(desk: Stack, maya: Page, complaints: list[str]) -> None:
    opened(maya, desk, "Kept words")
    maya.fill("#body", "Half a sentence")
    maya.reload()
    expect(maya.locator("#body")).to_have_value("Half a sentence")
    maya.evaluate("document.activeElement.blur()")
    maya.keyboard.press("n")
    maya.locator("#body").fill("Only for us")
    maya.keyboard.press("Control+Enter")
    expect(maya.locator('.msg[data-kind="note"]')).to_contain_text("Only for us")
    assert complaints == []


def test_tickets_are_found_picked_and_changed_together(desk: Stack, maya: Page, complaints: list[str]) -> None:
    opened(maya, desk, "Palette proof")
    maya.keyboard.press("Control+k")
    maya.keyboard.type("palette")
    expect(maya.locator("#palette a", has_text="Palette proof")).to_be_visible()
    maya.keyboard.press("Escape")
    maya.goto("/inbox/all/")
    maya.locator(".ticket-row", has_text="Palette proof").focus()
    maya.keyboard.press("x")
    expect(maya.locator("#bulk")).to_be_visible()
    maya.get_by_role("button", name="Take").click()
    expect(maya.locator("#toasts")).to_contain_text("1 ticket changed")
    expect(maya.locator(".ticket-row", has_text="Palette proof")).to_contain_text("Maya")
    assert complaints == []


@pytest.mark.parametrize("path", ["/profile/", "/search/", "/inbox/new/", "/knowledge/", "/inbox/mine/"])
def test_the_keyboard_works_on_every_page(maya: Page, complaints: list[str], path: str) -> None:
    maya.goto(path)
    expect(maya.locator("html[data-ready]")).to_be_attached()
    maya.evaluate("document.activeElement.blur()")
    maya.keyboard.press("?")
    expect(maya.locator("#keys-list")).to_contain_text("Search or jump")
    expect(maya.locator("#keys-list")).to_contain_text("New ticket")
    maya.keyboard.press("Escape")
    maya.keyboard.press("/")
    expect(maya.locator("#palette input")).to_be_focused()
    maya.keyboard.press("Escape")
    maya.keyboard.press("Control+k")
    expect(maya.locator("#palette a", has_text="Knowledge")).to_be_visible()
    maya.keyboard.press("Escape")
    maya.evaluate("document.activeElement.blur()")
    with maya.expect_navigation():
        maya.keyboard.press("g")
        maya.keyboard.press("k")
    maya.wait_for_url("**/knowledge/**")
    expect(maya.locator("html[data-ready]")).to_be_attached()
    maya.evaluate("document.activeElement.blur()")
    maya.keyboard.press("c")
    maya.wait_for_url("**/inbox/new/")
    assert complaints == []


def test_single_keys_stay_off_for_who_turned_them_off(desk: Stack, maya: Page, complaints: list[str]) -> None:
    switch = "from helpdesk.core.models import User; User.objects.filter(email='maya@fernway.example').update(single_key_shortcuts={})"
    desk.manage("shell", "-c", switch.format(False))
    maya.goto("/profile/")
    expect(maya.locator("html[data-ready]")).to_be_attached()
    maya.evaluate("document.activeElement.blur()")
    for key in ("c", "/", "?", "g", "i"):
        maya.keyboard.press(key)
    expect(maya.locator("#keys-help")).to_be_hidden()
    assert maya.url.endswith("/profile/") and not maya.locator("#palette").count()
    maya.keyboard.press("Control+k")  # a combination is no single key
    expect(maya.locator("#palette input")).to_be_focused()
    desk.manage("shell", "-c", switch.format(True))
    assert complaints == []


def test_signing_out_in_one_tab_leaves_the_others_at_once(maya: Page, complaints: list[str]) -> None:
    other = maya.context.new_page()
    other.goto("/profile/")
    other.locator(".me").click()
    other.locator("#me-menu").get_by_role("button", name="Sign out").click()
    maya.wait_for_url("**/accounts/login/**")
    assert complaints == []
