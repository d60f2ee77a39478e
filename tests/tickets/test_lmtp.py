"""A real LMTP and SMTP conversation with a really running server: 250 only when stored."""

from __future__ import annotations

import asyncio
import smtplib
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import OperationalError

from tests.tickets.mails import fixture, mail, read_stored, torture
from tickets.channels import lmtp
from tickets.models import Message, Queue, RawMail, Ticket

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def server() -> Iterator[tuple[str, int]]:
    """The listener on a free port, in a thread of its own."""
    loop, listener = asyncio.new_event_loop(), lmtp.Server()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    host, _, port = asyncio.run_coroutine_threadsafe(listener.start("127.0.0.1:0"), loop).result(10).rpartition(":")
    yield host, int(port)
    asyncio.run_coroutine_threadsafe(listener.stop(), loop).result(30)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)
    loop.close()


def smtp(server: tuple[str, int]) -> smtplib.SMTP:
    return smtplib.SMTP(*server, timeout=20)


def speak(server: tuple[str, int], *commands: bytes) -> list[str]:
    """Says these lines word for word; returns the answers, one entry for each line of answer."""
    with socket.create_connection(server, timeout=20) as client, client.makefile("rb") as answers:
        found = [answers.readline()]
        for command in commands:
            client.sendall(command)
        client.sendall(b"QUIT\r\n")
        found += answers.readlines()
    return [line.decode("ascii").strip() for line in found]


def test_a_mail_by_smtp_becomes_a_ticket_in_its_queue(server, support: Queue, billing: Queue):
    with smtp(server) as client:
        assert client.sendmail("ingrid@nordhavn.example", ["billing@fernway.example"], fixture("plain")) == {}
    read_stored()
    message = Message.objects.get()
    assert (message.ticket.queue, message.ticket.subject) == (billing, "EU sync API returning 503")
    assert RawMail.objects.get().source == "smtp"


def test_lmtp_answers_once_for_each_recipient(server, support: Queue):
    with smtplib.LMTP(*server, timeout=20) as client:
        client.ehlo_or_helo_if_needed()
        client.mail("ingrid@nordhavn.example")
        client.rcpt("support@fernway.example")
        client.rcpt("nobody@fernway.example")
        assert client.data(fixture("plain"))[0] == 250
        assert client.getreply()[0] == 250
        assert client.noop()[0] == 250
    raw_mail = RawMail.objects.get()
    assert (raw_mail.source, raw_mail.envelope_to) == ("lmtp", ["support@fernway.example", "nobody@fernway.example"])


def test_the_same_mail_twice_is_acknowledged_twice_and_kept_once(server, support: Queue):
    for _time in range(2):
        with smtp(server) as client:
            client.sendmail("ingrid@nordhavn.example", ["support@fernway.example"], fixture("plain"))
    read_stored()
    assert (RawMail.objects.count(), Ticket.objects.count()) == (1, 1)


def test_when_the_database_is_away_the_sender_keeps_the_mail(server, support: Queue, monkeypatch: pytest.MonkeyPatch):
    def away(*_args: object, **_kwargs: object) -> None:
        raise OperationalError("the server closed the connection")

    monkeypatch.setattr(lmtp, "store", away)
    with smtp(server) as client, pytest.raises(smtplib.SMTPDataError) as refused:
        client.sendmail("a@b.example", ["support@fernway.example"], mail())
    assert refused.value.smtp_code == 451
    assert not RawMail.objects.exists()


