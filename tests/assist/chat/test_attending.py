"""An agent in a chat: joining, answering, handing back, ending; and what a change of the ticket means for the chat behind it."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from assist.chat import attending, conversation, handing_over, presence, sessions
from assist.models import ChatMessage, ChatSession
from customers.models import Customer
from helpdesk.core.errors import Conflict
from helpdesk.core.models import Event, User
from tests.assist.chat.test_handing_over import talk
from tests.cast import make_agent, receive, run_events, signed_in
from tickets import merging, replying
from tickets.models import Delivery, Message, Queue, Ticket

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clean_cache")]


@pytest.fixture
def waiting(ingrid: Customer, support: Queue) -> ChatSession:
    """Ingrid waits in a chat of General support."""
    session = talk(ingrid)
    handing_over.hand_over(session, "asked")
    return session


def ticket_of(session: ChatSession) -> Ticket:
    session.refresh_from_db()
    assert session.ticket is not None
    return session.ticket


def here(session: ChatSession) -> ChatSession:
    """The visitor's window is open."""
    presence.arrived(session.pk, session.ticket_id)
    return session


def test_whoever_joins_has_the_ticket_and_the_others_move_up(waiting: ChatSession, dwayne: Customer, maya: User) -> None:
    second = talk(dwayne, "second")
    handing_over.hand_over(second, "asked")
    assert sessions.position(second) == 2
    attending.join(waiting, by=maya)
    ticket = ticket_of(waiting)
    assert (waiting.state, waiting.agent, ticket.assignee, ticket.status) == ("with_agent", maya, maya, "open")
    assert (sessions.position(waiting), sessions.position(second)) == (0, 1)
    assert Event.objects.get(kind="chat.joined").data["agent"] == maya.name
    attending.join(waiting, by=maya)
    assert Event.objects.filter(kind="chat.joined").count() == 1


def test_a_colleague_who_comes_second_must_say_that_they_take_over(waiting: ChatSession, maya: User, priya: User) -> None:
    attending.join(waiting, by=maya)
    with pytest.raises(Conflict, match="Maya Lindqvist is in this chat"):
        attending.join(waiting, by=priya)
    assert attending.join(waiting, by=priya, instead=True).agent == priya


@pytest.mark.django_db(transaction=True)
def test_of_two_who_join_at_once_one_has_it(waiting: ChatSession, support: Queue) -> None:
    agents = [make_agent(name, support) for name in ("Maya Lindqvist", "Samir Haddad", "Aiko Tanaka")]
    together = Barrier(3)

    def join(agent: User) -> bool:
        try:
            together.wait(30)
            return attending.join(ChatSession.objects.get(pk=waiting.pk), by=agent).agent == agent
        except Conflict:
            return False
        finally:
            connection.close()

    with ThreadPoolExecutor(3) as three:
        assert sorted(three.map(join, agents)) == [False, False, True]
    assert ticket_of(waiting).assignee == waiting.agent
    assert Event.objects.filter(kind="chat.joined").count() == 1


def test_a_reply_joins_and_is_on_the_visitors_screen_at_once(waiting: ChatSession, maya: User) -> None:
    message = replying.reply(ticket=ticket_of(here(waiting)), by=maya, text="Hello, I am Maya.")
    line = waiting.messages.in_order().last()
    assert (line.role, line.content, line.user, line.message) == ("agent", "Hello, I am Maya.", maya, message)
    assert (message.channel, message.delivery) == ("chat", "none")
    assert not Delivery.objects.exists()
    assert ticket_of(waiting).first_response_at == message.created_at
    assert (waiting.state, waiting.agent) == ("with_agent", maya)
    with pytest.raises(Conflict):
        replying.withdraw(message, by=maya)


def test_the_visitors_words_do_not_stop_an_answer_but_a_colleagues_do(waiting: ChatSession, maya: User, priya: User) -> None:
    ticket = ticket_of(here(waiting))
    seen = ticket.messages.public().in_order().last()
    conversation.hear(waiting, "Are you there?")
    answer = replying.reply(ticket=ticket, by=maya, text="Yes", seen=seen)
    replying.reply(ticket=ticket, by=priya, text="Hello from Priya", seen=answer)
    with pytest.raises(replying.Superseded):
        replying.reply(ticket=ticket, by=maya, text="Too late", seen=answer)


