"""Replies leave by real SMTP: threaded, once, again when the server was away, never with a header that a stranger wrote."""

from __future__ import annotations

import smtplib
from collections.abc import Iterator
from datetime import timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP as POLICY
from typing import cast

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from django.utils import timezone

from customers.models import Customer
from helpdesk.core.models import Event, User
from tests.cast import receive
from tests.tickets.mails import mail
from tickets import delivery, replying
from tickets.channels import email, mailbox
from tickets.channels.base import InboundAttachment
from tickets.channels.threading import read_reply_token, token_matches
from tickets.models import Delivery, Message, Queue, Ticket

pytestmark = pytest.mark.django_db


class Sink:
    """A mail server that keeps what it gets, or answers as a test wants."""

    def __init__(self) -> None:
        self.envelopes: list[Envelope] = []
        self.answer_rcpt = "250 OK"
        self.answer_data = "250 OK"

    async def handle_RCPT(self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]) -> str:
        if self.answer_rcpt.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.answer_rcpt

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        self.envelopes.append(envelope)
        return self.answer_data

    @property
    def mails(self) -> list[EmailMessage]:
        return [cast(EmailMessage, message_from_bytes(cast(bytes, one.original_content), policy=POLICY)) for one in self.envelopes]


@pytest.fixture
def sink(settings) -> Iterator[Sink]:
    handler = Sink()
    controller = Controller(handler, hostname="127.0.0.1", port=0)
    controller.port = _free_port()
    controller.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", controller.port, 10
    yield handler
    controller.stop()


def _free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answer(ticket: Ticket, by: User, text: str = "Please **restart** the gateway.", **more: object) -> Message:
    return replying.reply(ticket=ticket, by=by, text=text, undo=timedelta(0), **more)


# -- what the customer gets ------------------------------------------------------------------------------------


def test_a_reply_reaches_the_customer_threaded_and_signed(sink: Sink, support: Queue, ingrid: Customer, maya: User):
    support.signature = "Fernway Support\nWe are here until 18:00"
    support.save()
    question = receive(ingrid, "EU sync API returning 503", "Every call\nreturns 503.", external_id="q-1@nordhavn.example")
    message = answer(question.ticket, maya)
    delivery.send_message(message.pk)
    (sent,), (envelope,) = sink.mails, sink.envelopes
    assert envelope.rcpt_tos == ["ingrid@nordhavn.example"]
    (sender,) = sent["From"].addresses
    assert (sender.display_name, sender.addr_spec) == ("Maya Lindqvist (Fernway Support)", "support@fernway.example")
    assert sent["Subject"] == "Re: EU sync API returning 503"
    assert sent["Message-ID"] == f"<{message.external_id}>"
    assert sent["In-Reply-To"] == "<q-1@nordhavn.example>"
    assert sent["References"].split()[-1] == "<q-1@nordhavn.example>"
    assert token_matches(read_reply_token(sent["Reply-To"]), question.ticket_id, ingrid.email)
    assert sent["Auto-Submitted"] is None
    plain, html = (sent.get_body((kind,)).get_content() for kind in ("plain", "html"))
    assert plain.startswith("Please **restart** the gateway.") and "We are here until 18:00" in plain
    assert "> Every call\r\n> returns 503." in plain.replace("\n", "\r\n").replace("\r\r", "\r")
    assert "<strong>restart</strong>" in html and '<blockquote type="cite">Every call<br>returns 503.</blockquote>' in html
    message.refresh_from_db()
    assert message.delivery == Message.DeliveryState.SENT
    assert Event.objects.filter(kind="message.delivered", subject_id=str(message.pk)).count() == 1


def test_the_customers_answer_to_our_mail_lands_in_the_ticket(sink: Sink, ticket: Ticket, ingrid: Customer, maya: User):
    delivery.send_message(answer(ticket, maya).pk)
    ours = sink.mails[0]
    raw = mail("It works.", sender=ingrid.email, to=ours["Reply-To"], subject=ours["Subject"], in_reply_to=ours["Message-ID"])
    message = email.process(mailbox.store(raw, source="lmtp").pk)
    assert message is not None and message.ticket == ticket


