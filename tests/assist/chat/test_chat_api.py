"""`/api/chat` and what belongs to it: shapes, who may, idempotency, history, feedback; and that nobody sees another's."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from assist.chat import conversation, sessions, visitors
from assist.models import ChatMessage, ChatSession, WidgetSite
from customers.models import Customer
from helpdesk.core.models import ApiKey
from tests.cast import receive
from tickets.models import Queue, Ticket

pytestmark = pytest.mark.django_db


def post(client: Client, path: str, body: Any, **headers: str) -> Any:
    return client.post(path, json.dumps(body), content_type="application/json", headers=headers)


def say(client: Client, content: str, user: str = "user_001", session: str = "session_123", **headers: str) -> Any:
    return post(client, "/api/chat", {"content": content, "session_id": session, "user_id": user}, **headers)


@pytest.fixture
def visit(support: Queue) -> tuple[visitors.Visitor, Client]:
    visitor, token = visitors.enter(WidgetSite.objects.create(name="Shop"))
    return visitor, Client(headers={"Authorization": f"Bearer {token}"})


def test_a_question_is_answered_in_the_contracts_shape(api: Client, library: Any, alice: Customer) -> None:
    answer = say(api, "How do I reset my password?")
    assert answer.status_code == 200
    body = answer.json()
    assert body.keys() >= {
        "message", "message_id", "session_id", "intent", "sentiment", "sentiment_polarity", "frustration_score", "sources", "escalated",
        "ticket_created", "timestamp",
    }  # fmt: skip
    assert "Forgot password" in body["message"]
    assert (body["session_id"], body["intent"], body["escalated"], body["ticket_created"]) == ("session_123", "question", False, None)
    assert body["sources"][0].keys() >= {"id", "title", "url", "score"}
    assert body["timestamp"].endswith("Z")


def test_a_partners_user_is_made_at_their_first_word_and_is_verified(api: Client, support: Queue) -> None:
    assert say(api, "Hello", user="user_new").status_code == 200
    session = ChatSession.objects.get()
    assert (session.customer.external_id, session.identity) == ("user_new", "verified")


def test_the_same_key_is_answered_once(api: Client, alice: Customer) -> None:
    first = say(api, "Hello", **{"Idempotency-Key": "k1"})
    again = say(api, "Hello", **{"Idempotency-Key": "k1"})
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.json() == first.json()
    assert say(api, "Goodbye", **{"Idempotency-Key": "k1"}).status_code == 422
    assert ChatMessage.objects.count() == 2


def test_a_line_named_by_its_sender_is_one_line(api: Client, alice: Customer) -> None:
    body = {"content": "Hello", "session_id": "s", "user_id": "user_001", "client_id": "line-1"}
    assert post(api, "/api/chat", body).json()["message_id"] == post(api, "/api/chat", body).json()["message_id"]
    assert ChatMessage.objects.count() == 2


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"user_id": "u"}, "content"),
        ({"content": "Hello"}, "user_id"),
        ({"content": "", "user_id": "u"}, "content"),
        ({"content": 7, "user_id": "u"}, "content"),
        ({"content": "x" * 50_001, "user_id": "u"}, "content"),
        ({"content": "x", "user_id": "u", "session_id": "s" * 101}, "session_id"),
        ({"content": "x", "user_id": "u", "customer": "another"}, "customer"),
    ],
)
def test_what_is_not_valid_is_named(api: Client, support: Queue, body: Any, field: str) -> None:
    answer = post(api, "/api/chat", body)
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")
    assert field in answer.json()["errors"]
    assert not Customer.objects.exists()


def test_a_flood_is_refused_with_a_time_to_wait(api: Client, chat: ChatSession, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversation, "MOST_LINES", 2)
    assert [say(api, "Hello").status_code for _ in range(4)] == [200, 200, 429, 429]
    refused = say(api, "Hello")
    assert int(refused["Retry-After"]) > 0
    assert chat.messages.filter(role="user").count() == 2


def test_history_is_searched_by_words_and_bounded(api: Client, chat: ChatSession, alice: Customer) -> None:
    other = sessions.enter(alice, "another")
    for session, text in ((chat, "My order FW-20481 is late"), (chat, "Hello"), (other, "An invoice is wrong")):
        conversation.hear(session, text)
    read = api.get("/api/users/user_001/history").json()["messages"]
    assert [one["content"] for one in read] == ["My order FW-20481 is late", "Hello", "An invoice is wrong"]
    assert read[0].keys() >= {"id", "session_id", "role", "content", "timestamp"}
    found = api.get("/api/users/user_001/history?q=order+LATE").json()["messages"]
    assert [(one["content"], one["session_id"]) for one in found] == [("My order FW-20481 is late", "session_123")]
    assert len(api.get("/api/users/user_001/history?limit=1").json()["messages"]) == 1
    assert api.get("/api/users/user_001/history?limit=0").status_code == 400
    assert api.get("/api/users/user_001/history?limit=1000").status_code == 400
    assert api.get("/api/users/nobody/history").status_code == 404


def test_tickets_of_a_user(api: Client, alice: Customer, ticket: Ticket) -> None:
    mine = receive(alice, "Mine", "Mine").ticket
    assert [one["number"] for one in api.get("/api/users/user_001/tickets").json()["tickets"]] == [mine.number]
    assert api.get(f"/api/users/{alice.pk}/tickets").json()["tickets"][0]["subject"] == "Mine"
    assert api.get("/api/users/nobody/tickets").status_code == 404


def test_feedback_is_kept_with_the_answer_or_the_chat(api: Client, chat: ChatSession) -> None:
    answer = conversation.say(chat, "Hello").line
    assert answer is not None
    body = {"user_id": "user_001", "session_id": "session_123", "message_id": str(answer.pk), "rating": 2, "comment": "Not it"}
    assert post(api, "/api/feedback", body).status_code == 201
    answer.refresh_from_db()
    assert (answer.rating, answer.comment) == (2, "Not it")
    whole = {key: value for key, value in body.items() if key != "message_id"}
    assert post(api, "/api/feedback", whole).status_code == 201
    chat.refresh_from_db()
    assert chat.rating == 2
    for wrong, status in (({"rating": 6}, 400), ({"rating": 0}, 400), ({"message_id": str(uuid4())}, 404), ({"session_id": "other"}, 404)):
        assert post(api, "/api/feedback", {**body, **wrong}).status_code == status
    said = chat.messages.get(role="user")
    assert post(api, "/api/feedback", {**body, "message_id": str(said.pk)}).status_code == 404


def test_scopes_say_what_a_key_may(chat: ChatSession) -> None:
    reader = Client(headers={"Authorization": f"Bearer {ApiKey.issue('R', scopes=['chat:read'])[1]}"})
    assert say(reader, "Hello").status_code == 403
    assert reader.get("/api/users/user_001/history").status_code == 200
    other = Client(headers={"Authorization": f"Bearer {ApiKey.issue('T', scopes=['tickets:read'])[1]}"})
    assert other.get("/api/users/user_001/history").status_code == 403
    assert say(Client(), "Hello").status_code == 401


def test_a_visitors_token_speaks_for_that_visitor_alone(visit: tuple[visitors.Visitor, Client], alice: Customer, chat: ChatSession) -> None:
    visitor, client = visit
    conversation.hear(chat, "Secret of Alice")
    receive(alice, "Ticket of Alice", "x")
    assert say(client, "Hello", user=visitor.user_id).status_code == 200
    for path in ("/api/users/user_001/history", "/api/users/user_001/tickets", f"/api/users/{alice.pk}/tickets"):
        assert client.get(path).status_code == 404
    assert say(client, "Hello", user="user_001").status_code == 404
    body = {"user_id": "user_001", "session_id": "session_123", "rating": 1}
    assert post(client, "/api/feedback", body).status_code == 404
    assert "Alice" not in str(client.get(f"/api/users/{visitor.user_id}/history").json())


def test_a_stranger_sees_their_chats_tickets_without_what_colleagues_note(visit: tuple[visitors.Visitor, Client]) -> None:
    visitor, client = visit
    said = say(client, "I want to talk to a human", user=visitor.user_id)
    number = said.json()["ticket_created"]
    Ticket.objects.filter(number=number).update(analysis={"secret": 1})
    elsewhere = receive(visitor.customer, "By phone", "x", channel="phone").ticket
    shown = client.get(f"/api/users/{visitor.user_id}/tickets").json()["tickets"]
    assert [one["number"] for one in shown] == [number]
    assert elsewhere.number not in str(shown)
    assert (shown[0]["analysis"], shown[0]["metadata"], shown[0]["escalation"]) == (None, {}, None)


def test_forged_and_old_tokens_open_nothing(visit: tuple[visitors.Visitor, Client]) -> None:
    visitor, _client = visit
    for token in ("wv_forged", f"{visitors.renew(visitors._token(visitor.row))[1]}x", "wv_" + "a" * 1000):  # type: ignore[index]
        assert say(Client(headers={"Authorization": f"Bearer {token}"}), "Hello", user=visitor.user_id).status_code == 401
