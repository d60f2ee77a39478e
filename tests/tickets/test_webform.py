"""The public form: what a customer types becomes a ticket, what a program types does not, and no mail goes out."""

from __future__ import annotations

import re
from typing import Any
from uuid import uuid4

import pytest
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from customers.models import Customer
from helpdesk.core.models import User
from tests.cast import run_events
from tickets import replying, tracking
from tickets.channels import webform
from tickets.models import Message, Participant, Queue, Ticket

pytestmark = pytest.mark.django_db
FORM = "/help/contact/"


def typed(**changes: Any) -> dict[str, Any]:
    return {
        "subject": "Invoice shows the wrong VAT number",
        "body": "I changed it in March.\nThe invoice still has the old one.",
        "email": "kwabena@goldencoast.example",
        "name": "Kwabena Mensah",
        "form_id": str(uuid4()),
        **changes,
    }


def send(**changes: Any) -> Any:
    return Client().post(FORM, typed(**changes))


def test_a_sent_form_is_a_ticket_and_the_page_names_its_number(support: Queue) -> None:
    answer = send()
    ticket = Ticket.objects.get()
    assert (ticket.subject, ticket.channel, ticket.customer.name) == ("Invoice shows the wrong VAT number", "web_form", "Kwabena Mensah")
    assert ticket.messages.get().body_text.endswith("The invoice still has the old one.")
    assert ticket.number in Client().get(answer["Location"]).content.decode()


def test_no_mail_goes_to_an_address_that_somebody_typed(support: Queue) -> None:
    send(email="victim@example.com")
    run_events()
    assert mail.outbox == []


def test_files_come_along(support: Queue) -> None:
    files = [
        SimpleUploadedFile("../../etc/invoice 1.pdf", b"%PDF-1.4", "application/pdf"),
        SimpleUploadedFile("b.png", b"\x89PNG", "image/png"),
    ]
    send(attachments=files)
    assert sorted(Message.objects.get().attachments.values_list("name", "size")) == [("b.png", 4), ("invoice 1.pdf", 8)]


