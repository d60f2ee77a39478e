"""A supervisor's desk in real Chromium: from a figure to its tickets and back, and escalations from the first alarm to the hand-back."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.plugins.chromium import PASSWORD, SignIn
from tests.plugins.stack import Stack

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

CRATES = f"""
from helpdesk.core.models import User
from tickets import escalating, intake
from tickets.channels.base import InboundMessage, Sender
from tickets.models import Queue
queue = Queue.objects.create(name="Crates", slug="crates")
people = {{}}
for name, role in (("Petra Holm", "supervisor"), ("Otto Berg", "agent")):
    people[role] = User.objects.create_user(name.split()[0].lower() + "@fernway.example", {PASSWORD!r}, name=name, role=role)
    queue.memberships.create(user=people[role])
sender = Sender(email="ada@crates.example", name="Ada")
for subject, channel in (("Crate A is wet", "email"), ("Crate B is late", "email"), ("Crate C is lost", "api")):
    message = intake.receive(InboundMessage(channel=channel, sender=sender, subject=subject, body_text="Please help.", queue="crates"))
    if subject != "Crate C is lost":
        escalating.escalate(message.ticket, level="senior_support", reason="A large customer", by=people["agent"])
"""


@pytest.fixture(scope="module")
def desk(office: Stack) -> Stack:
    done = office.manage("shell", "-c", CRATES)
    assert done.returncode == 0, done.stderr.decode()
    return office


def row(page: Page, subject: str) -> Locator:
    return page.locator(".people__row").filter(has_text=subject)


def on_the_dashboard(page: Page, address: str) -> None:
    """There, with its script running: it has said how old the figures are."""
    expect(page).to_have_url(re.compile(address))
    expect(page.locator("#board-live")).to_have_text(re.compile(r"Live, \d+ s"))


def do(page: Page, button: str, *subjects: str) -> None:
    for subject in subjects:
        row(page, subject).get_by_role("checkbox").check()
    page.get_by_role("button", name=button).click()


def test_a_figure_opens_its_tickets_and_the_way_back_keeps_the_filter(sign_in: SignIn, complaints: list[str]) -> None:
    petra = sign_in("petra")
    petra.goto("/dashboard/?period=7d")
    team, channel = petra.locator("#dash-queue"), petra.locator("#dash-channel")
    on_the_dashboard(petra, "period=7d")
    team.select_option(label="Crates")
    on_the_dashboard(petra, "period=7d&queue=crates")
    channel.select_option(label="E-mail")
    on_the_dashboard(petra, "period=7d&queue=crates&channel=email")
    petra.locator(".kpi").filter(has_text="New tickets").locator("dd a", has_text="2").click()
    main = petra.locator("#main")
    expect(main).to_contain_text("Crate A is wet")
    expect(main).to_contain_text("Crate B is late")
    expect(main).not_to_contain_text("Crate C is lost")
    main.get_by_role("link", name="Crate A is wet").click()
    expect(petra.locator("#subject")).to_contain_text("Crate A is wet")
    petra.go_back()
    petra.get_by_role("link", name="Back to the dashboard").click()
    expect(team).to_have_value("crates")
    expect(channel).to_have_value("email")
    expect(petra.locator(".seg [aria-current]").first).to_have_text("7 days")
    petra.get_by_role("region", name="Key figures").get_by_role("link", name="What is “First reply, median”?").click()
    expect(petra.locator("#first_reply")).to_contain_text("to the first answer by a person")
    petra.get_by_role("link", name="Back to the dashboard").click()
    expect(team).to_have_value("crates")
    petra.get_by_role("link", name="Around the clock").click()
    on_the_dashboard(petra, "clock=wall&queue=crates|queue=crates.*clock=wall")
    assert complaints == []


def test_escalations_are_acknowledged_given_over_and_handed_back(sign_in: SignIn, complaints: list[str]) -> None:
    otto, petra = sign_in("otto"), sign_in("petra")
    otto.goto("/inbox/all/")
    expect(otto.locator("html")).to_have_attribute("data-live", "on")
    expect(otto.locator("#rail-escalations")).to_have_text("2")
    petra.goto("/escalations/")
    do(petra, "Acknowledge", "Crate A is wet", "Crate B is late")
    expect(petra.locator("#toasts")).to_contain_text("2 escalations changed")
    for subject in ("Crate A is wet", "Crate B is late"):
        expect(row(petra, subject)).to_contain_text("Petra Holm")
    petra.get_by_label("Colleague").select_option(label="Otto Berg")
    do(petra, "Give", "Crate A is wet")
    expect(row(petra, "Crate A is wet")).to_contain_text("Otto Berg")
    do(petra, "Hand back", "Crate B is late")
    expect(row(petra, "Crate B is late")).to_contain_text("Handed back")
    expect(otto.locator("#rail-escalations")).to_have_text("1")
    otto.goto("/escalations/")
    do(otto, "Hand back", "Crate A is wet")
    expect(row(otto, "Crate A is wet")).to_contain_text("Handed back")
    assert complaints == []
