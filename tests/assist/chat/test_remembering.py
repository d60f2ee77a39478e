"""What was said in a chat outlives it: summary, memory by leave, timeline, mails, ratings; and a stranger who is known at last."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from assist import summaries
from assist.chat import attending, carrying, conversation, handing_over, identities, remembering, sessions, visitors
from assist.models import ChatMessage, ChatSession, Experiment, WidgetSite
from customers import memory
from customers.models import Customer, MemoryNode
from helpdesk.backoffice.metrics import people
from helpdesk.backoffice.metrics.scope import Scope
from helpdesk.core.models import Event, User
from tests.cast import receive, run_events
from tests.plugins.model_server import ModelServer, status
from tickets import profile
from tickets.models import Queue, Rating, Ticket

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clean_cache")]
QUESTION = "The label printer prints blank labels since this morning"


def hear(session: ChatSession, *said: str) -> None:
    """Lines of the visitor's, as they are kept once they were answered."""
    for words in said:
        line = conversation.hear(session, words)
        ChatMessage.objects.filter(pk=line.pk).update(metadata={"act": "problem"})


def remembered(customer: Customer) -> list[str]:
    return list(MemoryNode.objects.filter(customer=customer).order_by("starts_at").values_list("text", flat=True))


def test_an_ended_chat_is_summed_up_remembered_and_on_the_timeline(chat: ChatSession, priya: User) -> None:
    memory.grant(chat.customer)
    hear(chat, QUESTION, "We use Firefox here", "yes please")
    attending.end(chat, by=chat.customer)
    run_events()
    chat.refresh_from_db()
    assert "blank labels" in chat.summary
    assert remembered(chat.customer) == [QUESTION, "We use Firefox here"]
    assert memory.facts(chat.customer).get(attribute="browser").value == "Firefox"
    assert "blank labels" in profile.timeline(chat.customer, priya, only="calls").lines[0].text
    remembering.remember(chat.pk)
    assert len(remembered(chat.customer)) == 2, "safe to repeat"


WORDED = json.dumps(
    {
        "lines": [
            {"part": "asked", "text": "The label printer prints blank labels.", "sources": [1]},
            {"part": "promised", "text": "A refund of 500 EUR was promised.", "sources": [1]},
        ]
    }
)


def test_a_model_words_an_ended_chat_as_far_as_its_lines_carry_it(chat: ChatSession, priya: User, model: ModelServer) -> None:
    model.says(WORDED)
    hear(chat, QUESTION)
    attending.end(chat, by=chat.customer)
    run_events()
    chat.refresh_from_db()
    assert chat.summary == "Asked: The label printer prints blank labels."
    assert profile.timeline(chat.customer, priya, only="calls").lines[0].text == f"Chatted. {chat.summary}"


def test_a_chat_that_goes_to_a_person_has_its_ticket_worded(chat: ChatSession, priya: User, model: ModelServer) -> None:
    model.says(WORDED)
    hear(chat, QUESTION)
    ticket = handing_over.hand_over(chat, "asked")
    for _again in range(2):  # asked for, and ended without another word
        remembering.sum_up_its_ticket(chat.pk)
    assert len(model.asked) == 1
    best = summaries.of(ticket, viewer=priya).best
    assert best.by_model and best.parts == [("asked", "Asked", ["The label printer prints blank labels."])]


def test_a_model_that_is_away_leaves_our_own_words(chat: ChatSession, model: ModelServer) -> None:
    model.does(status(401))
    hear(chat, QUESTION)
    remembering.remember(chat.pk, by_model=True)
    chat.refresh_from_db()
    assert chat.summary == f"Asked: {QUESTION}."


def test_without_leave_nothing_is_remembered_until_it_is_given(chat: ChatSession) -> None:
    hear(chat, QUESTION)
    remembering.remember(chat.pk)
    assert remembered(chat.customer) == []
    memory.grant(chat.customer)
    run_events()
    assert remembered(chat.customer) == [QUESTION]


def test_a_chat_that_fell_silent_is_remembered_too(chat: ChatSession) -> None:
    memory.grant(chat.customer)
    hear(chat, QUESTION)
    remembering.remember_the_quiet()
    assert remembered(chat.customer) == [], "somebody may be writing"
    ChatSession.objects.update(last_message_at=timezone.now() - timedelta(hours=1))
    remembering.remember_the_quiet()
    assert remembered(chat.customer) == [QUESTION]
    assert ChatSession.objects.get().state == "assistant", "it may go on"


