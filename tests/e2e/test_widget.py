"""The chat on a website of another origin, in real Chromium on the real stack: by mouse, by keys, without a network, on a phone."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import axe_playwright_python  # type: ignore[import-untyped]
import pytest
from playwright.sync_api import FrameLocator, Page, expect

from assist.chat import identities
from tests.plugins.chromium import PASSWORD, SignIn, Visit
from tests.plugins.stack import Stack, free_port

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]
PORT = free_port()
SHOP, STRANGE = f"http://127.0.0.1:{PORT}", f"http://localhost:{PORT}"  # the same pages; only the first address is on the site's list
SECRET = "a secret of the shop's own server, long enough"
AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()

COMPANY = f"""
from datetime import timedelta
from django.utils import timezone
from assist.models import WidgetSite
from customers.models import Customer
from helpdesk.core.models import User
from knowledge import indexing
from knowledge.models import Article
from tickets.models import Queue, Ticket
queue = Queue.objects.default()
elsewhen = (timezone.now() + timedelta(days=3)).strftime("%a") + " 09:00-09:01"
maya = User.objects.create_user("maya@fernway.example", {PASSWORD!r}, name="Maya Lindqvist", role="agent")
queue.memberships.create(user=maya)
for slug, title, body in (
    ("open-the-gate", "How do I open the gate?", "To open the gate, press the green button beside it and wait ten seconds."),
    ("lost-parcel", "My parcel is lost", "Tell us its number. We look for it within two days."),
):
    article = Article.objects.create(slug=slug, title=title, body=body, status="published", audience="public")
    indexing.index_article(article.pk)