def test_a_fault_of_ours_is_temporary_too(server, support: Queue, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(lmtp, "store", lambda *_args, **_kwargs: 1 / 0)
    with smtp(server) as client, pytest.raises(smtplib.SMTPDataError) as refused:
        client.sendmail("a@b.example", ["support@fernway.example"], mail())
    assert refused.value.smtp_code == 451


def test_a_mail_over_the_limit_is_refused_for_good_and_the_next_is_taken(server, support: Queue, settings):
    settings.MAIL_LARGEST = 100_000
    with smtp(server) as client:
        client.ehlo()
        assert client.esmtp_features["size"] == "100000"
        with pytest.raises(smtplib.SMTPSenderRefused) as announced:
            client.sendmail("a@b.example", ["support@fernway.example"], mail("x" * 100_000))
        assert announced.value.smtp_code == 552
    big = b"DATA\r\n" + b"x" * 200_000 + b"\r\n.\r\n"
    envelope = (b"EHLO c\r\n", b"MAIL FROM:<a@b.example>\r\n", b"RCPT TO:<support@fernway.example>\r\n")
    answers = speak(server, *envelope, big, *envelope[1:], b"DATA\r\n" + mail() + b"\r\n.\r\n")
    assert [line for line in answers if line.startswith("552") or "Stored" in line] == [lmtp.TOO_LARGE, lmtp.STORED]


def test_a_mail_of_nearly_25_megabytes_is_stored(server, support: Queue, settings):
    raw = mail(b"Subject line\r\n" + (b"y" * 76 + b"\r\n") * 320_000)
    assert settings.MAIL_LARGEST - 1_500_000 < len(raw) <= settings.MAIL_LARGEST
    with smtp(server) as client:
        client.sendmail("a@b.example", ["support@fernway.example"], raw)
    assert len(bytes(RawMail.objects.get().raw)) >= len(raw)


@pytest.mark.parametrize("length", [20_000, 1_000_000, 3_000_000])
def test_no_line_is_too_long(server, support: Queue, length: int):
    envelope = (b"EHLO c\r\n", b"MAIL FROM:<a@b.example>\r\n", b"RCPT TO:<support@fernway.example>\r\n")
    answers = speak(server, *envelope, b"DATA\r\nSubject: x\r\n\r\n..dot\r\n" + b"y" * length + b"\r\n.\r\n")
    assert "250 2.0.0 Stored" in answers
    assert bytes(RawMail.objects.get().raw) == b"Subject: x\r\n\r\n.dot\r\n" + b"y" * length + b"\r\n"


@pytest.mark.parametrize("sender", ["<>", "<jörg@x.example>", "<a@b.example> BODY=8BITMIME", "<bounce+x=y@very.long.example> SIZE=10"])
def test_every_sender_is_let_in(server, support: Queue, sender: str):
    answers = speak(
        server,
        b"EHLO c\r\n",
        f"MAIL FROM:{sender}\r\n".encode(),
        b"RCPT TO:<support@fernway.example>\r\n",
        b"DATA\r\n" + mail() + b"\r\n.\r\n",
    )
    assert "250 2.0.0 Stored" in answers


def test_every_torture_mail_is_acknowledged_and_becomes_a_ticket(server, support: Queue):
    mails = [raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n") for raw in torture().values() if raw.strip()]
    with smtp(server) as client:
        for raw in mails:
            client.sendmail("a@b.example", ["support@fernway.example"], raw)
    read_stored()
    assert RawMail.objects.filter(state=RawMail.State.STORED).count() == 0
    assert Message.objects.count() == RawMail.objects.count() >= len(mails) - 3  # some differ by nothing but their name


def test_many_senders_at_once_are_all_served(server, support: Queue):
    def send(number: int) -> None:
        with smtp(server) as client:
            for again in range(4):
                client.sendmail("a@b.example", ["support@fernway.example"], mail(f"{number}", message_id=f"{number}-{again}@x.example"))

    with ThreadPoolExecutor(25) as threads:
        list(threads.map(send, range(25)))
    assert RawMail.objects.count() == 100


def test_a_client_that_hangs_up_in_the_middle_leaves_nothing(server, support: Queue):
    with socket.create_connection(server, timeout=20) as client:
        client.sendall(b"EHLO c\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<support@fernway.example>\r\nDATA\r\nSubject: half")
    with smtp(server) as client:
        assert client.noop()[0] == 250
    assert not RawMail.objects.exists()


def test_nonsense_is_answered_and_does_not_end_the_server(server, support: Queue):
    speak(server, b"\x00\xff\xfe\r\n", b"DATA\r\n", b"MAIL\r\n", b"LHLO\r\n", b"A" * 70_000 + b"\r\n")
    with smtp(server) as client:
        assert client.noop()[0] == 250
