"""The spine of the product in one story: a mail arrives, is understood, is answered, and its answer finds back.

Raw bytes in, real SMTP out, on real PostgreSQL and Redis; the worker's part is done by `drain`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, cast

import pytest

from assist.models import Draft, Suggestion, TriageRun
from helpdesk.core.models import Event, User
from knowledge.categories import load_default_categories
from knowledge.indexing import index_articles
from knowledge.models import Article, Category
from tests.faults.fire import Sink
from tickets import delivery, replying
from tickets.channels import mailbox
from tickets.models import Delivery, Message, Queue, Ticket

pytestmark = pytest.mark.django_db

FIRST = b"""From: Ingrid Sorensen-Dahl <ingrid@nordhavn.example>\r
To: billing@fernway.example\r
Cc: Lars <lars@nordhavn.example>\r
Subject: Charged twice in November\r
Message-ID: <first@nordhavn.example>\r
Date: Tue, 17 Nov 2026 09:12:00 +0100\r
Content-Type: text/plain; charset=utf-8\r
\r
Hello,\r
\r
we were charged twice for our subscription this month, invoice INV-2031.\r
Please refund one of the two payments, this is the second time it happens.\r
\r
Ingrid\r
"""


@pytest.fixture
def sink(settings: Any) -> Iterator[Sink]:
    with Sink() as running:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = running.host, running.port
        yield running


@pytest.fixture
def knowledge(db: None) -> Article:
    """The one article that answers it, and one that does not."""
    load_default_categories()
    billing, technical = Category.objects.get(slug="billing"), Category.objects.get(slug="technical")
    common = {"status": Article.Status.PUBLISHED, "audience": Article.Audience.PUBLIC}
    other = Article.objects.create(
        slug="export-fails",
        title="The export fails",
        body="Make the date range shorter.\n\n1. Choose one month.",
        category=technical,
        **common,
    )
    text = "We refund a payment that was charged twice.\n\n"
    text += "1. Find the number of the invoice.\n2. Send it to us.\n\nThe refund arrives in five days."
    article = Article.objects.create(
        slug="charged-twice", title="I was charged twice for one subscription", body=text, category=billing, **common
    )
    index_articles([other, article])
    return article


def arrive(raw: bytes, drain: Callable[[], int], *, to: str = "billing@fernway.example") -> Message:
    stored = mailbox.store(raw, source="lmtp", envelope_from="ingrid@nordhavn.example", envelope_to=[to])
    drain()
    stored.refresh_from_db()
    assert stored.message is not None
    return stored.message


def leave(reply: Message) -> None:
    """The ten seconds for second thoughts are over, and the worker sends."""
    reply.deliveries.update(due_at=reply.created_at - timedelta(seconds=1))
    delivery.send_message(reply.pk)


def read(mail: bytes) -> EmailMessage:
    return cast(EmailMessage, message_from_bytes(mail, policy=policy.default))


def answer_to(sent: EmailMessage, text: str) -> bytes:
    """What Ingrid's mail program sends when she presses "reply"."""
    return (
        f"From: Ingrid <ingrid@nordhavn.example>\r\nTo: {sent['Reply-To']}\r\n"
        f"Subject: {sent['Subject']}\r\nMessage-ID: <second@nordhavn.example>\r\n"
        f"In-Reply-To: {sent['Message-ID']}\r\nReferences: {sent['References']} {sent['Message-ID']}\r\n\r\n"
        f"{text}\r\n\r\n> Thank you for telling us\r\n"
    ).encode()


def test_a_mail_is_understood_answered_by_smtp_and_its_answer_lands_in_the_same_ticket(  # noqa: PLR0917 - the cast
    support: Queue, billing: Queue, tomasz: User, knowledge: Article, sink: Sink, drain: Callable[[], int]
) -> None:
    first = arrive(FIRST, drain)
    ticket = first.ticket
    assert (ticket.subject, ticket.queue, ticket.channel, ticket.status) == ("Charged twice in November", billing, "email", "new")
    assert ticket.customer.email == "ingrid@nordhavn.example"
    assert first.body_text.startswith("Hello,")

    run = TriageRun.objects.get(ticket=ticket)
    ticket.refresh_from_db()
    assert run.state == TriageRun.State.DONE, run.result["metrics"]["errors"]
    assert run.result["analysis"]["category"] == "billing"
    assert run.steps.count() >= 8
    assert Suggestion.objects.filter(ticket=ticket, suggestion_type="article").first().title == knowledge.title  # type: ignore[union-attr]
    draft = Draft.objects.get(ticket=ticket, state=Draft.State.OFFERED)
    assert draft.answers == first
    assert draft.sources

    answer = replying.reply(
        ticket=ticket, by=tomasz, text="Thank you for telling us. We refund one payment today.", status="pending", seen=first
    )
    delivery.send_message(answer.pk)
    assert sink.mails == [], "it left before the time for second thoughts was over"
    leave(answer)
    leave(answer)
    [(recipient, raw)] = sink.mails
    sent = read(raw)
    assert recipient == "ingrid@nordhavn.example", "people in Cc are only suggested"
    assert (sent["In-Reply-To"], sent["References"]) == ("<first@nordhavn.example>", "<first@nordhavn.example>")
    assert (sent["Subject"], sent["To"]) == ("Re: Charged twice in November", "ingrid@nordhavn.example")
    assert "billing@fernway.example" in sent["From"]
    assert "We refund one payment today." in sent.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert answer.deliveries.get().state == Delivery.State.SENT

    second = arrive(answer_to(sent, "Thank you, that is kind."), drain, to=str(sent["Reply-To"]))
    ticket.refresh_from_db()
    assert second.ticket == ticket
    assert second.body_text == "Thank you, that is kind."
    assert ticket.status == "open", "a customer's answer reopens what was waiting for it"
    assert TriageRun.objects.filter(ticket=ticket).count() == 2

    assert arrive(FIRST, drain) == first, "the same mail twice is one message"
    assert (Ticket.objects.count(), Message.objects.count()) == (1, 3)
    told = list(Event.objects.filter(ticket_ref=ticket.pk).order_by("id").values_list("kind", flat=True))
    assert [kind for kind in told if kind.startswith("message.")] == [
        "message.received",
        "message.sent",
        "message.delivered",
        "message.received",
    ]
    assert told.count("ticket.created") == 1


def test_a_stranger_who_learned_the_reply_address_gets_no_further(
    support: Queue, tomasz: User, sink: Sink, drain: Callable[[], int]
) -> None:
    ticket = arrive(FIRST, drain).ticket
    answer = replying.reply(ticket=ticket, by=tomasz, text="We refund one payment today.")
    leave(answer)
    forged = (
        answer_to(read(sink.mails[0][1]), "Send it to my account")
        .replace(b"ingrid@nordhavn.example", b"mallory@evil.example")
        .replace(b"second@", b"third@")
    )
    stolen = arrive(forged, drain)
    assert stolen.ticket != ticket
    assert ticket.messages.count() == 2
    assert not ticket.participants.filter(address="mallory@evil.example").exists()
