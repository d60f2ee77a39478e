"""The widget's own addresses: a visit begins, goes on and ends; the page in the frame; the chat as the window shows it."""

from __future__ import annotations

import gzip
import json
import re
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from assist.chat import attending, handing_over, identities, lines, visitors
from assist.chat.visitors import Visitor
from assist.models import ChatMessage, ChatSession, WidgetSite
from assist.widget import colours, hours, words
from customers.models import Customer
from helpdesk.core.models import User
from tests.cast import signed_in
from tickets.models import Attachment, BusinessHours, Queue, Ticket

pytestmark = pytest.mark.django_db
SECRET, SHOP = "s" * 40, "https://shop.example"
PICTURE = b"\x89PNG\r\n\x1a\n" + b"0" * 20
BUDGET = 25_000  # bytes, compressed: loader and script together


@pytest.fixture
def site(support: Queue) -> WidgetSite:
    return WidgetSite.objects.create(name="Shop", origins=[SHOP], secrets={"identity": SECRET}, generation=1, languages=["en", "ar"])


class Window:
    """A visitor's window: what its script sends."""

    def __init__(self, site: WidgetSite, visitor: Visitor, token: str) -> None:
        self.visitor, self.session, self.client = visitor, uuid4().hex, Client(headers={"Authorization": f"Bearer {token}"})

    def post(self, path: str, **body: Any) -> Any:
        return self.client.post(f"/api/widget/{path}", json.dumps(body), content_type="application/json")

    def say(self, content: str, client_id: str = "", **more: Any) -> Any:
        return self.post("chat", session_id=self.session, client_id=client_id or uuid4().hex, content=content, **more)

    def read(self, after: int = 0) -> Any:
        return self.client.get("/api/widget/chat", {"session_id": self.session, "after": after}).json()

    def send_file(self, name: str, content: bytes, client_id: str = "f-1") -> Any:
        form = {"file": SimpleUploadedFile(name, content), "session_id": self.session, "client_id": client_id}
        return self.client.post("/api/widget/files", form)


@pytest.fixture
def window(site: WidgetSite) -> Window:
    return Window(site, *visitors.enter(site))


def visit(client: Client, site: WidgetSite, token: str = "", **body: Any) -> Any:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return client.post("/api/widget/visits", json.dumps({"site": site.key, **body}), content_type="application/json", headers=headers)


# -- a visit -----------------------------------------------------------------------------------------------------


def test_a_stranger_gets_a_token_and_keeps_their_name_by_it(site: WidgetSite, client: Client) -> None:
    first = visit(client, site).json()
    again = visit(client, site, first["token"]).json()
    assert (again["user_id"], again["verified"]) == (first["user_id"], False)
    assert visit(client, site).json()["user_id"] != first["user_id"]
    assert Customer.objects.count() == 0


def test_a_token_of_one_site_begins_anew_on_another(site: WidgetSite, client: Client) -> None:
    other = WidgetSite.objects.create(name="Other")
    first = visit(client, site).json()
    assert visit(client, other, first["token"]).json()["user_id"] != first["user_id"]


def test_a_signed_identity_makes_the_visitor_its_user(site: WidgetSite, client: Client) -> None:
    token = identities.sign(SECRET, user_id="u-9", name="Ada", email="ada@shop.example", exp=int(time.time()) + 600)
    said = visit(client, site, identity=token).json()
    assert (said["user_id"], said["verified"], said["name"]) == ("u-9", True, "Ada")


def test_a_forged_identity_is_refused_and_says_why(site: WidgetSite, client: Client) -> None:
    answer = visit(client, site, identity=identities.sign("wrong", user_id="u-9", exp=int(time.time()) + 600))
    assert (answer.status_code, answer.headers["Content-Type"]) == (401, "application/problem+json")
    assert "signature" in answer.json()["detail"]


@pytest.mark.parametrize(
    "headers", [{"Origin": "https://evil.example"}, {"Origin": SHOP}, {"Origin": "null"}, {"Origin": "http://testserver:81"}]
)
def test_only_our_own_frame_may_ask(site: WidgetSite, headers: dict[str, str]) -> None:
    assert visit(Client(headers=headers), site).status_code == 403


