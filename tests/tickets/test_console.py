"""The ticket workspace: acting, answering, second thoughts, strangers."""

from __future__ import annotations

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from customers.models import Customer
from helpdesk.core.models import Event, User
from tests.conftest import receive, signed_in
from tickets import replying
from tickets.models import Delivery, Message, Queue, Ticket

HTMX = {"HX-Request": "true"}


@pytest.mark.parametrize(
    ("verb", "form", "field", "value"),
    [
        ("status", {"status": "pending"}, "status", "pending"),
        ("priority", {"priority": "urgent"}, "priority", "urgent"),
        ("subject", {"subject": "Better words"}, "subject", "Better words"),
    ],
)
def test_an_agent_changes_a_ticket(as_maya: Client, ticket: Ticket, verb: str, form: dict[str, str], field: str, value: str) -> None:  # noqa: PLR0917
    page = as_maya.post(f"/tickets/{ticket.number}/do/{verb}/", form, headers=HTMX)
    ticket.refresh_from_db()
    assert getattr(ticket, field) == value
    assert 'id="ticket-head"' in page.content.decode()


def test_without_javascript_the_page_comes_back(as_maya: Client, ticket: Ticket) -> None:
    page = as_maya.post(f"/tickets/{ticket.number}/do/status/", {"status": "resolved"}, follow=True)
    assert page.redirect_chain[-1][0] == f"/tickets/{ticket.number}/"
    assert "Solved" in page.content.decode()


def test_a_ticket_is_given_to_a_colleague_and_to_another_team(as_maya: Client, ticket: Ticket, tomasz: User, billing: Queue) -> None:
    as_maya.post(f"/tickets/{ticket.number}/do/assignee/", {"assignee": str(tomasz.pk)}, headers=HTMX)
    as_maya.post(f"/tickets/{ticket.number}/do/queue/", {"queue": billing.slug}, headers=HTMX)
    ticket.refresh_from_db()
    assert (ticket.assignee, ticket.queue) == (tomasz, billing)
    assert as_maya.get(f"/tickets/{ticket.number}/").status_code == 404  # it is no longer hers to see


def test_who_hands_a_ticket_away_is_told_so(as_maya: Client, ticket: Ticket, billing: Queue) -> None:
    page = as_maya.post(f"/tickets/{ticket.number}/do/queue/", {"queue": "billing"}, follow=True)
    assert (page.status_code, page.redirect_chain[-1][0]) == (200, "/inbox/")
    assert "Handed to Billing" in page.content.decode()


def test_labels_come_and_go(as_maya: Client, ticket: Ticket) -> None:
    as_maya.post(f"/tickets/{ticket.number}/do/tag/", {"tag": " EU-West "}, headers=HTMX)
    assert [tag.name for tag in ticket.tags.all()] == ["eu-west"]
    as_maya.post(f"/tickets/{ticket.number}/do/untag/", {"tag": "eu-west"}, headers=HTMX)
    assert not ticket.tags.exists()


@pytest.mark.parametrize(
    ("verb", "form"),
    [
        ("status", {"status": "gone"}),
        ("priority", {}),
        ("assignee", {"assignee": "x"}),
        ("queue", {"queue": "x"}),
        ("tag", {"tag": " "}),
        ("snooze", {"until": "never"}),
    ],
)
def test_nonsense_is_refused_in_words(as_maya: Client, ticket: Ticket, verb: str, form: dict[str, str]) -> None:
    page = as_maya.post(f"/tickets/{ticket.number}/do/{verb}/", form, headers=HTMX)
    assert page.status_code == 422
    assert "callout" in page.content.decode()
    assert page["HX-Retarget"] == "#ticket-callouts"


def test_only_verbs_that_exist_and_only_by_post(as_maya: Client, ticket: Ticket) -> None:
    assert as_maya.post(f"/tickets/{ticket.number}/do/delete/").status_code == 404
    assert as_maya.get(f"/tickets/{ticket.number}/do/status/?status=closed").status_code == 405


def test_a_stranger_to_the_queue_changes_nothing(ticket: Ticket, tomasz: User) -> None:
    other = signed_in(tomasz)
    for path, form in (("do/status/", {"status": "closed"}), ("messages/", {"text": "Hello"}), ("adopt/", {})):
        assert other.post(f"/tickets/{ticket.number}/{path}", form).status_code == 404
    ticket.refresh_from_db()
    assert ticket.status == "new"
    assert ticket.messages.count() == 1


