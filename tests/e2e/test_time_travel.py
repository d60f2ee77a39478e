"""A customer's facts seen as of a past day, in real Chromium on the real stack."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from tests.plugins.chromium import PASSWORD, SignIn
from tests.plugins.stack import Stack

pytestmark = pytest.mark.e2e

SEED = f"""
from datetime import timedelta
from django.utils import timezone
from customers import memory
from customers.models import Customer
from helpdesk.core.models import User
User.objects.create_user("ida@fernway.example", {PASSWORD!r}, name="Ida Brandt", role="supervisor")
person = Customer.objects.create(name="Ada Time")
memory.grant(person, source="Agreement")
for value, days in (("Growth", 800), ("Enterprise", 400)):
    then = timezone.now() - timedelta(days=days)
    memory.learn(person, "plan", value, source=memory.Source("agent"), since=then, learned=then, confidence=1.0)
"""


@pytest.fixture(scope="module")
def desk(office: Stack) -> Stack:
    done = office.manage("shell", "-c", SEED)
    assert done.returncode == 0, done.stderr.decode()
    return office


def test_a_past_day_shows_what_was_known_and_a_correction_leaves_it(sign_in: SignIn, complaints: list[str]) -> None:
    page = sign_in("ida")
    page.goto("/customers/?q=Ada")
    page.get_by_role("link", name="Ada Time").first.click()
    bars = page.locator("#known .v")
    expect(bars).to_have_count(2)
    look_as_of(page, 500)
    expect(bars).to_have_count(1)
    expect(bars.first).to_contain_text("Growth")
    page.get_by_role("link", name="Back to today").click()
    page.locator("#known a:has(.v[data-state=now])").click()
    page.get_by_label("Value").fill("Premium")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#known .v[data-state=now]")).to_contain_text("Premium")
    look_as_of(page, 100)
    expect(page.locator("#known .v[data-state=now]")).to_contain_text("Enterprise")
    assert complaints == []


def look_as_of(page: Page, days: int) -> None:
    page.fill("#as-of", f"{timezone.localdate() - timedelta(days=days):%Y-%m-%d}")
    page.get_by_role("button", name="Show").click()
    page.wait_for_url("**as_of=*")