def test_too_many_or_too_large_files_are_refused_and_the_text_stays(support: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    six = [SimpleUploadedFile(f"{n}.txt", b"x") for n in range(6)]
    page = send(attachments=six)
    assert page.status_code == 400
    assert "I changed it in March." in page.content.decode()
    monkeypatch.setattr(webform, "LARGEST_FILE", 10)
    assert send(attachments=[SimpleUploadedFile("big.txt", b"x" * 11)]).status_code == 400
    assert not Ticket.objects.exists()


@pytest.mark.parametrize(
    "wrong",
    [
        {"email": "kwabena@goldencoast"},
        {"email": ""},
        {"subject": ""},
        {"body": "  "},
        {"body": "x" * 20_001},
        {"email": "a@b.example\nBcc: x@y.example"},
    ],
)
def test_a_wrong_field_keeps_everything_that_was_typed(support: Queue, wrong: dict[str, str]) -> None:
    page = send(**wrong)
    assert page.status_code == 400
    assert "Kwabena Mensah" in page.content.decode()
    assert "aria-invalid" in page.content.decode()
    assert not Ticket.objects.exists()


def test_the_same_form_sent_twice_is_one_ticket(support: Queue) -> None:
    form = typed()
    first, second = Client().post(FORM, form), Client().post(FORM, form)
    assert first.status_code == second.status_code == 302
    assert Ticket.objects.count() == 1


def test_a_form_corrected_and_sent_again_loses_no_word(support: Queue) -> None:
    form_id = str(uuid4())
    send(form_id=form_id)
    send(form_id=form_id, body="I forgot to say: it is invoice 4711.")
    assert Message.objects.filter(body_text__contains="4711").exists()


def test_a_program_that_fills_every_field_is_thanked_and_forgotten(support: Queue) -> None:
    answer = send(website="https://buy.example")
    assert answer.status_code == 302
    assert Client().get(answer["Location"]).status_code == 200
    assert not Ticket.objects.exists()


def test_one_address_gets_five_tickets_an_hour(support: Queue) -> None:
    answers = [send().status_code for _again in range(7)]
    assert answers == [302] * 5 + [429] * 2
    assert Ticket.objects.count() == 5


def test_one_visitor_gets_twenty_an_hour_under_any_address(support: Queue) -> None:
    answers = [send(email=f"v{n}@example.com").status_code for n in range(22)]
    assert answers.count(302) == 20
    assert "your text is still in the form" in send(email="v99@example.com").content.decode()


@pytest.mark.parametrize(
    "text", ["\x00\x01", "\u202egnp.exe", "<script>alert(1)</script>", "نورة الحربي", "🙂" * 60, "{{ 7*7 }}", "' OR 1=1 --"]
)
def test_naughty_text_is_taken_as_text(support: Queue, text: str) -> None:
    assert send(subject=f"s {text}", body=f"b {text}", name=f"n {text}"[:120]).status_code in (302, 400)


def test_a_forged_confirmation_shows_nothing(support: Queue) -> None:
    for reference in ("TKT-20261120-0001", "abc:def", "%00"):
        assert Client().get(f"/help/contact/sent/{reference}/").status_code == 404


# -- the customer's own view -------------------------------------------------------------------------------------


@pytest.fixture
def link(ticket: Ticket, ingrid: Customer) -> str:
    return re.sub(r"^https?://[^/]+", "", tracking.link_for(ticket, "ingrid@nordhavn.example"))


def test_a_tracking_link_shows_the_conversation_but_never_a_note(link: str, ticket: Ticket, maya: User) -> None:
    replying.note(ticket=ticket, by=maya, text="She is pinned to eu-west, careful")
    replying.reply(ticket=ticket, by=maya, text="We are moving you to eu-central.")
    page = Client().get(link).content.decode()
    assert "every call returns 503" in page
    assert "We are moving you to eu-central." in page
    assert "careful" not in page


def test_a_reply_through_the_link_lands_in_the_same_ticket(link: str, ticket: Ticket) -> None:
    browser = Client()
    assert browser.post(link, {"body": "Still down.", "form_id": str(uuid4())}).status_code == 302
    assert list(ticket.messages.in_order().values_list("body_text", flat=True))[-1] == "Still down."
    assert Ticket.objects.count() == 1


def test_a_reply_typed_into_an_old_page_is_a_message_of_its_own(link: str, ticket: Ticket) -> None:
    form_id = str(uuid4())
    for body in ("Still down.", "Still down.", "It came back at ten."):
        Client().post(link, {"body": body, "form_id": form_id})
    assert ticket.messages.count() == 3


def test_every_other_token_is_the_same_404(link: str, ticket: Ticket) -> None:
    for secret in ("x", "0" * 43, "%20", "TKT-20261120-0001", str(ticket.pk)):
        assert Client().get(f"/help/requests/{secret}/").status_code == 404, secret
    assert Client().get(link).status_code == 200


def test_a_removed_participant_and_a_revoked_link_open_nothing(link: str, ticket: Ticket) -> None:
    from django.utils import timezone

    Participant.objects.filter(ticket=ticket).update(removed_at=timezone.now())
    assert Client().get(link).status_code == 404
    Participant.objects.filter(ticket=ticket).update(removed_at=None)
    assert tracking.revoke(ticket, "INGRID@nordhavn.example") == 1
    assert Client().get(link).status_code == 404


def test_a_reply_to_a_closed_request_leads_to_the_one_it_goes_on_in(link: str, ticket: Ticket, maya: User) -> None:
    ticket.set_status("closed", by=maya)
    page = Client().post(link, {"body": "It is back"}, follow=True)
    assert page.redirect_chain[0][0] != link
    assert "It is back" in page.content.decode()
    assert Ticket.objects.exclude(pk=ticket.pk).get().metadata["follow_up_of"] == ticket.number