@pytest.mark.parametrize(
    ("shown_by", "status"),
    [(SHOP, 201), ("http://testserver", 201), ("https://evil.example", 403), ("http://shop.example", 403)],
)
def test_only_the_sites_own_pages_may_show_it(site: WidgetSite, client: Client, shown_by: str, status: int) -> None:
    assert visit(client, site, origin=shown_by).status_code == status


def test_an_unknown_site_and_one_that_is_off_are_not_there(site: WidgetSite, client: Client) -> None:
    WidgetSite.objects.update(is_active=False)
    assert visit(client, site).status_code == 404
    assert client.get(f"/widget/?site={site.key}").status_code == 404
    assert client.get("/widget/?site=x").status_code == 404


def test_a_session_cookie_opens_nothing_of_a_visitors(site: WidgetSite, priya: User) -> None:
    assert signed_in(priya).get("/api/widget/chat").status_code == 401


def test_leaving_ends_the_token(window: Window) -> None:
    assert window.post("departures").status_code == 204
    assert window.client.get("/api/widget/chat").status_code == 401


# -- the page in the frame ---------------------------------------------------------------------------------------


def test_only_the_sites_addresses_may_frame_the_chat(site: WidgetSite, client: Client) -> None:
    answer = client.get(f"/widget/?site={site.key}")
    policy = answer.headers["Content-Security-Policy"]
    assert f"frame-ancestors 'self' {SHOP};" in policy + ";"
    assert "script-src 'self';" in policy + ";"
    assert "style-src 'self'" in [part.strip() for part in policy.split(";")]  # whatever their order
    assert "X-Frame-Options" not in answer.headers
    assert not answer.cookies
    assert b"<style" not in answer.content
    assert b' style="' not in answer.content


def test_the_page_speaks_the_sites_language_and_direction(site: WidgetSite, client: Client) -> None:
    assert b'lang="ar" dir="rtl"' in client.get(f"/widget/?site={site.key}&lang=ar").content
    assert b'lang="en" dir="ltr"' in client.get(f"/widget/?site={site.key}&lang=he", headers={"Accept-Language": "he, en"}).content


def test_the_loader_is_one_file_for_all_sites_that_a_browser_may_keep(site: WidgetSite, client: Client) -> None:
    first = client.get("/widget.js")
    assert first.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert first.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert client.get("/widget.js", headers={"If-None-Match": first.headers["ETag"]}).status_code == 304


def test_the_help_centre_has_the_chat_of_the_site_that_is_meant_for_it(site: WidgetSite, client: Client) -> None:
    assert client.get("/widget/help-centre.js").content == b""
    WidgetSite.objects.update(in_help_centre=True)
    assert site.key.encode() in client.get("/widget/help-centre.js").content
    assert client.get("/widget/demo/").status_code == 200


def test_loader_and_script_are_small(client: Client) -> None:
    scripts = sorted((Path(settings.BASE_DIR) / "static/js").glob("widget*.js"))
    assert len(scripts) > 1
    assert sum(len(gzip.compress(script.read_bytes())) for script in scripts) < BUDGET


# -- the chat ----------------------------------------------------------------------------------------------------


def test_what_is_said_is_kept_once_however_often_it_is_sent(window: Window) -> None:
    window.say("How do I reset my password?", "c-1")
    said = window.say("How do I reset my password?", "c-1").json()
    assert said["session"]["session_id"] == window.session
    assert [one["content"] for one in said["lines"] if one["role"] == "user"] == ["How do I reset my password?"]
    assert said["lines"][0]["client_id"] == "c-1"
    assert window.read(after=said["session"]["lines"])["lines"] == []


def test_a_strangers_chat_is_seen_by_nobody_else(window: Window, site: WidgetSite) -> None:
    window.say("Hello")
    other = Window(site, *visitors.enter(site))
    other.session = window.session
    assert other.read() == {"session": None, "lines": []}
    assert other.post("chat/endings", session_id=window.session).status_code == 404


