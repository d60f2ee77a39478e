"""The way out: replies, notes, second thoughts, and two people answering at once."""

from __future__ import annotations

import pytest

from helpdesk.core.errors import Conflict, Invalid
from tests.cast import make_agent, receive
from tickets import replying
from tickets.models import Delivery, Message

pytestmark = pytest.mark.django_db


def test_a_reply_is_queued_for_the_requester_and_opens_the_ticket(ticket, maya):
    message = replying.reply(ticket=ticket, by=maya, text="We are on it.")
    ticket.refresh_from_db()
    assert [d.recipient for d in message.deliveries.all()] == ["ingrid@nordhavn.example"]
    assert (message.delivery, ticket.status, ticket.assignee) == ("queued", "open", maya)
    assert ticket.first_response_at == message.created_at


def test_a_reply_goes_to_everyone_in_copy_but_not_to_the_merely_suggested(ticket, maya):
    ticket.participants.create(address="lars@nordhavn.example", role="cc")
    ticket.participants.create(address="who@else.example", role="suggested")
    message = replying.reply(ticket=ticket, by=maya, text="Hello both")
    assert message.recipients == ["ingrid@nordhavn.example", "lars@nordhavn.example"]


def test_a_note_is_internal_and_goes_nowhere(ticket, maya):
    note = replying.note(ticket=ticket, by=maya, text="Careful with this one")
    ticket.refresh_from_db()
    assert note.is_note
    assert not Delivery.objects.exists()
    assert (ticket.status, ticket.first_response_at) == ("new", None)


def test_undo_takes_the_reply_back_and_restores_the_ticket(ticket, maya):
    message = replying.reply(ticket=ticket, by=maya, text="Too early", status="resolved")
    assert replying.withdraw(message, by=maya) == "Too early"
    ticket.refresh_from_db()
    assert not Message.objects.filter(body_text="Too early").exists()
    assert (ticket.status, ticket.first_response_at, ticket.assignee, ticket.resolved_at) == ("new", None, None, None)
    assert ticket.due_at is not None


def test_a_reply_that_has_left_cannot_be_taken_back(ticket, maya):
    message = replying.reply(ticket=ticket, by=maya, text="Gone")
    message.deliveries.update(state="sent", attempts=1)
    with pytest.raises(Conflict):
        replying.withdraw(message, by=maya)


def test_only_the_author_can_take_a_reply_back(ticket, maya, support):
    message = replying.reply(ticket=ticket, by=maya, text="Mine")
    with pytest.raises(Conflict):
        replying.withdraw(message, by=make_agent("Samir Haddad", support))


def test_sending_asks_again_when_the_customer_wrote_meanwhile(ticket, maya, ingrid):
    seen = ticket.messages.get()
    receive(ingrid, "Re:", "one more thing", metadata={"ticket_number": ticket.number}, external_id="2@n")
    with pytest.raises(replying.Superseded):
        replying.reply(ticket=ticket, by=maya, text="Here you go", seen=seen)
    assert ticket.messages.count() == 2
    assert replying.reply(ticket=ticket, by=maya, text="Here you go anyway").pk


@pytest.mark.parametrize("text", ["", "   \n", "x" * 100_001])
def test_an_empty_or_huge_reply_changes_nothing(ticket, maya, text):
    with pytest.raises(Invalid):
        replying.reply(ticket=ticket, by=maya, text=text)
    assert ticket.messages.count() == 1


def test_what_an_agent_types_cannot_become_a_script(ticket, maya):
    message = replying.reply(
        ticket=ticket, by=maya, text="**Hi** <script>alert(1)</script> [x](javascript:alert(1)) ![i](https://evil.example/x.png)"
    )
    assert "<strong>Hi</strong>" in message.body_html
    assert "<script" not in message.body_html
    assert 'href="javascript' not in message.body_html
    assert "<img" not in message.body_html


def test_taking_a_reply_back_does_not_hide_what_the_customer_wrote_meanwhile(ticket, maya, ingrid):
    ticket.resolve(by=maya)
    answer = replying.reply(ticket=ticket, by=maya, text="One more thing")
    receive(ingrid, "Re: EU sync", "Still broken.", in_reply_to=answer.external_id, external_id="w1@nordhavn.example")
    replying.withdraw(answer, by=maya)
    ticket.refresh_from_db()
    assert ticket.status == "open"
