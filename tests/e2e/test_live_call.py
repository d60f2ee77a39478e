"""A call in real Chromium on the real stack: replayed over the REST surface, watched live, answered from the card, wrapped up, overseen."""

from __future__ import annotations

import json
import urllib.request
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.plugins.chromium import PASSWORD, SignIn
from tests.plugins.stack import Stack

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

WORLD = f"""
from helpdesk.core.models import User
from knowledge import indexing, publishing
from knowledge.models import Article
from tickets.models import Queue
queue = Queue.objects.default()
for name, role in (("Maya Lindqvist", "agent"), ("Priya Raman", "supervisor")):
    user = User.objects.create_user(name.split()[0].lower() + "@fernway.example", {PASSWORD!r}, name=name, role=role)
    queue.memberships.create(user=user)
for slug, title, body in (
    ("gps", "Keep GPS running when the screen is off",
     "Android 15 pauses apps in the background, so the driver's dot freezes on the map when the screen goes dark."
     " Open Settings, Apps, Fernway Driver, Battery and choose Unrestricted."),
    ("twice", "Charged twice for one subscription",
     "A card payment that was charged twice is a reservation. It is released within five days; else we refund the second one."),
):
    article = Article.objects.create(slug=slug, title=title, body=body, audience="public", language="en", owner=user)
    publishing.publish(article, by=user)
    indexing.index_article(article.pk)
"""
GPS = "The driver's dot freezes on the map when the screen is off, since the Android 15 update. GPS stops in version 7.4.1."
MONEY = "And another thing, my card was charged twice for one subscription, I want a refund of the second payment."


@pytest.fixture(scope="module")
def desk(stack: Stack) -> Stack:
    done = stack.manage("shell", "-c", WORLD)
    assert done.returncode == 0, done.stderr.decode()
    return stack


class Telephone:
    """Plays a call over the contract's REST surface, as a telephony system does."""

    def __init__(self, desk: Stack) -> None:
        self.url, self.at = desk.url, 0.0
        made = desk.manage("api_key", "telephone", "--scope", "*")
        self.key = made.stdout.decode().strip().splitlines()[-1]

    def post(self, path: str, **body: Any) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.url}/api/realtime/{path}", json.dumps(body).encode(), headers)  # noqa: S310 - our own
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            return dict(json.loads(answer.read()))

    def start(self, call_id: str, name: str) -> str:
        opening = {"customer_id": call_id, "customer_name": name, "customer_phone": "", "agent_id": "maya@fernway.example"}
        return str(self.post("call/start", call_id=call_id, **opening)["session_id"])

    def say(self, session: str, speaker: str, text: str, *, final: bool = True, at: float = 0.0) -> dict[str, Any]:
        if at:
            self.at = at
        elif final:
            self.at += 5
        times = {"start_time": self.at if final else self.at + 5, "end_time": self.at + 4, "confidence": 0.9}
        return self.post("transcription", session_id=session, speaker=speaker, text=text, is_final=final, **times)


@pytest.fixture(scope="module")
def telephone(desk: Stack) -> Telephone:
    return Telephone(desk)


def on_call(page: Page, session: str) -> Page:
    page.goto(f"/calls/{session}/")
    expect(page.locator("#link-state")).to_contain_text("Live updates on")
    expect(page.locator("#call-link")).to_have_attribute("data-tone", "good")  # partials are shown to who is linked, and not kept
    page.mouse.move(5, 5)
    return page


def test_an_agent_reads_along_uses_a_suggestion_and_wraps_up(telephone: Telephone, sign_in: SignIn, complaints: list[str]) -> None:
    session = telephone.start("e2e-1", "Kwabena Mensah")
    maya = sign_in("maya")
    maya.goto("/calls/")
    maya.get_by_role("link", name="Kwabena Mensah").click()
    expect(maya.locator("#say-none")).to_contain_text("Listening")
    expect(maya.locator("#call-link")).to_have_attribute("data-tone", "good")
    maya.mouse.move(5, 5)
    reads_along(maya, telephone, session)
    uses_a_card_while_a_newer_one_waits(maya, telephone, session)
    comes_back_after_a_break(maya, telephone, session)
    wraps_up(maya, telephone, session)
    assert complaints == []


def reads_along(maya: Page, telephone: Telephone, session: str) -> None:
    telephone.say(session, "agent", "Fernway support, this is Maya.")
    telephone.say(session, "customer", "The driver's dot freezes", final=False)
    partial, spoken = maya.locator("#lines .line[data-partial]"), maya.locator('#lines .line[data-side="c"]')
    expect(partial).to_contain_text("The driver's dot freezes")
    telephone.say(session, "customer", GPS)
    expect(partial).to_have_count(0)
    expect(spoken).to_have_count(1)
    expect(spoken).to_contain_text("GPS stops in version 7.4.1")
    expect(maya.locator("#say .say")).to_contain_text("Keep GPS running when the screen is off")
    expect(maya.locator("#lines mark.ent", has_text="7.4.1")).to_be_visible()
    expect(maya.locator("#latency")).to_be_visible()