def test_each_recipient_has_a_mail_and_an_address_of_their_own(sink: Sink, ticket: Ticket, maya: User):
    message = answer(ticket, maya, cc=["jonas@nordhavn.example"])
    delivery.send_message(message.pk)
    assert [one.rcpt_tos for one in sink.envelopes] == [["ingrid@nordhavn.example"], ["jonas@nordhavn.example"]]
    first, second = sink.mails
    assert first["Message-ID"] == second["Message-ID"] and first["Reply-To"] != second["Reply-To"]
    assert "jonas" not in first["To"] and first["Cc"] is None and first["Bcc"] is None


def test_files_go_along(sink: Sink, ticket: Ticket, maya: User):
    delivery.send_message(answer(ticket, maya, attachments=[InboundAttachment("Anleitung ä.pdf", "application/pdf", b"%PDF-1.4")]).pk)
    (file,) = sink.mails[0].iter_attachments()
    assert (file.get_filename(), file.get_content()) == ("Anleitung ä.pdf", b"%PDF-1.4")


def test_text_of_an_unverified_sender_is_never_quoted(sink: Sink, ingrid: Customer, support: Queue, maya: User):
    question = receive(ingrid, "Hello", "SECRET-OF-A-FORGER", verified="fail")
    delivery.send_message(answer(question.ticket, maya).pk)
    assert b"SECRET-OF-A-FORGER" not in cast(bytes, sink.envelopes[0].original_content)


NAUGHTY = (
    "name\r\nBcc: evil@c.example",
    '"x" <a@b.example>, evil@c.example',
    "\u202egnp",
    "a\0b",
    "=?utf-8?q?a=0ABcc:_evil=40c.example?=",
    "\udcff",
    "ключ" * 60,
)


@pytest.mark.parametrize("text", NAUGHTY)
def test_no_text_of_a_stranger_adds_a_header_or_a_recipient(sink: Sink, ingrid: Customer, support: Queue, maya: User, text: str):
    clean = text.replace("\0", "").encode("utf-8", "replace").decode()
    support.sender_name = clean[:100]
    support.save()
    ticket = receive(ingrid, clean, "Hello", external_id=f"{clean[:20]}@x").ticket
    Ticket.objects.filter(pk=ticket.pk).update(subject=clean[:400])
    delivery.send_message(answer(Ticket.objects.get(pk=ticket.pk), maya, attachments=[InboundAttachment(clean, "text/plain", b"x")]).pk)
    (sent,), (envelope,) = sink.mails, sink.envelopes
    assert envelope.rcpt_tos == ["ingrid@nordhavn.example"]
    assert sent["Bcc"] is None and sent["Cc"] is None
    assert len(sent.get_all("From")) == len(sent.get_all("To")) == 1
    assert [one.addr_spec for one in sent["From"].addresses] == ["support@fernway.example"]


@pytest.mark.parametrize("recipient", ["a@b.example\r\nBcc: evil@c.example", "a@b.example, evil@c.example", "", "nobody", "a b@c.example"])
def test_a_recipient_that_is_no_address_is_never_written_to(sink: Sink, ticket: Ticket, maya: User, recipient: str):
    message = answer(ticket, maya)
    Delivery.objects.filter(message=message).update(recipient=recipient)
    delivery.send_message(message.pk)
    assert not sink.envelopes
    assert Delivery.objects.get().state == Delivery.State.FAILED


# -- once, again, or not at all --------------------------------------------------------------------------------


def test_a_delivery_is_never_sent_twice(sink: Sink, ticket: Ticket, maya: User):
    message = answer(ticket, maya)
    for _time in range(3):
        delivery.send_message(message.pk)
        delivery.send_due()
    assert len(sink.envelopes) == 1


