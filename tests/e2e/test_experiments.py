"""An experiment on the chat in real Chromium on the real stack: written, started, given to visitors, stopped by a guard, decided."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.plugins.chromium import PASSWORD, SignIn
from tests.plugins.stack import Stack

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

PEOPLE = f"""
from helpdesk.core.models import ApiKey, ModelProvider, User
User.objects.create_user("oona@fernway.example", {PASSWORD!r}, name="Oona Virta", role="supervisor")
ModelProvider.objects.update_or_create(id=1, defaults={{"base_url": "http://127.0.0.1:9/v1", "model": "test-1", "on": True}})
print(ApiKey.issue("Visitors", scopes=["chat:write"])[1])
"""
HANDED_OVER = """
from django.utils import timezone
from assist.experiments import guarding
from assist.models import ChatSession, Experiment
from customers.models import Customer
experiment = Experiment.objects.get(name="Chat without a model")
since = timezone.now()
for arm in experiment.arms.all():
    for n in range(guarding.FEWEST):
        visitor = Customer.objects.create(name=f"{arm.name} {n}")
        experiment.assignments.create(arm=arm, unit=visitor.pk, created_at=since)
        handed = {} if arm.is_control else {"handed_over_at": since}
        ChatSession.objects.create(customer=visitor, session_id="x", state="ended", ended_at=since, last_message_at=since, **handed)
guarding.watch()
"""


@pytest.fixture(scope="module")
def key(office: Stack) -> Iterator[str]:
    """Of a website whose visitors chat. The model is away: what is tried here is who gets what."""
    done = office.manage("shell", "-c", PEOPLE)
    assert done.returncode == 0, done.stderr.decode()
    yield done.stdout.decode().split()[-1]
    office.manage("shell", "-c", "from helpdesk.core.models import ModelProvider; ModelProvider.objects.all().delete()")


@pytest.fixture(scope="module")
def desk(office: Stack, key: str) -> Stack:
    return office


def given(page: Page) -> int:
    """How many visitors the arms were given to, as the page says."""
    page.reload()
    return sum(int(cell) for cell in page.locator("table.ab tbody tr td:nth-of-type(1)").all_inner_texts())


def test_an_experiment_from_the_first_word_to_the_decision(desk: Stack, key: str, sign_in: SignIn, complaints: list[str]) -> None:
    page = sign_in("oona")
    page.goto("/evaluation/experiments/")
    page.get_by_role("link", name="New experiment").click()
    page.get_by_role("link", name="Answers in chat").click()
    writes(page)
    expect(page.get_by_text("Not started: nobody gets anything else yet.")).to_be_visible()
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_text("Too few to say")).to_be_visible()
    said = page.request.post(
        "/api/chat",
        headers={"Authorization": f"Bearer {key}"},
        data={"content": "How do I pair the tracker with my phone?", "user_id": "signe-1", "session_id": "s-1"},
    )
    assert said.ok, said.text()
    assert given(page) == 1
    done = desk.manage("shell", "-c", HANDED_OVER)
    assert done.returncode == 0, done.stderr.decode()
    page.reload()
    expect(page.get_by_text("Stopped by a guard: No model: Chats handed over: 100.0%, limit 30.0%")).to_be_visible()
    decides(page)
    assert complaints == []


def writes(page: Page) -> None:
    page.get_by_label("Name", exact=True).first.fill("Chat without a model")
    expect(page.get_by_label("Metric")).to_have_value("answered")
    page.get_by_label("Least number in each arm").fill("30")
    page.get_by_label("Chats handed over (%)").fill("30")
    other = page.get_by_role("group", name="Arm 2")
    other.get_by_label("Name").fill("No model")
    other.get_by_label("Engine").select_option("local")
    page.get_by_role("button", name="Save").click()


def decides(page: Page) -> None:
    page.get_by_role("button", name="Decide").click()
    expect(page.get_by_text("The numbers do not say so yet.")).to_be_visible()
    page.get_by_label("Why, if the numbers do not say so").fill("The other one hands everybody over")
    page.get_by_role("button", name="Decide").click()
    expect(page.get_by_role("heading", name="Decided: “In use” is in use.")).to_be_visible()
    expect(page.get_by_text("The other one hands everybody over")).to_be_visible()