WidgetSite.objects.create(name="The shop", key="site_shop", origins=[{SHOP!r}], secrets={{"identity": {SECRET!r}}}, generation=1)
WidgetSite.objects.create(name="Asking shop", key="site_asks", origins=[{SHOP!r}], asks_first=True)
WidgetSite.objects.create(name="Closed shop", key="site_closed", origins=[{SHOP!r}], hours=elsewhen)
ada = Customer.objects.create(name="Ada", external_id="u-ada")
Ticket.objects.create(number="TKT-20251101-0007", subject="The gate hums", queue=queue, customer=ada, channel="email", status="open")
"""
TALKS = {  # what is said, and something of the answer; a simple question has a test of its own
    "ticket": [("I want to open a ticket", "what happened"), ("The gate hums all night", "your ticket is TKT-")],
    "frustration": [("This is the worst service ever, I am FURIOUS!!! Still broken!", "pass you to a person")],
    "memory": [
        ("My name is Alice", "Nice to meet you, Alice"),
        ("Thank you", "You are welcome"),
        ("What's my name?", "Your name is Alice."),
    ],
}


@pytest.fixture(scope="module")
def desk(stack: Stack) -> Iterator[Stack]:
    done = stack.manage("shell", "-c", COMPANY)
    assert done.returncode == 0, done.stderr.decode()
    shop = ThreadingHTTPServer(("127.0.0.1", PORT), _pages(stack.url))
    threading.Thread(target=shop.serve_forever, daemon=True).start()
    yield stack
    shop.shutdown()
    shop.server_close()


def _pages(helpdesk: str) -> type[BaseHTTPRequestHandler]:
    """A website that knows nothing of us but the one line; its content policy allows neither inline scripts nor inline styles."""

    class Shop(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/identity.js":  # as the shop's own server says who is signed in there
                token = identities.sign(SECRET, user_id="u-ada", name="Ada", exp=int(time.time()) + 600)
                self._send("text/javascript", f"(window.HelpdeskChat = window.HelpdeskChat || []).push(['identify', '{token}'])")
                return
            signed_in = '<script src="/identity.js"></script>' if "signed-in" in self.path else ""
            language = ' data-language="ar"' if "arabic" in self.path else ""
            site = self.path.strip("/").split("?")[0] or "site_shop"
            body = (
                '<!doctype html><html lang="en"><head><meta name="viewport" content="width=device-width"><title>Shop</title>'
                f'<link rel="icon" href="data:,"></head><body><h1>Shop</h1><a href="#top">A link</a>{signed_in}'
                f'<script src="{helpdesk}/widget.js" data-site="{site}"{language} async></script></body></html>'
            )
            self._send("text/html", body)

        def _send(self, kind: str, body: str) -> None:
            self.send_response(200)
            self.send_header("Content-Type", kind)
            policy = f"default-src 'self'; img-src data:; script-src 'self' {helpdesk}; frame-src {helpdesk}"
            self.send_header("Content-Security-Policy", f"{policy}; require-trusted-types-for 'script'")
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: Any) -> None: ...

    return Shop


@pytest.fixture
def shop(visit: Visit) -> Callable[..., Page]:
    """`shop("site_shop", **of the context)`: a visitor on the website."""

    def arrive(site: str = "site_shop", **wishes: Any) -> Page:
        page = visit(**wishes)
        page.goto(f"{SHOP}/{site}")
        return page

    return arrive


def chat(page: Page) -> FrameLocator:
    return page.frame_locator("#helpdesk-chat iframe")


def opened(page: Page) -> FrameLocator:
    page.locator("#helpdesk-chat button").click()
    expect(chat(page).locator("#widget:not([inert])")).to_be_visible()  # its script has come
    return chat(page)


def said(window: FrameLocator, who: str, text: str) -> Any:
    return window.locator(f'.bubble[data-from="{who}"][data-n]', has_text=text)


def write(window: FrameLocator, text: str) -> None:
    window.locator("#words").fill(text)
    window.locator("#words").press("Enter")
    expect(said(window, "me", text)).to_have_count(1)


def test_a_question_is_answered_with_its_source_and_is_there_after_a_reload(shop: Callable[..., Page], complaints: list[str]) -> None:
    page = shop()
    window = opened(page)
    write(window, "How do I open the gate?")
    answer = said(window, "ai", "green button")
    expect(answer).to_have_count(1)
    expect(answer.locator(".who")).to_have_text("Assistant")
    with page.context.expect_page() as article:
        answer.get_by_role("link", name="How do I open the gate?").click()
    expect(article.value.get_by_role("heading", level=1)).to_have_text("How do I open the gate?")
    answer.get_by_role("button", name="Yes").click()
    page.bring_to_front()
    page.reload()
    expect(said(chat(page), "ai", "green button")).to_have_count(1)
    expect(said(chat(page), "me", "How do I open the gate?")).to_have_count(1)
    expect(chat(page).get_by_role("button", name="Yes")).to_have_attribute("aria-pressed", "true")
    assert complaints == []


def test_somebody_whom_the_website_vouches_for_hears_of_their_own_request(shop: Callable[..., Page], complaints: list[str]) -> None:
    window = opened(shop("site_shop?signed-in"))
    write(window, "What is the status of TKT-20251101-0007?")
    expect(window.locator('.bubble[data-from="ai"][data-n]', has_text="TKT-20251101-0007")).to_have_count(1)
    assert complaints == []


def test_what_is_written_without_a_network_arrives_once(shop: Callable[..., Page]) -> None:
    page = shop()
    window = opened(page)
    write(window, "Hello")
    page.context.set_offline(True)
    expect(window.locator("#link")).to_be_visible()
    window.locator("#words").fill("Are you still there?")
    window.locator("#words").press("Enter")
    expect(window.locator(".bubble[data-client]", has_text="Are you still there?")).to_have_count(1)
    page.context.set_offline(False)
    expect(said(window, "me", "Are you still there?")).to_have_count(1)
    expect(window.locator("#link")).to_be_hidden()
    page.reload()
    expect(said(chat(page), "me", "Are you still there?")).to_have_count(1)
    expect(chat(page).locator(".bubble", has_text="Are you still there?")).to_have_count(1)


def test_a_person_is_one_press_away_and_says_who_they_are(shop: Callable[..., Page], sign_in: SignIn, complaints: list[str]) -> None:
    maya = sign_in("maya")
    expect(maya.locator("#link-state")).to_contain_text("Live updates on")  # so she counts as being there
    page = shop()
    window = opened(page)
    window.get_by_role("button", name="Talk to a person").click()
    expect(window.locator("#status-text")).to_contain_text("You are next")
    window.locator("#file").set_input_files({"name": "gate.png", "mimeType": "image/png", "buffer": b"\x89PNG\r\n\x1a\n picture"})
    expect(said(window, "me", "File: gate.png")).to_have_count(1)
    window.locator("#file").set_input_files({"name": "gate.exe", "mimeType": "application/octet-stream", "buffer": b"MZ"})
    expect(window.locator("#trouble")).to_contain_text("cannot be sent")
    maya.goto("/inbox/all/")
    maya.locator(".ticket-row", has_text="talk to a person").first.click()
    expect(maya.locator("#subject")).to_be_visible()
    maya.evaluate("document.activeElement.blur()")
    maya.keyboard.press("r")
    maya.keyboard.type("Hi, Maya here. I look at the gate.")
    maya.keyboard.press("Control+Enter")
    expect(said(window, "agent", "I look at the gate.")).to_have_count(1)
    expect(window.locator(".joined", has_text="Maya joined")).to_have_count(1)
    expect(window.locator("#status-text")).to_have_text("Maya")
    window.get_by_role("button", name="End chat").click()
    window.get_by_role("radio", name="5").check()
    window.locator("#rate").get_by_role("button", name="Send").click()
    expect(window.locator(".joined", has_text="Thank you for telling us")).to_have_count(1)
    assert [one for one in complaints if "htmx" not in one] == []  # of the visitor's page, which has none


def test_the_keyboard_alone_opens_writes_and_closes(shop: Callable[..., Page]) -> None:
    page = shop()
    button = page.locator("#helpdesk-chat button")
    expect(button).to_be_visible()
    button.focus()
    page.keyboard.press("Enter")
    expect(chat(page).locator("#words")).to_be_focused()
    page.keyboard.type("Hello")
    page.keyboard.press("Enter")
    expect(said(chat(page), "me", "Hello")).to_have_count(1)
    expect(chat(page).locator("#words")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#helpdesk-chat iframe")).to_be_hidden()
    expect(button).to_be_focused()
    expect(button).to_have_attribute("aria-expanded", "false")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_on_a_phone_it_fills_the_screen_and_nothing_is_in_the_way_of_anybody(shop: Callable[..., Page], theme: str) -> None:
    page = shop(viewport={"width": 390, "height": 844}, color_scheme=theme, has_touch=True)
    window = opened(page)
    box = page.locator("#helpdesk-chat iframe").bounding_box()
    assert box is not None
    assert (round(box["width"]), round(box["height"])) == (390, 844)
    write(window, "How do I open the gate?")
    expect(said(window, "ai", "green button")).to_have_count(1)
    for frame in page.frames:
        frame.evaluate(AXE)
        found = frame.evaluate("axe.run(document, {resultTypes: ['violations'], rules: {region: {enabled: false}}, iframes: false})")
        assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found["violations"]] == []
    window.get_by_role("button", name="Close chat").click()
    expect(page.locator("#helpdesk-chat iframe")).to_be_hidden()


def test_in_arabic_it_speaks_and_runs_from_right_to_left(shop: Callable[..., Page], complaints: list[str]) -> None:
    window = opened(shop("site_shop?arabic", viewport={"width": 390, "height": 844}))
    expect(window.locator("html")).to_have_attribute("dir", "rtl")
    expect(window.get_by_role("button", name="التحدث إلى شخص")).to_be_visible()
    write(window, "How do I open the gate?")
    expect(said(window, "ai", "green button").locator(".who")).to_have_text("المساعد")
    write(window, "مرحبا")
    expect(said(window, "ai", "أنا المساعد الآلي")).to_have_count(1)
    send, words = window.locator("button.send").bounding_box(), window.locator("#words").bounding_box()
    assert send is not None
    assert words is not None
    assert send["x"] + send["width"] <= words["x"], "the arrow stands where the line ends: at the left"
    assert window.locator("html").evaluate("page => page.scrollWidth <= page.clientWidth")
    assert complaints == []


def test_who_is_asked_first_says_where_to_write_to(shop: Callable[..., Page], complaints: list[str]) -> None:
    window = opened(shop("site_asks"))
    expect(window.locator("#ask").get_by_label("Your name")).to_be_focused()
    window.get_by_role("button", name="Start chat").click()
    expect(window.locator("#ask-error")).to_be_visible()
    window.locator("#ask").get_by_label("Your email").fill("ada@shop.example")
    window.get_by_role("button", name="Start chat").click()
    expect(window.locator("#words")).to_be_focused()
    write(window, "Hello")
    assert complaints == []


def test_outside_hours_words_and_an_address_are_left(shop: Callable[..., Page], complaints: list[str]) -> None:
    window = opened(shop("site_closed"))
    window.get_by_role("button", name="Talk to a person").click()
    expect(window.locator("#note-when")).to_contain_text("We are back on")
    window.locator("#note").get_by_label("Your email").fill("ada@shop.example")
    window.locator("#note").get_by_label("Message").fill("The gate does not close.")
    window.locator("#note").get_by_role("button", name="Send").click()
    expect(said(window, "me", "The gate does not close.")).to_have_count(1)
    expect(said(window, "ai", "We will answer by e-mail to ada@shop.example")).to_have_count(1)
    assert complaints == []


@pytest.mark.parametrize("talk", TALKS)
def test_the_example_conversations(shop: Callable[..., Page], talk: str, complaints: list[str]) -> None:
    window = opened(shop("site_shop?signed-in" if talk == "ticket" else "site_shop"))
    for line, answer in TALKS[talk]:
        write(window, line)
        expect(said(window, "ai", answer)).to_have_count(1)
    assert complaints == []


def test_who_is_vouched_for_later_keeps_what_was_said(shop: Callable[..., Page], complaints: list[str]) -> None:
    page = shop("site_shop")
    window = opened(page)
    write(window, "How do I open the gate?")
    expect(said(window, "ai", "green button")).to_have_count(1)
    token = identities.sign(SECRET, user_id="u-lea", name="Lea", exp=int(time.time()) + 600)
    with page.expect_response(lambda answer: "/api/widget/chat?" in answer.url):  # it reads the chat again, as another person
        page.evaluate("token => window.HelpdeskChat.push(['identify', token])", token)
    write(window, "What's my name?")
    expect(said(window, "ai", "Your name is Lea")).to_have_count(1)
    expect(said(window, "me", "How do I open the gate?")).to_have_count(1)
    assert complaints == []


def test_an_address_that_is_not_on_the_list_gets_no_chat(visit: Visit, complaints: list[str]) -> None:
    page = visit()
    page.goto(f"{STRANGE}/site_shop")
    page.locator("#helpdesk-chat button").click()
    expect(page.locator("#helpdesk-chat iframe")).to_be_visible()
    expect(chat(page).locator("#widget")).to_have_count(0)
    page.wait_for_function("true")
    assert any("frame-ancestors" in one for one in complaints)