def test_a_delivery_that_is_being_sent_is_left_alone(sink: Sink, ticket: Ticket, maya: User):
    message = answer(ticket, maya)
    Delivery.objects.update(state=Delivery.State.SENDING, attempts=1, due_at=timezone.now() + delivery.LEASE)
    delivery.send_message(message.pk)
    assert not sink.envelopes


def test_after_a_killed_worker_the_mail_goes_out_with_the_same_message_id(sink: Sink, ticket: Ticket, maya: User):
    message = answer(ticket, maya)
    Delivery.objects.update(state=Delivery.State.SENDING, attempts=1, due_at=timezone.now() - timedelta(seconds=1))
    delivery.send_due()
    assert [one["Message-ID"] for one in sink.mails] == [f"<{message.external_id}>"]


def test_while_the_server_is_away_the_reply_waits_and_says_why(sink: Sink, ticket: Ticket, maya: User, settings):
    port, settings.EMAIL_PORT = settings.EMAIL_PORT, _free_port()
    message = answer(ticket, maya)
    delivery.send_message(message.pk)
    waiting = Delivery.objects.get()
    assert (waiting.state, waiting.attempts) == (Delivery.State.QUEUED, 1) and "ConnectionRefused" in waiting.error
    assert waiting.due_at > timezone.now() + timedelta(seconds=50)
    settings.EMAIL_PORT = port
    Delivery.objects.update(due_at=timezone.now())
    delivery.send_due()
    assert len(sink.envelopes) == 1 and Delivery.objects.get().state == Delivery.State.SENT


def test_a_temporary_refusal_is_tried_again(sink: Sink, ticket: Ticket, maya: User):
    sink.answer_data = "451 4.7.1 Greylisted"
    delivery.send_message(answer(ticket, maya).pk)
    waiting = Delivery.objects.get()
    assert waiting.state == Delivery.State.QUEUED and "451" in waiting.error
    assert "Greylisted" in Event.objects.get(kind="message.delivery_postponed").data["reason"]


@pytest.mark.parametrize("where", ["answer_rcpt", "answer_data"])
def test_a_permanent_refusal_fails_with_its_reason(sink: Sink, ticket: Ticket, maya: User, where: str):
    setattr(sink, where, "550 5.1.1 No such user")
    message = answer(ticket, maya)
    delivery.send_message(message.pk)
    failed = Delivery.objects.get()
    assert failed.state == Delivery.State.FAILED and "No such user" in failed.error
    message.refresh_from_db()
    assert message.delivery == Message.DeliveryState.FAILED
    assert "No such user" in Event.objects.get(kind="message.delivery_failed").data["reason"]


def test_after_the_last_try_it_is_given_up(ticket: Ticket, maya: User, settings):
    settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = (
        "django.core.mail.backends.smtp.EmailBackend",
        "127.0.0.1",
        _free_port(),
    )
    message = answer(ticket, maya)
    for _try in range(len(delivery.WAITS) + 1):
        Delivery.objects.update(due_at=timezone.now())
        delivery.send_message(message.pk)
    assert Delivery.objects.get().state == Delivery.State.FAILED


def test_a_failed_delivery_can_be_sent_again(sink: Sink, ticket: Ticket, maya: User):
    sink.answer_data = "550 no"
    delivery.send_message(answer(ticket, maya).pk)
    sink.answer_data = "250 OK"
    delivery.send_again(Delivery.objects.get())
    delivery.send_due()
    assert Delivery.objects.get().state == Delivery.State.SENT


def test_without_a_server_replies_wait_until_there_is_one(ticket: Ticket, maya: User, settings, request: pytest.FixtureRequest):
    settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
    message = answer(ticket, maya)
    delivery.send_message(message.pk)
    message.refresh_from_db()
    assert Delivery.objects.get().state == Delivery.State.NO_SERVER and message.delivery == Message.DeliveryState.NO_SERVER
    sink: Sink = request.getfixturevalue("sink")
    delivery.send_due()
    assert len(sink.envelopes) == 1