def uses_a_card_while_a_newer_one_waits(maya: Page, telephone: Telephone, session: str) -> None:
    card, stamps = maya.locator("#say .say"), maya.locator('#lines .line[data-side="n"]')
    card.hover()  # what is being read does not give way
    telephone.say(session, "customer", MONEY)
    expect(maya.locator("#newer")).to_contain_text("Charged twice")
    expect(card).to_contain_text("Keep GPS running")
    maya.evaluate("document.activeElement.blur()")
    maya.keyboard.press("Enter")
    expect(stamps).to_contain_text("Keep GPS running")
    maya.keyboard.press("+")
    expect(card.locator('[value="helpful"]')).to_have_attribute("aria-pressed", "true")
    maya.keyboard.press("]")
    expect(card).to_contain_text("Charged twice")
    expect(maya.locator("#earlier .earlier", has_text="Keep GPS running")).to_contain_text("Helpful")
    maya.evaluate("document.activeElement.blur()")
    maya.keyboard.press("n")
    maya.keyboard.type("Wants a mail")
    maya.keyboard.press("Enter")
    expect(stamps.filter(has_text="Wants a mail")).to_be_visible()
    expect(maya.locator("#qn")).to_have_value("")


def comes_back_after_a_break(maya: Page, telephone: Telephone, session: str) -> None:
    maya.context.set_offline(True)
    expect(maya.locator("#link-lost")).to_be_visible()
    telephone.say(session, "agent", "I'll send you the steps by mail.")
    maya.context.set_offline(False)
    expect(maya.locator("#link-lost")).to_be_hidden()
    expect(maya.locator("#lines .line", has_text="send you the steps")).to_have_count(1)


def wraps_up(maya: Page, telephone: Telephone, session: str) -> None:
    telephone.post("call/end", session_id=session, status="completed")
    expect(maya.get_by_role("link", name="Wrap-up")).to_be_visible()
    maya.evaluate("document.activeElement.blur()")
    maya.keyboard.press("w")
    maya.wait_for_url("**/wrap-up/")
    expect(maya.locator("#w-summary")).not_to_have_value("")
    expect(maya.get_by_label("How assist did")).to_contain_text("1 used")
    maya.locator("#w-missing").fill("Phones that are managed")
    expect(maya.locator("#kept")).to_have_text("Kept")
    maya.keyboard.press("Control+Enter")
    expect(maya.locator("#toasts")).to_contain_text("Saved to TKT-")


def test_a_killed_web_process_loses_no_word_and_the_page_comes_back(
    desk: Stack, telephone: Telephone, sign_in: SignIn, complaints: list[str]
) -> None:
    session = telephone.start("e2e-3", "Lucía Fernández")
    maya = on_call(sign_in("maya"), session)
    telephone.say(session, "customer", "Before it fell over.")
    expect(maya.locator("#lines .line", has_text="Before it fell over")).to_have_count(1)
    desk.kill("web")
    expect(maya.locator("#link-lost")).to_be_visible()
    desk.wait_until(lambda: told_again(telephone, session), "an answer of the new process")
    expect(maya.locator("#link-lost")).to_be_hidden()
    expect(maya.locator("#call-link")).to_have_attribute("data-tone", "good")
    expect(maya.locator("#lines .line", has_text="While nobody listened")).to_have_count(1)
    telephone.say(session, "customer", "And after it.")
    expect(maya.locator("#lines .line", has_text="And after it")).to_have_count(1)
    expect(maya.locator("#lines .line", has_text="Before it fell over")).to_have_count(1)
    telephone.post("call/end", session_id=session, status="completed")
    assert [one for one in complaints if "ERR_CONNECTION_REFUSED" not in one and "WebSocket connection" not in one] == []


def told_again(telephone: Telephone, session: str) -> bool:
    """As a telephony system does: the same words until they are acknowledged."""
    try:
        return bool(telephone.say(session, "customer", "While nobody listened.", at=60.0)["segment_id"])
    except OSError:
        return False


def test_a_supervisor_sees_what_burns_listens_in_and_whispers(telephone: Telephone, sign_in: SignIn, complaints: list[str]) -> None:
    priya = sign_in("priya")
    priya.goto("/calls/board/")
    expect(priya.locator("#link-state")).to_contain_text("Live updates on")
    expect(priya.locator("#call-board")).to_contain_text("No calls right now")
    session = telephone.start("e2e-2", "Birgit Petersen")
    maya = on_call(sign_in("maya"), session)
    telephone.say(session, "customer", "Nobody helps me. My lawyer will write to you, we take you to court.")
    standing = priya.locator(".standing", has_text="Birgit Petersen")
    expect(standing).to_contain_text("Legal threat")
    standing.get_by_role("link", name="Listen in").click()
    expect(priya.locator("#lines")).to_contain_text("My lawyer will write to you")
    expect(priya.locator("#say [data-use]")).to_have_count(0)
    telephone.say(session, "agent", "I am sorry to hear that.")
    expect(priya.locator("#lines")).to_contain_text("I am sorry to hear that")
    priya.keyboard.press("n")
    priya.keyboard.type("Offer to call back today")
    priya.keyboard.press("Enter")
    expect(maya.locator("#whispers")).to_contain_text("Offer to call back today")
    expect(priya.locator("#whispers")).to_contain_text("Offer to call back today")
    assert complaints == []
