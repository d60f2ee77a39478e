"""An article's life in real Chromium on the real stack: written, kept while typing, reviewed, published, read, voted on, changed by two."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.plugins.chromium import PASSWORD, SignIn, Visit
from tests.plugins.stack import Stack

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

PEOPLE = f"""
from helpdesk.core.models import User
for name, role in (("Aiko Tanaka", "agent"), ("Samir Haddad", "lead")):
    User.objects.create_user(name.split()[0].lower() + "@fernway.example", {PASSWORD!r}, name=name, role=role)
"""
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c4944415408d763f8cfc000000301010018dd8db00000000049454e44ae426082"
)


@pytest.fixture(scope="module")
def desk(office: Stack) -> Stack:
    done = office.manage("shell", "-c", PEOPLE)
    assert done.returncode == 0, done.stderr.decode()
    return office


def begin(page: Page, title: str) -> None:
    page.goto("/knowledge/")
    page.get_by_role("link", name="New article").first.click()
    page.get_by_label("Title").fill(title)
    page.get_by_role("button", name="Start writing").click()
    expect(page.locator("#body")).to_be_visible()


def test_an_article_is_written_reviewed_published_read_and_voted_on(sign_in: SignIn, visit: Visit, complaints: list[str]) -> None:
    aiko, samir, reader = sign_in("aiko"), sign_in("samir"), visit()
    begin(aiko, "Keep GPS running")
    body = aiko.locator("#body")
    body.click()
    aiko.keyboard.type("Android pauses apps.\n\nOpen settings")
    aiko.keyboard.press("Shift+Home")
    aiko.get_by_role("button", name="Numbered list").click()
    expect(body).to_have_value("Android pauses apps.\n\n1. Open settings")
    aiko.set_input_files("#files", {"name": "map.png", "mimeType": "image/png", "buffer": PNG})
    expect(body).to_have_value(re.compile(r"!\[map\]\(/knowledge/files/[0-9a-f-]+/\)"))
    aiko.get_by_role("button", name="Preview").click()
    expect(aiko.locator("#preview ol li")).to_have_text("Open settings")
    expect(aiko.locator("#preview img")).to_be_visible()
    aiko.keyboard.press("Control+Shift+P")
    expect(body).to_be_visible()
    aiko.keyboard.press("Control+Enter")
    expect(aiko.locator("#toasts")).to_contain_text("Sent to review")

    samir.goto("/knowledge/?status=waiting")
    samir.get_by_role("link", name="Keep GPS running").click()
    samir.wait_for_url("**/edit/")  # loaded: its scripts have run, and hear the keys
    samir.keyboard.press("Control+Enter")
    expect(samir.locator("#toasts")).to_contain_text("Published")
    samir.get_by_role("link", name="As readers see it").click()
    reader.goto(samir.url)
    expect(reader.locator("main img")).to_be_visible()
    reader.get_by_role("button", name="No", exact=True).click()
    reader.get_by_label("What was missing?").fill("It says nothing of tablets.")
    reader.get_by_role("button", name="Send").click()
    expect(reader.locator("#solved")).to_contain_text("We read every one")
    aiko.reload()
    expect(aiko.get_by_role("complementary")).to_contain_text("It says nothing of tablets.")
    assert complaints == []


def test_what_is_typed_survives_a_closed_tab_and_a_lost_connection(sign_in: SignIn, complaints: list[str]) -> None:
    aiko = sign_in("aiko")
    begin(aiko, "Print labels")
    address = aiko.url
    aiko.locator("#body").fill("Half a thought")
    expect(aiko.locator("#kept")).to_contain_text("Kept")
    aiko.goto("/knowledge/")
    aiko.goto(address)
    expect(aiko.locator("#body")).to_have_value("Half a thought")
    expect(aiko.get_by_text("did not save")).to_be_visible()

    aiko.context.set_offline(True)
    aiko.locator("#body").fill("Half a thought, and the rest")
    expect(aiko.locator("#kept")).to_contain_text("Kept on this computer")
    aiko.context.set_offline(False)
    expect(aiko.locator("#kept")).to_have_text(re.compile(r"^Kept \d"))
    aiko.keyboard.press("Control+s")
    expect(aiko.locator("#toasts")).to_contain_text("Saved")
    assert complaints == []


def test_two_who_write_at_once_see_both_texts(sign_in: SignIn, complaints: list[str]) -> None:
    aiko, samir = sign_in("aiko"), sign_in("samir")
    begin(aiko, "Refund limits")
    aiko.locator("#body").fill("Up to 100 euro.")
    aiko.keyboard.press("Control+s")
    expect(aiko.locator("#toasts")).to_contain_text("Saved")
    samir.goto(aiko.url)
    samir.locator("#body").fill("Up to 200 euro.")
    samir.keyboard.press("Control+s")
    expect(samir.locator("#toasts")).to_contain_text("Saved")
    aiko.locator("#body").fill("Up to 150 euro.")
    expect(aiko.get_by_role("alert").filter(has_text="Samir Haddad saved another version")).to_be_visible()
    aiko.keyboard.press("Control+s")
    expect(aiko.locator(".kb-conflict del")).to_have_text("200")
    expect(aiko.locator(".kb-conflict ins")).to_have_text("150")
    aiko.get_by_role("button", name="Save mine as the next version").click()
    expect(aiko.locator("#toasts")).to_contain_text("Saved")
    aiko.get_by_role("link", name="Version 2", exact=True).click()
    aiko.get_by_role("button", name="Bring this version back").click()
    expect(aiko.locator("#body")).to_have_value("Up to 200 euro.")
    assert complaints == []


def test_a_file_is_imported_with_a_report_and_found_by_readers(sign_in: SignIn, complaints: list[str]) -> None:
    samir = sign_in("samir")
    samir.goto("/knowledge/import/")
    rows = b"question;answer\nWhere is my pallet?;Ask the warehouse.\nNo answer;\n"
    samir.set_input_files("#import-file", {"name": "faq.csv", "mimeType": "text/csv", "buffer": rows})
    samir.get_by_role("button", name="Import").click()
    expect(samir.get_by_text("The import is done.")).to_be_visible()
    expect(samir.locator("#import")).to_contain_text("no text or answer")
    samir.get_by_role("link", name="Show the articles").click()
    expect(samir.get_by_role("link", name="Where is my pallet?")).to_be_visible()
    assert complaints == []