def test_an_old_answer_does_not_leave_by_itself_when_a_server_appears(sink: Sink, ticket: Ticket, maya: User):
    message = answer(ticket, maya)
    Delivery.objects.update(state=Delivery.State.NO_SERVER)
    Message.objects.filter(pk=message.pk).update(created_at=timezone.now() - delivery.STALE - timedelta(hours=1))
    delivery.send_due()
    assert not sink.envelopes


def test_one_bad_delivery_does_not_stop_the_others(sink: Sink, ticket: Ticket, maya: User):
    message = answer(ticket, maya, cc=["jonas@nordhavn.example"])
    Delivery.objects.filter(recipient="ingrid@nordhavn.example").update(recipient="not an address")
    delivery.send_message(message.pk)
    assert [one.rcpt_tos for one in sink.envelopes] == [["jonas@nordhavn.example"]]


@pytest.mark.parametrize("content_type", ["message/rfc822", "multipart/mixed", "text", "", "a/b/c", "image/svg+xml; x=\u201d"])
def test_a_file_of_any_type_leaves_and_holds_nobody_up(sink: Sink, ticket: Ticket, maya: User, content_type: str):
    odd = InboundAttachment("old mail.eml", content_type, "Subject: Grüße\n\nSchöne".encode("latin-1"))
    sent = replying.reply(ticket=ticket, by=maya, text="See attached", attachments=[odd], undo=timedelta())
    delivery.send_message(sent.pk)
    assert Delivery.objects.get(message=sent).state == "sent"
    (file,) = sink.mails[0].iter_attachments()
    assert file.get_payload(decode=True) == odd.content


def test_what_cannot_be_written_down_fails_in_words(sink: Sink, ticket: Ticket, maya: User, monkeypatch: pytest.MonkeyPatch):
    def unwritable(*_args: object) -> None:
        raise ValueError("no such charset")

    sent = replying.reply(ticket=ticket, by=maya, text="Hello", undo=timedelta())
    monkeypatch.setattr("tickets.channels.outgoing.ReplyMail.message", unwritable)
    delivery.send_due()
    assert Delivery.objects.get(message=sent).state == "failed"


def test_a_sweep_uses_one_connection(sink: Sink, ticket: Ticket, maya: User, monkeypatch: pytest.MonkeyPatch):
    connections: list[object] = []
    connect = smtplib.SMTP.connect
    monkeypatch.setattr(smtplib.SMTP, "connect", lambda self, *args, **rest: (connections.append(self), connect(self, *args, **rest))[1])
    for n in range(3):
        replying.reply(ticket=ticket, by=maya, text=f"Answer {n}", undo=timedelta())
    delivery.send_due()
    assert (len(sink.mails), len(connections)) == (3, 1)


def test_a_reply_within_its_time_for_second_thoughts_stays_here(sink: Sink, ticket: Ticket, maya: User):
    message = replying.reply(ticket=ticket, by=maya, text="Wait")
    delivery.send_message(message.pk)
    assert not sink.envelopes


def test_a_reply_carries_a_link_to_the_request_and_whole_addresses(ticket, maya, settings):
    from django.test import Client

    from tickets.channels import outgoing

    settings.SITE_URL = "https://help.fernway.example"
    message = replying.reply(ticket=ticket, by=maya, text="See [the steps](/help/charged-twice/).")
    mail = outgoing.compose(message.deliveries.get())
    html = mail.alternatives[0][0]
    assert 'href="https://help.fernway.example/help/charged-twice/"' in html
    assert "](https://help.fernway.example/help/charged-twice/)" in mail.body
    path = mail.body.split("Your request and every answer to it: ")[1].split()[0].partition("/help/requests/")[2]
    assert Client().get(f"/help/requests/{path}").status_code == 200


def test_a_mail_that_ends_every_worker_is_given_up(ticket, maya, settings, sink):
    message = replying.reply(ticket=ticket, by=maya, text="Hello")
    Delivery.objects.update(state=Delivery.State.SENDING, attempts=len(delivery.WAITS) + 1, due_at=timezone.now() - timedelta(seconds=1))
    delivery.send_message(message.pk)
    assert Delivery.objects.get().state == Delivery.State.FAILED
