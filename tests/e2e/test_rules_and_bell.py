"""A supervisor makes a rule, tries it, switches it on; it fires while she looks, and her bell rings."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.plugins.chromium import PASSWORD, SignIn
from tests.plugins.stack import Stack

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

PEOPLE = f"""
from helpdesk.core.models import User
from tickets.models import Queue
User.objects.create_user("priya@fernway.example", {PASSWORD!r}, name="Priya Raman", role="supervisor")
Queue.objects.default()
"""
WRITES = """
from tickets import intake
from tickets.channels.base import InboundMessage, Sender
sender = Sender(email="ada@x.example", name="Ada")
intake.receive(InboundMessage(channel="email", sender=sender, subject={subject!r}, body_text="Where is it?"))
"""


def writes(desk: Stack, subject: str) -> None:
    """A customer's mail comes in, in a process of its own."""
    done = desk.manage("shell", "-c", WRITES.format(subject=subject))
    assert done.returncode == 0, done.stderr.decode()


@pytest.fixture(scope="module")
def desk(stack: Stack) -> Stack:
    done = stack.manage("shell", "-c", PEOPLE)
    assert done.returncode == 0, done.stderr.decode()
    writes(stack, "An earlier parcel")
    return stack


def settled(page: Page) -> None:
    """What the server sent is in its place, and listens."""
    expect(page.locator(".htmx-request, .htmx-swapping, .htmx-settling, .htmx-added")).to_have_count(0)


def choose(page: Page, rows: str, field: str, **then: str) -> None:
    """Fill the empty row at the end of a list; its second half comes from the server."""
    settled(page)
    page.locator(f"{rows} .rule-row").last.locator("select").first.select_option(label=field)
    settled(page)
    if "op" in then:
        page.locator(f"{rows} .rule-row").last.get_by_label("Comparison").select_option(label=then["op"])
    value = page.locator(f"{rows} .rule-row").last.get_by_label("Value")
    expect(value).to_be_visible()
    if value.evaluate("element => element.tagName") == "SELECT":
        value.select_option(label=then["value"])
    else:
        value.fill(then["value"])


def test_a_rule_is_made_tried_and_fires_while_one_looks(desk: Stack, sign_in: SignIn, complaints: list[str]) -> None:
    page = sign_in("priya")
    page.goto("/settings/rules/new/")
    expect(page.locator("html[data-ready]")).to_be_attached()
    page.get_by_label("Name").fill("Parcels first")
    choose(page, "#rows-all", "subject", op="contains any of", value="parcel")
    choose(page, "#rows-then", "set the priority to", value="Urgent")
    page.get_by_role("button", name="Add an action").click()
    expect(page.locator("#rows-then .rule-row")).to_have_count(2)
    choose(page, "#rows-then", "tell", value="the supervisors")
    page.get_by_label("What they read").fill("A parcel: {{ticket.number}}")

    page.get_by_role("button", name="Try it").click()
    expect(page.locator("#tried")).to_contain_text("1 of the last 1 tickets")
    expect(page.locator("#tried")).to_contain_text("An earlier parcel")

    page.get_by_role("button", name="Save").last.click()
    page.get_by_role("button", name="Switch on").click()
    expect(page.locator(".rule").filter(has_text="Parcels first")).to_contain_text("subject contains any of parcel")

    page.goto("/inbox/all/")
    expect(page.locator("html")).to_have_attribute("data-live", "on")
    writes(desk, "My parcel")
    expect(page.locator("#bell")).to_contain_text("1 unread notice")
    page.get_by_role("link", name="Notices").first.click()
    page.get_by_role("link", name="A parcel:").click()
    expect(page.locator("#ticket-head")).to_contain_text("My parcel")
    expect(page.locator("#ticket-head")).to_contain_text("Urgent")
    expect(page.get_by_text("set the priority to Urgent")).to_be_visible()
    page.goto("/settings/rules/history/")
    expect(page.locator("main")).to_contain_text("Parcels first")
    assert complaints == []