def test_a_reply_leaves_and_the_composer_is_empty_again(as_maya: Client, ticket: Ticket) -> None:
    page = as_maya.post(f"/tickets/{ticket.number}/messages/", {"kind": "reply", "text": "We are on it", "status": "pending"}, headers=HTMX)
    message = ticket.messages.get(author_kind="agent")
    assert message.body_text == "We are on it"
    assert Ticket.objects.get(pk=ticket.pk).status == "pending"
    assert [d.recipient for d in message.deliveries.all()] == ["ingrid@nordhavn.example"]
    body = page.content.decode()
    assert f'id="m-{message.pk}"' in body
    assert '<textarea class="composer__input"' in body
    assert json.loads(page["HX-Trigger-After-Swap"])["console:sent"]["message"] == str(message.pk)


def test_a_reply_is_stopped_once_when_somebody_wrote_meanwhile(as_maya: Client, priya: User, ticket: Ticket) -> None:
    seen = ticket.messages.get()
    colleague = replying.reply(ticket=ticket, by=priya, text="Done already")
    form = {"kind": "reply", "text": "Same here", "seen": str(seen.pk)}
    page = as_maya.post(f"/tickets/{ticket.number}/messages/", form, headers=HTMX)
    assert page.status_code == 422
    assert "Priya Raman wrote while you were answering" in page.content.decode()
    assert f'id="seen" value="{colleague.pk}"' in page.content.decode()
    assert as_maya.post(f"/tickets/{ticket.number}/messages/", {**form, "seen": str(colleague.pk)}, headers=HTMX).status_code == 200


def test_a_note_stays_inside(as_maya: Client, ticket: Ticket) -> None:
    as_maya.post(f"/tickets/{ticket.number}/messages/", {"kind": "note", "text": "Careful"}, headers=HTMX)
    note = ticket.messages.get(author_kind="agent")
    assert note.is_note
    assert not Delivery.objects.exists()


@pytest.mark.parametrize("form", [{"text": ""}, {"text": "  \n "}, {"text": "x" * 100_001}, {"text": "x", "status": "closed"}])
def test_what_cannot_be_sent_is_refused_and_nothing_is_written(as_maya: Client, ticket: Ticket, form: dict[str, str]) -> None:
    assert as_maya.post(f"/tickets/{ticket.number}/messages/", form, headers=HTMX).status_code == 422
    assert ticket.messages.count() == 1


def test_a_reply_is_taken_back_by_its_author_only(as_maya: Client, maya: User, priya: User, ticket: Ticket) -> None:
    message = replying.reply(ticket=ticket, by=maya, text="Too quick")
    assert signed_in(priya).post(f"/messages/{message.pk}/withdraw/").status_code == 409
    answer = as_maya.post(f"/messages/{message.pk}/withdraw/")
    assert answer.json()["text"] == "Too quick"
    assert not Message.objects.filter(pk=message.pk).exists()
    assert as_maya.post(f"/messages/{message.pk}/withdraw/").status_code == 404


def test_a_reply_that_has_left_cannot_be_taken_back(as_maya: Client, maya: User, ticket: Ticket) -> None:
    message = replying.reply(ticket=ticket, by=maya, text="Gone")
    message.deliveries.update(state="sent", attempts=1)
    assert as_maya.post(f"/messages/{message.pk}/withdraw/").status_code == 409


def test_a_failed_reply_says_why_and_is_sent_again(as_maya: Client, maya: User, ticket: Ticket) -> None:
    message = replying.reply(ticket=ticket, by=maya, text="Hello")
    message.deliveries.update(state="failed", error="550 no such user", attempts=3)
    Message.objects.filter(pk=message.pk).update(delivery="failed")
    assert "Not sent: 550 no such user" in as_maya.get(f"/tickets/{ticket.number}/").content.decode()
    as_maya.post(f"/messages/{message.pk}/send-again/", headers=HTMX)
    assert message.deliveries.get().state == "queued"


def test_without_a_mail_server_the_reply_says_that_it_waits(as_maya: Client, maya: User, ticket: Ticket) -> None:
    message = replying.reply(ticket=ticket, by=maya, text="Hello")
    Message.objects.filter(pk=message.pk).update(delivery="no_server")
    assert "no mail server is configured" in as_maya.get(f"/tickets/{ticket.number}/").content.decode()


