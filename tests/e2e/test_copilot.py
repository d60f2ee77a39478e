"""Help with a reply, in real Chromium on the real stack: a model's draft word by word, stopped, written anew, used, sent; macros."""

from __future__ import annotations

import re
import smtplib
from email.message import EmailMessage
from email.utils import make_msgid

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.plugins.chromium import PASSWORD, SignIn
from tests.plugins.model_server import Dictation, ModelServer
from tests.plugins.stack import Stack

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

COMPANY = f"""
from helpdesk.core.models import ModelProvider, User
from knowledge import indexing
from knowledge.models import Article
from tickets.models import Macro, Queue
queue = Queue.objects.default()
for name, role in (("Tove Lind", "agent"), ("Rashida Amin", "supervisor")):
    user = User.objects.create_user(name.split()[0].lower() + "@fernway.example", {PASSWORD!r}, name=name, role=role)
    queue.memberships.create(user=user)
article = Article.objects.create(
    slug="pair-the-tracker", title="How do I pair the tracker?", status="published", audience="public", language="en",
    body="To pair the tracker, press its blue button and wait ten seconds.",
)
indexing.index_article(article.pk)
Macro.objects.create(title="Greeting", text="Hello {{{{customer.first_name}}}}, this is about {{{{ticket.number}}}}.")
ModelProvider.objects.create(base_url="MODEL", model="test-1")
"""
QUESTION = "How do I pair the tracker?"
BEGIN = '{"can_answer": true, "sentences": [{"kind": "answer", "sources": [1], "text": "'
END = '"}]}'


@pytest.fixture(scope="module")
def desk(office: Stack, far_model: ModelServer) -> Stack:
    done = office.manage("shell", "-c", COMPANY.replace("MODEL", far_model.url))
    assert done.returncode == 0, done.stderr.decode()
    return office


@pytest.fixture
def tove(sign_in: SignIn) -> Page:
    page = sign_in("tove")
    page.goto("/inbox/all/")
    expect(page.locator("#link-state")).to_contain_text("Live updates on")
    page.mouse.move(5, 5)
    return page


def write_in(desk: Stack, subject: str, text: str, answers: str = "") -> str:
    """A mail from a customer; its id."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "Signe <signe@havn.example>", "support@fernway.example", subject
    mail["Message-ID"] = make_msgid(domain="havn.example")
    if answers:
        mail["In-Reply-To"] = answers
    mail.set_content(text)
    with smtplib.SMTP(*desk.mail) as server:
        server.send_message(mail)
    return str(mail["Message-ID"])


def opened(page: Page, desk: Stack, subject: str) -> str:
    """The ticket of a new mail, which came into the list by itself; the mail's id."""
    mail = write_in(desk, subject, QUESTION)
    row = page.locator(".ticket-row", has_text=subject)
    expect(row).to_be_visible()
    row.click()
    expect(page.locator("#subject")).to_contain_text(subject)
    return mail


def slot(page: Page) -> Locator:
    return page.locator("#draft-slot")


def draft(page: Page) -> Locator:
    """Its words, without the passages of its sources."""
    return slot(page).locator("[data-draft] .draft__text")


def test_a_model_writes_word_by_word_is_stopped_and_a_macro_answers(
    desk: Stack, far_model: ModelServer, tove: Page, complaints: list[str]
) -> None:
    said = Dictation()
    far_model.does(said)
    opened(tove, desk, "Trackers in the yard")
    writing = slot(tove).locator("[data-writing]")
    expect(slot(tove)).to_contain_text("local engine")
    said.say(BEGIN + "Press the bl")
    expect(writing.locator("p")).to_have_text("Press the")
    said.say("ue button")
    said.say(" and ")
    expect(writing.locator("p")).to_have_text("Press the blue button and")
    expect(slot(tove).get_by_role("button", name="Use draft")).to_be_visible()  # the local one, meanwhile
    writing.get_by_role("button", name="Stop").click()
    expect(writing).to_have_count(0)
    said.talk_until_hung_up()
    helpful = slot(tove).get_by_role("button", name="Helpful", exact=True)
    helpful.click()
    expect(helpful).to_have_attribute("aria-pressed", "true")
    expect(slot(tove)).to_contain_text("local engine")
    expect(tove.locator("#composer-callouts")).to_be_empty()  # who rates sends nothing
    slot(tove).get_by_role("button", name="Dismiss").click()
    expect(slot(tove).locator("[data-draft]")).to_have_count(0)
    picks_a_macro(tove)
    assert complaints == []


def picks_a_macro(page: Page) -> None:
    body = page.locator("#body")
    body.press_sequentially("/greet")
    expect(page.locator("#macro-list [aria-selected=true]")).to_contain_text("Greeting")
    body.press("Enter")
    expect(body).to_have_value(re.compile(r"^Hello Signe, this is about TKT-[\d-]+\.$"))
    body.press("Control+Enter")
    expect(page.locator('.thread .msg[data-from="agent"]')).to_contain_text("Hello Signe, this is about TKT-")


def test_a_models_draft_is_written_anew_used_edited_and_sent(
    desk: Stack, far_model: ModelServer, tove: Page, sign_in: SignIn, complaints: list[str]
) -> None:
    far_model.says(f"{BEGIN}Press the blue button.{END}")
    mail = opened(tove, desk, "Trackers once more")
    expect(slot(tove)).to_contain_text("language model")
    expect(draft(tove)).to_contain_text("Press the blue button.")
    said = Dictation()
    far_model.does(said)
    slot(tove).get_by_role("button", name="Rewrite").click()
    slot(tove).get_by_label("Say how").fill("Mention the wait")
    slot(tove).get_by_label("Say how").press("Enter")
    expect(slot(tove)).to_contain_text("A model changes it")  # and no word of it yet
    said.say(BEGIN + "Press the blue button and ")
    expect(slot(tove).locator("[data-writing] p")).to_have_text("Press the blue button and")
    assert "Mention the wait" in far_model.received
    said.say("wait ten seconds." + END)
    said.end()
    expect(draft(tove)).to_contain_text("wait ten seconds.")
    expect(slot(tove).locator("[data-writing]")).to_have_count(0)
    uses_and_edits(tove)
    far_model.says(f"{BEGIN}Wait ten seconds.{END}")
    write_in(desk, "Re: Trackers once more", "I pressed it. How do I pair the tracker now?", answers=mail)
    expect(draft(tove)).to_contain_text("Wait ten seconds.")  # another draft for the new words
    rashida = sign_in("rashida")
    desk.wait_until(lambda: "1 edited" in funnel(rashida), "An edited draft in the funnel")
    assert complaints == []


def uses_and_edits(page: Page) -> None:
    body = page.locator("#body")
    slot(page).get_by_role("button", name="Use draft").click()
    expect(body).to_have_value("Press the blue button and wait ten seconds.")
    body.press_sequentially(" Bye.")
    body.press("Control+Enter")
    expect(page.locator('.thread .msg[data-from="agent"]')).to_contain_text("wait ten seconds. Bye.")


def funnel(page: Page) -> str:
    page.goto("/evaluation/drafts/")
    return page.locator("main").inner_text()
