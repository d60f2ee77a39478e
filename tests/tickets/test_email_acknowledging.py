"""The automatic answer: off by default, ours alone, and rare (security T11, T12)."""

from __future__ import annotations

import pytest

from customers.models import Customer
from tests.cast import receive
from tickets import acknowledging, delivery
from tickets.channels import outgoing
from tickets.models import Delivery, Message, Queue

pytestmark = pytest.mark.django_db


@pytest.fixture
def switched_on(settings) -> None:
    settings.MAIL_ACKNOWLEDGE = True


def acknowledge(message: Message) -> Message | None:
    return acknowledging.acknowledge_opening(message.pk)


def test_nothing_is_acknowledged_until_it_is_switched_on(support: Queue, ingrid: Customer):
    assert acknowledge(receive(ingrid)) is None


def test_an_acknowledgement_carries_no_word_of_the_sender(switched_on: None, support: Queue, ingrid: Customer):
    received = receive(ingrid, "Buy pills at evil.example", "Click https://evil.example")
    sent = acknowledge(received)
    assert sent is not None and received.ticket.number in sent.body_text
    mail = outgoing.compose(Delivery.objects.get(message=sent)).message()
    for part in (mail["Subject"], mail.as_string()):
        assert "evil" not in part and "Ingrid" not in part
    assert (mail["Auto-Submitted"], mail["Precedence"], mail["X-Auto-Response-Suppress"]) == ("auto-replied", "auto_reply", "All")


@pytest.mark.parametrize("fields", [{"automatic": True}, {"verified": "fail"}, {"channel": "api"}])
def test_robots_forgers_and_other_channels_get_none(switched_on: None, support: Queue, ingrid: Customer, fields: dict[str, object]):
    assert acknowledge(receive(ingrid, **fields)) is None


def test_one_address_gets_one_an_hour_however_much_it_writes(switched_on: None, support: Queue, ingrid: Customer):
    for number in range(20):
        acknowledge(receive(ingrid, f"Ticket {number}"))
    assert Delivery.objects.count() == 1


def test_all_automatic_mail_together_has_a_limit(switched_on: None, support: Queue, settings):
    settings.MAIL_AUTOMATIC_PER_HOUR = 3
    for number in range(6):
        acknowledge(receive(f"p{number}@x.example"))
    assert Delivery.objects.count() == 3


def test_the_same_message_is_acknowledged_once(switched_on: None, support: Queue, ingrid: Customer, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(acknowledging, "PER_ADDRESS_AN_HOUR", 10)
    received = receive(ingrid)
    assert acknowledge(received) is not None
    assert acknowledge(received) is None


def test_a_follow_up_is_not_acknowledged(switched_on: None, support: Queue, ingrid: Customer):
    first = receive(ingrid, external_id="a@x.example")
    assert acknowledge(receive(ingrid, in_reply_to="a@x.example")) is None
    assert first.ticket.messages.count() == 2
    assert not delivery.has_server() or Delivery.objects.count() == 0
