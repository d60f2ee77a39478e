"""From the assistant to people: one ticket with everything in it, a place in line, and what is said when nobody is there."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from assist.chat import availability, conversation, handing_over, lines, sessions
from assist.models import ChatMessage, ChatSession
from customers.models import Customer
from helpdesk.core.errors import Conflict
from helpdesk.core.models import Event, User
from tests.cast import ago, make_category, make_customer, signed_in
from tickets import conversing, listing
from tickets.models import Message, Participant, Queue, Ticket

pytestmark = pytest.mark.django_db

ARTICLE = {"id": "1", "title": "Export your orders", "url": "/help/export/", "score": 0.7}
TALK = [
    ("user", "Hi there", []),
    ("assistant", "Hello, how can I help?", []),
    ("user", "How do I export my orders?", []),
    ("assistant", "Open Reports and choose Export.", [ARTICLE]),
    ("user", "Can the export go to an SFTP server every night?", []),
    ("assistant", "I do not know that.", []),
]


def talk(customer: Customer, name: str = "s1", said: list[Any] | None = None) -> ChatSession:
    """A conversation with the assistant, as the engine leaves it."""
    session = sessions.enter(customer, name)
    for role, words, sources in TALK if said is None else said:
        lines.add(session, role, words, sources=sources)
    return session


def present(agent: User) -> User:
    """With an open console."""
    agent.last_seen_at = timezone.now()
    agent.save(update_fields=["last_seen_at"])
    return agent


def test_the_whole_chat_stands_in_the_ticket_in_order(ingrid: Customer, maya: User, support: Queue) -> None:
    present(maya)
    session = talk(ingrid)
    ticket = handing_over.hand_over(session, "asked")
    thread = list(ticket.messages.public().in_order())
    assert [(one.author_kind.replace("customer", "user"), one.body_text) for one in thread] == [(role, words) for role, words, _ in TALK]
    assert (ticket.channel, ticket.queue, ticket.customer) == ("chat", support, ingrid)
    assert not session.messages.filter(message=None).exists()
    assert (session.state, session.handoff_reason, session.queue) == ("waiting", "Asked for a person", support)


def test_whoever_takes_it_reads_why_what_was_tried_and_what_is_open(ingrid: Customer, maya: User, support: Queue) -> None:
    ticket = handing_over.hand_over(talk(ingrid), "failure")
    note = ticket.messages.get(visibility="internal")
    assert "Why: The assistant did not know the answer" in note.body_text
    assert "Already shown: Export your orders" in note.body_text
    assert "Still open: Can the export go to an SFTP server every night?" in note.body_text
    assert "Still open: How do I export my orders?" not in note.body_text
    assert ticket.metadata["escalation"]["level"] == "supervisor"
    kinds = list(Event.objects.filter(ticket_ref=ticket.pk).order_by("id").values_list("kind", flat=True))
    assert {"ticket.created", "note.added", "ticket.escalated", "chat.handed_over"} <= set(kinds)
    assert Event.objects.get(kind="chat.handed_over").data["reason"] == "The assistant did not know the answer"


def test_it_goes_to_the_team_that_takes_the_matter(ingrid: Customer, support: Queue, billing: Queue) -> None:
    for slug in ("technical", "account_access", "sales"):
        make_category(slug)
    billing.categories.add(make_category("billing"))
    said = [("user", "I was charged twice for my subscription this month, my card shows two payments of 39 euro.", [])]
    assert handing_over.hand_over(talk(ingrid, said=said), "asked").queue == billing


def test_the_site_of_the_chat_may_name_the_team(ingrid: Customer, support: Queue, billing: Queue) -> None:
    session = talk(ingrid)
    ChatSession.objects.filter(pk=session.pk).update(queue=billing)
    assert handing_over.hand_over(session, "asked").queue == billing


def test_who_presses_before_saying_a_word_is_handed_over_too(ingrid: Customer, support: Queue) -> None:
    ticket = handing_over.hand_over(talk(ingrid, said=[]), "asked")
    assert ticket.messages.from_customer().get().body_text == "I would like to talk to a person."


def test_a_ticket_that_the_assistant_made_before_is_the_one(ingrid: Customer, support: Queue) -> None:
    from assist.chat import filing

    session = talk(ingrid, said=TALK[:3])
    made = filing.file(session, subject="Export")
    conversation.hear(session, "Let me talk to somebody")
    assert handing_over.hand_over(session, "asked") == made
    assert Ticket.objects.count() == 1
    assert made.messages.from_customer().in_order().last().body_text == "Let me talk to somebody"


def test_asked_again_nothing_is_doubled(ingrid: Customer, support: Queue) -> None:
    session = talk(ingrid)
    first = handing_over.hand_over(session, "asked")
    assert handing_over.hand_over(session, "frustration") == first
    assert Message.objects.filter(visibility="internal").count() == 1
    assert Event.objects.filter(kind="chat.handed_over").count() == 1


def test_an_ended_chat_is_not_handed_over(ingrid: Customer, support: Queue) -> None:
    session = talk(ingrid)
    ChatSession.objects.filter(pk=session.pk).update(state="ended")
    with pytest.raises(Conflict):
        handing_over.hand_over(session, "asked")


@pytest.mark.django_db(transaction=True)
def test_the_visitor_and_the_engine_at_once_make_one_ticket(ingrid: Customer, support: Queue) -> None:
    session = talk(ingrid)
    together = Barrier(4)

    def ask(reason: str) -> Any:
        try:
            together.wait(30)
            return handing_over.hand_over(ChatSession.objects.get(pk=session.pk), reason).pk
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as four:
        tickets = set(four.map(ask, ["asked", "frustration", "failure", "risk"]))
    assert tickets == {Ticket.objects.get().pk}
    assert Message.objects.filter(visibility="internal").count() == 1
    assert ChatMessage.objects.filter(message=None).count() == 0


def test_those_who_wait_have_their_place_each_queue_for_itself(ingrid: Customer, dwayne: Customer, support: Queue, billing: Queue) -> None:
    first, second = talk(ingrid, "a"), talk(dwayne, "b")
    other = talk(make_customer("Amina", "amina@example.com"), "c")
    ChatSession.objects.filter(pk=other.pk).update(queue=billing)
    for session in (first, second, other):
        handing_over.hand_over(session, "asked")
    assert [sessions.position(one) for one in (first, second, other)] == [1, 2, 1]
    assert sessions.position(talk(dwayne, "d")) == 0


def test_nobody_there_is_said_and_an_address_is_asked_for(support: Queue) -> None:
    guest = Customer.objects.create(name="")
    session = talk(guest)
    ticket = handing_over.hand_over(session, "asked")
    assert "Nobody of our team is here right now. Leave your e-mail" in session.messages.in_order().last().content
    assert handing_over.take_address(session, "it is Guest@Example.com, thanks") == "guest@example.com"
    assert session.messages.in_order().last().content == "Thank you. We will answer to guest@example.com if you have left by then."
    assert Participant.objects.get(ticket=ticket).address == "guest@example.com"
    assert handing_over.take_address(session, "or other@example.com") == ""
    assert guest.email == ""  # it proves nothing


def test_who_is_known_is_told_where_the_answer_goes(ingrid: Customer, support: Queue) -> None:
    session = talk(ingrid)
    handing_over.hand_over(session, "asked")
    assert f"We will answer by e-mail to {ingrid.email}." in session.messages.in_order().last().content


def test_somebody_is_there_when_a_console_of_the_team_is_open(maya: User, tomasz: User, priya: User, support: Queue) -> None:
    assert not availability.anybody_for(support)
    present(tomasz)
    assert not availability.anybody_for(support)  # of another team
    present(maya)
    assert set(availability.people_for(support)) == {maya}
    User.objects.filter(pk=maya.pk).update(availability="away")
    assert not availability.anybody_for(support)
    present(priya)
    assert availability.anybody_for(support)  # supervisors see every team
    User.objects.filter(pk=priya.pk).update(last_seen_at=ago(minutes=5))
    assert not availability.anybody_for(support)


def test_the_inbox_has_a_view_of_chats_and_marks_their_rows(ingrid: Customer, dwayne: Customer, maya: User, support: Queue) -> None:
    waiting = handing_over.hand_over(talk(ingrid), "asked")
    later = handing_over.hand_over(talk(dwayne, "b"), "asked")
    view = next(view for view in listing.VIEWS if view.slug == "chats")
    page = listing.page(maya, view, view.sorts[0])
    assert [row.ticket for row in page.rows] == [waiting, later]
    assert signed_in(maya).get("/inbox/chats/").content.decode().count("</svg>Waits<") == 2
    later.refresh_from_db()
    assert conversing.state_of(later) == "waiting"
    later.resolve(by=maya)
    assert [row.ticket for row in listing.page(maya, view, view.sorts[0]).rows] == [waiting]


def test_rows_with_chats_cost_the_same_queries_however_many(maya: User, support: Queue) -> None:
    view = next(view for view in listing.VIEWS if view.slug == "chats")
    costs = []
    for number in range(8):
        handing_over.hand_over(talk(make_customer(f"Visitor {number}", f"v{number}@example.com"), f"s{number}"), "asked")
        with CaptureQueriesContext(connection) as asked:
            assert len(listing.page(maya, view, view.sorts[0]).rows) == number + 1
        costs.append(len(asked))
    assert len(set(costs)) == 1
