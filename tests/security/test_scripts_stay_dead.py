"""Every script of our list, in real Chromium: in subject, sender's name, both bodies, a file's name and a tag, none of them runs.

A mail each comes in over LMTP; then list, ticket, the mail's own frame, search and help pages are opened. Nothing may open a dialog,
ask another host, or even try and be stopped by the policy; and the agent stays signed in (a link to sign-out was among it).
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator
from email.header import Header
from urllib.parse import quote, urlsplit

import pytest
from playwright.sync_api import Browser, Page, Request, sync_playwright

from tests.faults.fire import rows, send_by_lmtp, unfinished
from tests.plugins.stack import Stack
from tests.security.naughty import SCRIPTS

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
PASSWORD = "a long password for a test"
MORE = {
    "srcdoc": "<iframe srcdoc=\"<script>parent.alert('n4ughty')</script>\"></iframe>",
    "own address": "<img src='/accounts/logout/'><img src=\"http:evil.example/n4ughty.png\"><img src='//evil.example/n4ughty'>",
    "background": "<table background='https://evil.example/n4ughty.png'><tr><td style=\"background:url(https://evil.example/n4ughty)\">x</table>",
    "base and form": "<base href='https://evil.example/'><form action='https://evil.example/'><input name=x></form>",
    "math": "<math><mtext><table><mglyph><style><img src=x onerror=alert('n4ughty')></style></mglyph></table></mtext></math>",
    "noscript": "<noscript><p title=\"</noscript><img src=x onerror=alert('n4ughty')>\">",
    "link": "<link rel=stylesheet href='https://evil.example/n4ughty.css'><link rel=prefetch href='https://evil.example/n4ughty'>",
    "svg animate": "<svg><a><animate attributeName=href values=javascript:alert('n4ughty') /><text x=20 y=20>x</text></a></svg>",
    "srcset": "<img srcset='https://evil.example/n4ughty 1x'><video poster='https://evil.example/n4ughty'></video>",
}
PAYLOADS = {**SCRIPTS, **MORE}


def mail(number: int, payload: str) -> bytes:
    word = Header(payload, "utf-8", maxlinelen=10_000).encode()
    html = b64encode(f"<p>Hello</p>{payload}<p>Bye</p>".encode()).decode()
    return (
        f"From: {word} <naughty{number}@people.example>\r\nTo: support@fernway.example\r\n"
        f"Subject: {word}\r\nMessage-ID: <naughty{number}@people.example>\r\n"
        f"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: multipart/alternative; boundary=a\r\n\r\n"
        f"--a\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{payload}\r\n"
        f"--a\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n{html}\r\n--a--\r\n"
        f"--b\r\nContent-Type: text/html\r\n"
        f"Content-Disposition: attachment; filename*=utf-8''{quote(payload, safe='')}.html\r\n\r\n{payload}\r\n--b--\r\n"
    ).encode()


@pytest.fixture(scope="module")
def desk(stack: Stack) -> Stack:
    """A helpdesk that every payload has been sent to."""
    for number, payload in enumerate(PAYLOADS.values()):
        assert send_by_lmtp(stack.mail, mail(number, payload)) == (250, b"2.0.0 Stored")
    people = f"""
import json, sys
from helpdesk.core.models import User
from tickets.models import Queue, Ticket
queue = Queue.objects.default()
user = User.objects.create_user("maya@fernway.example", {PASSWORD!r}, name="Maya <b>L</b>", role="supervisor")
queue.memberships.create(user=user)
"""
    done = stack.manage("shell", "-c", people)
    assert done.returncode == 0, done.stderr.decode()
    stack.wait_until(lambda: unfinished(stack) == 0, "Reading of all mails")
    tags = f"""
from tickets.models import Ticket
payloads = {json.dumps(list(PAYLOADS.values()))}
for ticket, payload in zip(Ticket.objects.order_by("number"), payloads):
    ticket.tag(payload, by=None)
"""
    done = stack.manage("shell", "-c", tags)
    assert done.returncode == 0, done.stderr.decode()
    return stack


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield running
        running.close()


@pytest.fixture
def alarms() -> list[str]:
    return []


@pytest.fixture
def maya(browser: Browser, desk: Stack, alarms: list[str]) -> Iterator[Page]:
    context = browser.new_context(base_url=desk.url)
    page = context.new_page()

    def ask(request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in ("data", "blob") and f"{parts.scheme}://{parts.netloc}" not in (desk.url, desk.url.replace("http", "ws", 1)):
            alarms.append(f"asked {request.url}")
        if "logout" in parts.path:
            alarms.append(f"asked {request.url}")

    context.on("request", ask)
    page.on("dialog", lambda dialog: (alarms.append(f"dialog {dialog.message}"), dialog.dismiss()))
    page.on("console", lambda said: alarms.append(said.text) if "Content Security Policy" in said.text else None)
    page.goto("/accounts/login/")
    page.fill("input[name=login]", "maya@fernway.example")
    page.fill("input[type=password]", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/inbox/")
    yield page
    context.close()


def test_no_script_runs_on_any_screen_and_nobody_else_is_asked(maya: Page, desk: Stack, alarms: list[str]) -> None:
    numbers = [number for (number,) in rows(desk, "SELECT number FROM tickets_ticket ORDER BY number")]
    messages = [pk for (pk,) in rows(desk, "SELECT id FROM tickets_message")]
    assert len(numbers) == len(PAYLOADS)
    for path in ["/inbox/all/", "/search/?q=n4ughty", *(f"/tickets/{number}/" for number in numbers)]:
        assert maya.goto(path).ok, path  # type: ignore[union-attr]
        maya.wait_for_load_state("networkidle")
        assert alarms == [], path
    for pk in messages:
        maya.goto(f"/messages/{pk}/body")
        assert alarms == [], pk
    for payload in PAYLOADS.values():
        for path in ("/help/search/?q={}", "/search/?q={}", "/help/contact/?about={}"):
            maya.goto(path.format(quote(payload, safe="")))
            assert alarms == [], (path, payload)
    assert maya.goto("/profile/").url.endswith("/profile/"), "somebody signed us out"  # type: ignore[union-attr]


def test_the_alarm_would_have_rung(maya: Page, alarms: list[str]) -> None:
    """The same page, with the payload really in it: the policy stops it, and we hear of it."""
    maya.goto("/help/")
    maya.evaluate("document.body.insertAdjacentHTML('beforeend', '<img src=\"https://evil.example/x.png\" onerror=\"alert(1)\">')")
    maya.wait_for_timeout(300)
    assert alarms