@pytest.mark.parametrize("content", ["", "   ", "x" * 4001, "x" * 50_000])
def test_an_empty_or_endless_message_is_refused(window: Window, content: str) -> None:
    assert window.say(content).status_code == 400
    assert ChatMessage.objects.count() == 0


def test_the_button_brings_a_person_before_a_word_was_said(window: Window) -> None:
    state = window.post("chat/handovers", session_id=window.session).json()["session"]
    assert (state["state"], state["position"], state["anybody"]) == ("waiting", 1, False)
    assert state["ticket"] == Ticket.objects.get().number
    assert window.post("chat/handovers", session_id=window.session).json()["session"]["ticket"] == state["ticket"]


def test_who_joined_is_known_by_first_name_and_the_visitor_ends_it(window: Window, maya: User) -> None:
    window.say("Hello")
    session = ChatSession.objects.get()
    handing_over.hand_over(session, "asked")
    attending.join(session, by=maya)
    lines.add(lines.locked(session), ChatMessage.Role.AGENT, "Hi, Maya here.", user=maya)
    seen = window.read()
    assert (seen["session"]["state"], seen["session"]["agent"], seen["lines"][-1]["name"]) == ("with_agent", "Maya", "Maya")
    assert window.post("chat/endings", session_id=window.session).json()["session"]["state"] == "ended"
    session.refresh_from_db()
    assert session.ended_at is not None


def test_what_was_given_before_the_chat_is_where_answers_go(window: Window, ingrid: Customer) -> None:
    window.post("introductions", name="Somebody", email=ingrid.email)
    window.say("Hello")
    session = ChatSession.objects.get()
    assert (session.email, session.identity) == (ingrid.email, "given")
    assert session.customer != ingrid


def test_the_chat_goes_to_the_sites_own_team(window: Window, site: WidgetSite, billing: Queue) -> None:
    WidgetSite.objects.update(queue=billing)
    window.post("chat/handovers", session_id=window.session)
    assert Ticket.objects.get().queue == billing


def test_reading_the_chat_costs_the_same_however_long_it_is(window: Window, django_assert_max_num_queries: Any) -> None:
    window.say("Hello")
    session = ChatSession.objects.get()
    for number in range(30):
        lines.add(lines.locked(session), ChatMessage.Role.ASSISTANT, f"Line {number}")
    with django_assert_max_num_queries(5):
        assert len(window.read()["lines"]) > 30


def test_a_ticket_for_the_socket_is_the_visitors_own(window: Window) -> None:
    def ask(**body: Any) -> Any:
        return window.client.post("/api/v1/socket-tickets", json.dumps(body), content_type="application/json")

    assert ask(user_id="somebody-else").status_code == 404
    assert ask(session_id=str(uuid4())).status_code == 404
    assert ask().status_code == 400
    secret = ask(user_id=window.visitor.user_id).json()["ticket"]
    door = visitors.at_door({}, f"ticket={secret}".encode(), user_id=window.visitor.user_id)
    assert door is not None
    assert door.pk == window.visitor.pk


# -- files and notes ---------------------------------------------------------------------------------------------


def test_a_file_stands_in_the_chats_ticket_once(window: Window) -> None:
    for _again in range(2):
        assert window.send_file("screen.png", PICTURE).status_code == 201
    file = Attachment.objects.get()
    assert (file.name, file.message.ticket) == ("screen.png", Ticket.objects.get())
    assert window.read()["session"]["state"] == "waiting"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("virus.exe", b"MZ"),
        ("page.html", b"<script>"),
        ("drawing.svg", b"<svg/>"),
        ("noname", b"x"),
        ("empty.png", b""),
        ("page.png", b"<script>"),
        ("sheet.xlsx", b"PK\x03\x04"),
        ("a.txt", b"MZ\x90"),
    ],
)
def test_a_file_that_nobody_should_open_is_refused_in_words(window: Window, name: str, content: bytes) -> None:
    answer = window.send_file(name, content)
    assert answer.status_code == 400
    assert answer.json()["detail"]
    assert Attachment.objects.count() == 0