def test_what_the_visitor_says_meanwhile_stands_in_the_ticket(waiting: ChatSession, maya: User) -> None:
    attending.join(waiting, by=maya)
    waiting.refresh_from_db()
    answer = conversation.say(waiting, "It is about the nightly export")
    assert answer.line is None  # the assistant is silent while a person is in the chat
    assert ticket_of(waiting).messages.from_customer().in_order().last().body_text == "It is about the nightly export"


def test_who_has_left_gets_a_mail_and_a_withdrawn_one_is_gone_from_the_chat(waiting: ChatSession, maya: User) -> None:
    message = replying.reply(ticket=ticket_of(waiting), by=maya, text="I found it.")
    assert (message.channel, Delivery.objects.get().recipient) == ("email", waiting.customer.email)
    assert waiting.messages.in_order().last().content == "I found it."  # and they read it when they come back
    replying.withdraw(message, by=maya)
    assert waiting.messages.in_order().last().content != "I found it."


def test_without_an_address_an_answer_waits_for_their_return(maya: User, support: Queue) -> None:
    session = talk(Customer.objects.create(name=""))
    handing_over.hand_over(session, "asked")
    message = replying.reply(ticket=ticket_of(session), by=maya, text="I found it.")
    assert (message.channel, message.delivery) == ("chat", "none")
    assert session.messages.in_order().last().content == "I found it."


def test_an_address_given_in_the_chat_gets_the_answer(maya: User, support: Queue) -> None:
    session = talk(Customer.objects.create(name=""))
    handing_over.hand_over(session, "asked")
    handing_over.take_address(session, "guest@example.com")
    message = replying.reply(ticket=ticket_of(session), by=maya, text="I found it.")
    assert (message.channel, Delivery.objects.get().recipient) == ("email", "guest@example.com")


def test_handed_back_the_assistant_has_it_again(waiting: ChatSession, maya: User) -> None:
    attending.join(waiting, by=maya)
    attending.hand_back(waiting, by=maya)
    assert ticket_of(waiting).metadata["chat"]["state"] == "assistant"
    assert (waiting.state, waiting.agent, waiting.failures) == ("assistant", None, 0)
    with pytest.raises(Conflict):
        attending.hand_back(waiting, by=maya)
    handing_over.hand_over(waiting, "asked")
    assert waiting.state == "waiting"
    assert Ticket.objects.count() == 1


def test_an_ended_chat_stays_ended(waiting: ChatSession, maya: User) -> None:
    attending.join(waiting, by=maya)
    attending.end(waiting, by=maya)
    attending.end(waiting, by=waiting.customer)
    assert ticket_of(waiting).metadata["chat"]["state"] == "ended"
    assert waiting.ended_at is not None
    assert Event.objects.filter(kind="chat.ended").count() == 1
    with pytest.raises(Conflict):
        attending.join(waiting, by=maya)


def test_a_solved_ticket_ends_its_chat(waiting: ChatSession, maya: User) -> None:
    run_events()
    attending.join(waiting, by=maya)
    ticket_of(waiting).resolve(by=maya)
    run_events()
    waiting.refresh_from_db()
    assert waiting.state == "ended"


def test_taking_the_ticket_is_joining_the_chat(waiting: ChatSession, maya: User) -> None:
    run_events()
    ticket_of(waiting).assign(to=maya, by=maya)
    run_events()
    waiting.refresh_from_db()
    assert (waiting.state, waiting.agent) == ("with_agent", maya)


def test_being_given_the_ticket_is_not(waiting: ChatSession, maya: User, priya: User) -> None:
    run_events()
    ticket_of(waiting).assign(to=maya, by=priya)
    run_events()
    waiting.refresh_from_db()
    assert waiting.state == "waiting"