def test_a_strangers_mail_is_added_by_an_agent(as_maya: Client, ticket: Ticket) -> None:
    claim = receive("eve@elsewhere.example", "Re: EU sync", "Me too", in_reply_to=_thread_of(ticket))
    stray = claim.ticket
    assert stray.pk != ticket.pk
    assert f"Add to {ticket.number}" in as_maya.get(f"/tickets/{stray.number}/").content.decode()
    as_maya.post(f"/tickets/{stray.number}/adopt/")
    claim.refresh_from_db()
    assert claim.ticket == ticket


def test_read_messages_are_folded_and_the_newest_stay_open(as_maya: Client, maya: User, ticket: Ticket) -> None:
    for i in range(4):
        replying.reply(ticket=ticket, by=maya, text=f"Answer {i}")
    assert '<details class="msg"' not in as_maya.get(f"/tickets/{ticket.number}/").content.decode()
    assert as_maya.get(f"/tickets/{ticket.number}/").content.decode().count('<details class="msg"') == 3


def test_hostile_words_stay_words(as_maya: Client, ingrid: Customer, support: Queue) -> None:
    evil = "<script>alert(1)</script><img src=x onerror=alert(1)> javascript:alert(1) {{ 7|add:7 }}"
    ticket = receive(ingrid, evil, f"{evil}\n\nhttp://example.com/?a=<b>").ticket
    ticket.tag("<b>x</b>", by=None)
    for path in (
        f"/tickets/{ticket.number}/",
        "/inbox/all/",
        "/search/?q=script",
        f"/tickets/{ticket.number}/others/",
        f"/customers/{ingrid.pk}/card/",
    ):
        page = as_maya.get(path).content.decode()
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert "<b>x</b>" not in page


def test_agents_markdown_is_shown_clean(as_maya: Client, maya: User, ticket: Ticket) -> None:
    replying.note(ticket=ticket, by=maya, text="**bold** [x](javascript:alert(1)) <script>alert(2)</script>")
    page = as_maya.get(f"/tickets/{ticket.number}/").content.decode()
    assert "<strong>bold</strong>" in page
    assert 'href="javascript' not in page
    assert "<script>alert(2)" not in page


def test_a_new_ticket_goes_through_the_same_door(as_maya: Client, maya: User, support: Queue) -> None:
    form = {
        "email": "li@example.com",
        "name": "Li",
        "subject": "Invoice is blank",
        "text": "The PDF is empty",
        "channel": "phone",
        "queue": "support",
        "mine": "on",
    }
    answer = as_maya.post("/inbox/new/", form)
    ticket = Ticket.objects.get(subject="Invoice is blank")
    assert answer["Location"] == f"/tickets/{ticket.number}/"
    assert (ticket.assignee, ticket.channel) == (maya, "phone")
    assert Event.objects.filter(kind="message.received", ticket_ref=ticket.pk).exists()
    assert as_maya.post("/inbox/new/", {**form, "email": ""}).status_code == 422


def test_files_are_attached_to_a_reply(as_maya: Client, ticket: Ticket) -> None:
    files = [SimpleUploadedFile("log.txt", b"503", "text/plain"), SimpleUploadedFile("run.exe", b"MZ", "text/plain")]
    as_maya.post(f"/tickets/{ticket.number}/messages/", {"kind": "reply", "text": "See the log", "files": files}, headers=HTMX)
    found = {a.name: a.verdict for a in ticket.messages.get(author_kind="agent").attachments.all()}
    assert found == {"log.txt": "unchecked", "run.exe": "dangerous"}


@pytest.mark.parametrize(
    "text",
    ["", "503", "foo & | bar", "'; drop table", "a" * 5000, "<img src=x onerror=alert(1)>", "sync returning", "ingrid@nordhavn.example"],
)
def test_search_answers_whatever_is_typed(as_maya: Client, ticket: Ticket, text: str) -> None:
    assert as_maya.get("/search/", {"q": text}).status_code == 200
    assert as_maya.get("/search/", {"q": text, "part": "palette"}).status_code == 200


def test_search_finds_words_and_numbers_within_what_one_may_see(as_maya: Client, ticket: Ticket, tomasz: User, drain: object) -> None:
    drain()  # type: ignore[operator]
    for words in ("returning 503", ticket.number, "every call"):
        row = f'class="ticket-row" href="/tickets/{ticket.number}/"'
        assert row in as_maya.get("/search/", {"q": words}).content.decode()
        assert row not in signed_in(tomasz).get("/search/", {"q": words}).content.decode()


def _thread_of(ticket: Ticket) -> str:
    reference = "opening@nordhavn.example"
    ticket.references.create(value=reference)
    return reference