def test_a_file_that_is_too_large_is_refused(window: Window, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assist.widget.files.LARGEST", 10)
    assert window.send_file("long.txt", b"x" * 11).status_code == 400


def test_who_comes_outside_hours_leaves_address_and_words_in_the_same_chat(window: Window, site: WidgetSite, maya: User) -> None:
    User.objects.update(last_seen_at=timezone.now())  # somebody's console is open all the same
    WidgetSite.objects.update(hours=f"{timezone.now() + timedelta(days=3):%a} 09:00-09:01")
    assert window.post("introductions", email="ada@shop.example").status_code == 204
    assert window.post("chat/handovers", session_id=window.session).json()["session"]["state"] == "waiting"
    window.say("The gate does not close.")
    ticket = Ticket.objects.get()
    assert ticket.messages.filter(body_text="The gate does not close.").exists()
    assert ticket.participants.filter(address="ada@shop.example", role="requester").exists()
    told = next(line["content"] for line in window.read()["lines"] if "ada@shop.example" in line["content"])
    assert "We are back on" in told
    assert "09:00 (UTC)" in told


# -- hours and colours -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "there"),
    [
        (datetime(2026, 1, 5, 8, 0, tzinfo=UTC), True),  # Monday, 9:00 in Amsterdam
        (datetime(2026, 1, 5, 7, 59, tzinfo=UTC), False),
        (datetime(2026, 1, 5, 16, 30, tzinfo=UTC), False),
        (datetime(2026, 7, 6, 7, 0, tzinfo=UTC), True),  # summer time
        (datetime(2026, 1, 10, 10, 0, tzinfo=UTC), True),  # Saturday has hours of its own
        (datetime(2026, 1, 11, 10, 0, tzinfo=UTC), False),
    ],
)
def test_people_are_there_in_the_sites_own_hours(at: datetime, there: bool) -> None:
    site = WidgetSite(hours="Mon-Fri 09:00-17:30\nSat 10:00 - 24:00", time_zone="Europe/Amsterdam")
    assert hours.is_open(site, at) is there


def test_a_site_without_hours_is_always_open() -> None:
    assert hours.is_open(WidgetSite(hours=""))


def test_a_calendar_of_the_company_counts_before_the_lines_and_says_when_people_are_back() -> None:
    office = BusinessHours.objects.create(name="Office", time_zone="UTC", week=[[[540, 1020]]] * 5 + [[], []])
    office.holidays.create(day=date(2026, 1, 5))
    site = WidgetSite.objects.create(name="Shop", hours="Sun 00:00-24:00", calendar=office)
    sunday = datetime(2026, 1, 4, 12, 0, tzinfo=UTC)
    assert not hours.is_open(site, sunday)
    assert hours.back_at(site, sunday) == datetime(2026, 1, 6, 9, 0, tzinfo=UTC), "Monday is a holiday"
    assert hours.back_at(site, datetime(2026, 1, 6, 9, 0, tzinfo=UTC)) is None


@pytest.mark.parametrize("language", [one for one in words.languages() if one != words.SOURCE])
def test_every_language_has_every_word_with_the_same_gaps(language: str) -> None:
    ours, theirs = words.words(), words.words(language)
    assert theirs.keys() == ours.keys()
    same = {name for name in ours if ours[name] == theirs[name]}
    assert len(same) < 6, same
    for name, text in ours.items():
        assert sorted(re.findall(r"{\w+}", text)) == sorted(re.findall(r"{\w+}", theirs[name])), name


@pytest.mark.parametrize("line", ["Mon-Fri", "Mon 9-17", "Mon 25:00-26:00", "Mon 17:00-09:00", "Xyz 09:00-17:00"])
def test_hours_that_nobody_can_read_are_named(line: str) -> None:
    with pytest.raises(ValueError, match=line):
        hours.read(f"Tue 09:00-17:00\n{line}")


@pytest.mark.parametrize(
    ("colour", "text"),
    [("#006177", "#ffffff"), ("#ffd400", "#101418"), ("#ffffff", "#101418"), ("#000000", "#ffffff"), ("#767676", "#ffffff")],
)
def test_words_can_be_read_on_any_colour(colour: str, text: str) -> None:
    assert colours.text_on(colour) == text
    assert colours.contrast(colour, text) >= colours.LEAST