def test_a_name_is_known_in_the_next_chat_with_leave_alone(stranger: ChatSession) -> None:
    def name_in(session_id: str) -> str:
        return conversation.say(sessions.enter(stranger.customer, session_id), "What's my name?").text

    conversation.say(stranger, "My name is Alice")
    assert "Alice" not in name_in("second")
    memory.grant(stranger.customer)
    conversation.say(stranger, "My name is Alice")
    assert "Alice" in name_in("third")
    memory.revoke(stranger.customer)
    assert "Alice" not in name_in("fourth")


def test_a_mail_to_the_chats_ticket_is_read_in_the_chat(chat: ChatSession, ingrid: Customer) -> None:
    hear(chat, QUESTION)
    number = handing_over.hand_over(chat, "asked").number
    receive(chat.customer, "Re: labels", "It prints again, thank you", metadata={"ticket_number": number})
    receive(ingrid, "Re: labels", "I am only copied in", metadata={"ticket_number": number})
    run_events()
    said = list(chat.messages.filter(role="user").in_order().values_list("content", flat=True))
    assert said == [QUESTION, "It prints again, thank you"]
    assert chat.messages.in_order().last().message.channel == "email"


def test_a_rating_counts_for_the_ticket_and_a_low_one_is_followed_up(chat: ChatSession) -> None:
    hear(chat, QUESTION)
    ticket = handing_over.hand_over(chat, "asked")
    attending.rate(chat, 2, "Nobody came")
    given = Rating.objects.get()
    assert (given.ticket, given.score, given.comment, given.source) == (ticket, 2, "Nobody came", "chat")
    chat.customer.refresh_from_db()
    assert chat.customer.satisfaction_score == 2
    assert Event.objects.filter(kind="rating.given").count() == 1


def test_the_dashboard_counts_chats_without_a_ticket_and_none_twice(chat: ChatSession, stranger: ChatSession) -> None:
    hear(chat, QUESTION)
    handing_over.hand_over(chat, "asked")
    attending.rate(chat, 5)
    attending.rate(stranger, 2)
    found = people.satisfaction(Scope.of("today"))
    assert (found.n, found.mean, found.scores[5], found.scores[2]) == (2, 3.5, 1, 1)
    assert people.satisfaction(Scope.of("today", channel="email")).n == 0


@pytest.fixture
def site(support: Queue) -> WidgetSite:
    return WidgetSite.objects.create(name="Shop", secrets={"identity": "s" * 40}, generation=1)


def test_a_strangers_chat_goes_on_as_theirs_whom_the_site_vouches_for(site: WidgetSite, client: Any) -> None:
    visitor, token = visitors.enter(site)
    session = sessions.enter(visitor.customer, "the-chat")
    hear(session, QUESTION)
    ticket = handing_over.hand_over(session, "asked")
    tried = Experiment.objects.create(name="x", feature="chat", unit="customer")
    arm = tried.arms.create(name="Small")
    tried.assignments.create(arm=arm, unit=visitor.customer.pk)
    proof = identities.sign("s" * 40, user_id="u-9", name="Ada", exp=int(timezone.now().timestamp()) + 600)
    body = {"site": site.key, "identity": proof}
    said = client.post("/api/widget/visits", body, content_type="application/json", headers={"Authorization": f"Bearer {token}"}).json()
    assert (said["user_id"], said["session_id"]) == ("u-9", "the-chat")
    session.refresh_from_db()
    ticket.refresh_from_db()
    assert (session.customer.external_id, session.identity) == ("u-9", "verified")
    assert ticket.customer == session.customer
    assert not ticket.messages.filter(author_kind="customer").exclude(customer=session.customer).exists()
    assert tried.assignments.get(unit=session.customer.pk).arm == arm, "nobody sees two ways in one conversation"
    assert visitors.from_token(token) is None, "nobody reads on by the stranger's token"


def test_what_others_said_there_and_other_sites_are_left_alone(site: WidgetSite) -> None:
    stranger, _token = visitors.enter(site)
    session = sessions.enter(stranger.customer, "the-chat")
    hear(session, QUESTION)
    ada = identities.Identity("u-9", "", "Ada")
    elsewhere, _token = visitors.enter_as(WidgetSite.objects.create(name="Other"), ada)
    assert carrying.carry(stranger, elsewhere) is None
    known, _token = visitors.enter_as(site, ada)
    other, _token = visitors.enter_as(site, identities.Identity("u-8", "", "Bob"))
    assert carrying.carry(known, other) is None
    attending.end(session, by=None)
    assert carrying.carry(stranger, known) is None, "it has ended"
    session.refresh_from_db()
    assert session.customer == stranger.customer
    assert not Ticket.objects.exists()