def test_moved_to_another_team_they_wait_in_its_line(waiting: ChatSession, billing: Queue, priya: User) -> None:
    run_events()
    ticket_of(waiting).move(queue=billing, by=priya)
    run_events()
    waiting.refresh_from_db()
    assert (waiting.queue, sessions.position(waiting)) == (billing, 1)


def test_the_chat_of_a_merged_ticket_goes_on_in_the_kept_one(waiting: ChatSession, maya: User, ingrid: Customer) -> None:
    kept = receive(ingrid, "The export", "An earlier mail").ticket
    own = ticket_of(waiting)
    run_events()
    merge = merging.merge(kept=kept, merged=own, by=maya)
    run_events()
    kept.refresh_from_db()
    assert ticket_of(waiting) == kept
    assert kept.metadata["chat"]["session"] == str(waiting.pk)
    here(waiting)
    assert replying.reply(ticket=kept, by=maya, text="Here I am").channel == "chat"
    assert waiting.messages.in_order().last().content == "Here I am"
    merging.undo(merge, by=maya)
    run_events()
    kept.refresh_from_db()
    assert ticket_of(waiting) == own
    assert "chat" not in kept.metadata


# -- on screen -------------------------------------------------------------------------------------------------


def bar(client: Client, ticket: Ticket) -> str:
    return client.get(f"/assist/tickets/{ticket.pk}/chat/").content.decode()


def act(client: Client, ticket: Ticket, verb: str) -> Any:
    return client.post(f"/assist/tickets/{ticket.pk}/chat/{verb}/", headers={"HX-Request": "true"})


def test_the_bar_says_who_waits_and_offers_what_can_be_done(waiting: ChatSession, maya: User, priya: User) -> None:
    client, ticket = signed_in(maya), ticket_of(waiting)
    shown = bar(client, ticket)
    assert "Waits for a person" in shown and "number 1 in line" in shown and "Asked for a person" in shown
    assert "your reply goes by e-mail" in shown
    here(waiting)
    assert "Visitor is online" in bar(client, ticket)
    assert "You are in the chat" in act(client, ticket, "join").content.decode()
    assert "Maya Lindqvist is in the chat" in bar(signed_in(priya), ticket)
    assert "Maya Lindqvist is in this chat" in act(signed_in(priya), ticket, "join").content.decode()
    assert "The assistant is in the chat" in act(client, ticket, "hand-back").content.decode()
    act(client, ticket, "join")
    assert "The chat has ended" in act(client, ticket, "end").content.decode()
    assert act(client, ticket, "nonsense").status_code == 404


def test_the_ticket_page_asks_for_the_bar_only_where_there_is_a_chat(waiting: ChatSession, maya: User, ingrid: Customer) -> None:
    client = signed_in(maya)
    assert "chat-slot" in client.get(ticket_of(waiting).get_absolute_url()).content.decode()
    assert "chat-slot" not in client.get(receive(ingrid).ticket.get_absolute_url()).content.decode()


def test_a_reply_in_a_chat_offers_no_undo(waiting: ChatSession, maya: User) -> None:
    ticket = ticket_of(here(waiting))
    answer = signed_in(maya).post(f"/tickets/{ticket.number}/messages/", {"kind": "reply", "text": "Hello"}, headers={"HX-Request": "true"})
    assert json.loads(answer["HX-Trigger-After-Swap"])["console:sent"]["message"] == ""
    assert ChatMessage.objects.filter(role="agent", content="Hello").count() == 1
    assert Message.objects.filter(channel="chat", author_kind="agent").count() == 1


def test_a_long_chat_costs_the_page_and_the_bar_no_more_queries(waiting: ChatSession, maya: User) -> None:
    client, ticket = signed_in(maya), ticket_of(waiting)

    def cost(address: str) -> int:
        client.get(address)  # caches are warm
        with CaptureQueriesContext(connection) as asked:
            client.get(address)
        return len(asked)

    addresses = (ticket.get_absolute_url(), f"/assist/tickets/{ticket.pk}/chat/")
    before = [cost(address) for address in addresses]
    for number in range(12):
        conversation.hear(waiting, f"And another thing, number {number}")
    assert [cost(address) for address in addresses] == before
