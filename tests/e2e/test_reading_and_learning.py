"""The help centre as its readers use it, and the learning page as supervisors do, in real Chromium on the real stack."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.plugins.chromium import PASSWORD, SignIn, Visit
from tests.plugins.stack import Stack

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

WORK = f"""
from datetime import timedelta
from django.utils import timezone
from assist.models import LabelledExample, Prediction
from customers.models import Customer
from helpdesk.core.models import User
from knowledge import indexing
from knowledge.models import Article
from tickets.models import Queue, Ticket
ines = User.objects.create_user("ines@fernway.example", {PASSWORD!r}, name="Ines Duarte", role="supervisor")
for slug, title, body in (
    ("open-the-gate", "How do I open the gate?", "Stand near it.\\n\\n1. Press the green button beside the gate.\\n2. Wait."),
    ("lost-parcel", "My parcel is lost", "Tell us its number. We look for it within two days."),
):
    article = Article.objects.create(slug=slug, title=title, body=body, status="published")
    indexing.index_article(article.pk)
queue = Queue.objects.first() or Queue.objects.create(name="Support", slug="support")
customer = Customer.objects.create(name="Ingrid Berg")
now = timezone.now()
for n, (actual, label) in enumerate([("billing", "billing"), ("billing", "sales"), ("sales", "sales")]):
    ticket = Ticket.objects.create(number=f"TKT-20251101-{{n:04}}", subject=f"Subject {{n}}", queue=queue, customer=customer,
                                   channel="email")
    Prediction.objects.create(ticket=ticket, field="category", label=label, confidence=0.8, band="act", actual=actual,
                              correct=actual == label, outcome="confirmed" if actual == label else "corrected",
                              created_at=now - timedelta(weeks=n), settled_at=now)
LabelledExample.objects.create(ticket=ticket, field="category", label="sales", said="billing", text="x", by=ines, weight=3)
"""


@pytest.fixture(scope="module")
def desk(office: Stack) -> Stack:
    done = office.manage("shell", "-c", WORK)
    assert done.returncode == 0, done.stderr.decode()
    return office


@pytest.fixture
def page(visit: Visit) -> Page:
    return visit()


def test_a_reader_finds_reads_and_judges_an_article(page: Page, complaints: list[str]) -> None:
    page.goto("/help/")
    field = page.locator("#big-q")
    field.press_sequentially("open the gaet")
    expect(page.get_by_role("link", name="How do I open the gate?").first).to_be_visible()
    field.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("open the gaet")
    expect(page.locator("aside.notice")).to_have_count(0)
    page.locator("ol.hits").get_by_role("link", name="How do I open the gate?").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("How do I open the gate?")
    expect(page.locator("main ol li").first).to_have_text("Press the green button beside the gate.")
    page.get_by_role("button", name="Yes", exact=True).click()
    expect(page.get_by_text("Thank you. Good to know.")).to_be_visible()
    assert complaints == []


def test_an_answer_is_offered_before_a_request_is_sent_and_the_request_arrives(page: Page, complaints: list[str]) -> None:
    page.goto("/help/contact/")
    page.locator("[name=subject]").press_sequentially("my parcel is lost")
    expect(page.locator("#may-answer").get_by_role("link", name="My parcel is lost")).to_be_visible()
    page.locator("[name=body]").fill("It never came. Where is my parcel?")
    page.locator("[name=email]").fill("reader@customer.example")
    page.get_by_role("button", name="Send request").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("These may answer it")
    page.get_by_role("button", name="Send it anyway").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your request arrived")
    assert complaints == []


def test_a_supervisor_opens_what_was_mistaken_and_takes_a_lesson_back(sign_in: SignIn, complaints: list[str]) -> None:
    page = sign_in("ines")
    page.goto("/evaluation/learning/")
    expect(page.locator(".figure").first).to_have_text("67%")
    expect(page.get_by_role("heading", name="Learning curve")).to_be_visible()
    expect(page.locator("main svg").first).to_be_visible()
    latest = page.locator("#latest")
    expect(latest).to_contain_text("Ines Duarte")
    latest.get_by_role("button").first.click()
    expect(page.locator("#latest")).to_contain_text("taken back")
    page.locator(".matrix td[data-right=no] a").click()
    expect(page).to_have_url(re.compile("actual=billing&label=sales"))
    expect(page.get_by_text("Subject 1")).to_be_visible()
    expect(page.get_by_text("Subject 0")).to_have_count(0)
    assert complaints == []
