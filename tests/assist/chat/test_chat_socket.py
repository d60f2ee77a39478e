"""`/ws/chat/<user_id>`: who may connect, what is said and shown, limits, and that a returning window misses nothing."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import pytest
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator

from assist import chat_consumer
from assist.chat import attending, conversation, places, sessions, visitors
from assist.models import ChatMessage, ChatSession, WidgetSite
from customers.models import Customer
from helpdesk.core import absence
from helpdesk.core.models import ApiKey, User
from helpdesk.sockets import sockets
from tests.cast import signed_in
from tickets import replying
from tickets.models import Queue

pytestmark = pytest.mark.django_db(transaction=True)
ask = sync_to_async
WAIT = 30  # seconds: a busy machine answers late, never not at all


@pytest.fixture
def key(db: None) -> str:
    return ApiKey.issue("Shop", scopes=["chat:read", "chat:write"])[1]


def socket_to(user: str, *, key: str = "", query: str = "", **headers: str) -> WebsocketCommunicator:
    sent = [(b"host", b"testserver"), *((name.encode(), value.encode()) for name, value in headers.items())]
    if key:
        sent.append((b"authorization", f"Bearer {key}".encode()))
    return WebsocketCommunicator(sockets, f"/ws/chat/{user}{query}", headers=sent)


@asynccontextmanager
async def chatting(user: str, **how: Any) -> AsyncIterator[WebsocketCommunicator]:
    socket = socket_to(user, **how)
    connected, _ = await socket.connect(WAIT)
    assert connected
    yield socket
    await socket.disconnect(WAIT)


async def refused(socket: WebsocketCommunicator) -> bool:
    """Whether it was not let in; its application has ended then, and holds nothing of the database's any more."""
    connected, _ = await socket.connect(WAIT)
    await socket.disconnect(WAIT)
    return not connected


async def until(socket: WebsocketCommunicator, kind: str) -> dict[str, Any]:
    """The next frame of this kind."""
    for _ in range(20):
        frame: dict[str, Any] = await socket.receive_json_from(WAIT)
        if frame["type"] == kind:
            return frame
    raise AssertionError(f"no {kind}")


async def test_a_question_is_answered_in_the_contracts_shape(alice: Customer, library: Any, key: str) -> None:
    async with chatting("user_001", key=key) as socket:
        await socket.send_json_to({"type": "message", "content": "How do I reset my password?", "session_id": "s1"})
        frame = await until(socket, "response")
    assert "Forgot password" in frame["content"]
    assert frame["metadata"]["intent"] == "question"
    assert frame["metadata"]["sentiment"].keys() >= {"label", "polarity", "frustration_score"}
    assert frame["metadata"]["sources"] == ["How do I reset my password?"]
    assert (frame["metadata"]["escalated"], frame["metadata"]["ticket_created"]) == (False, None)
    assert frame["timestamp"].endswith("Z")


async def test_a_new_user_of_a_partner_is_made_and_a_reader_makes_none(support: Queue, key: str) -> None:
    async with chatting("user_new", key=key) as socket:
        await socket.send_json_to({"type": "ping"})
        assert (await until(socket, "pong"))["type"] == "pong"
    assert await ask(Customer.objects.filter(external_id="user_new").exists)()
    reader = (await ask(ApiKey.issue)("Reader", scopes=["chat:read"]))[1]
    assert await refused(socket_to("nobody_yet", key=reader))
    async with chatting("user_new", key=reader) as socket:
        await socket.send_json_to({"type": "message", "content": "Hello"})
        assert (await until(socket, "error"))["code"] == "not-allowed"


async def test_strangers_agents_and_other_sites_do_not_get_in(alice: Customer, maya: User, key: str) -> None:
    assert await refused(socket_to("user_001"))
    assert await refused(socket_to("user_001", key="hd_forged"))
    tickets_only = (await ask(ApiKey.issue)("Tickets", scopes=["tickets:read"]))[1]
    assert await refused(socket_to("user_001", key=tickets_only))
    cookies = (await ask(signed_in)(maya)).cookies
    cookie = "; ".join(f"{name}={morsel.value}" for name, morsel in cookies.items())
    assert await refused(socket_to("user_001", cookie=cookie, origin="http://testserver"))
    assert await refused(socket_to("user_001", key=key, origin="https://evil.example"))


async def test_a_visitor_opens_their_own_chat_with_a_ticket_once(support: Queue) -> None:
    site = await ask(WidgetSite.objects.create)(name="Shop")
    visitor, token = await ask(visitors.enter)(site)
    other, _ = await ask(visitors.enter)(site)
    ticket = await ask(visitors.issue_ticket)(visitor)
    assert await refused(socket_to(other.user_id, query=f"?ticket={ticket}"))
    async with chatting(visitor.user_id, query=f"?ticket={ticket}") as socket:
        await socket.send_json_to({"type": "message", "content": "Hello"})
        assert "Hello" in (await until(socket, "response"))["content"]
    assert await refused(socket_to(visitor.user_id, query=f"?ticket={ticket}"))
    assert await refused(socket_to(other.user_id, authorization=f"Bearer {token}"))
    async with chatting(visitor.user_id, authorization=f"Bearer {token}") as socket:
        assert (await until(socket, "state"))["messages"][0]["content"] == "Hello"


async def test_the_sixth_connection_of_a_user_is_closed(alice: Customer, key: str, settings: Any) -> None:
    settings.MAX_WS_CONNECTIONS_PER_USER = 2
    async with chatting("user_001", key=key), chatting("user_001", key=key):
        third = socket_to("user_001", key=key)
        await third.connect(WAIT)
        assert (await third.receive_output(WAIT))["code"] == 4429
        await third.disconnect(WAIT)
    async with chatting("user_001", key=key) as socket:  # a place is free again
        await socket.send_json_to({"type": "ping"})
        await until(socket, "pong")


def test_connections_are_counted_over_all_processes(clean_cache: None, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.MAX_WS_CONNECTIONS_PER_USER = 2
    user, other = uuid4(), uuid4()
    held = [places.take(user) for _window in range(2)]
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(places, "_here", Counter())  # another process has counted none
        assert places.take(user) is None
        assert places.take(other) is not None
    places.give_back(user, str(held[0]))
    assert places.take(user) == held[0], "a place is free again"


def test_without_redis_this_process_counts_its_own(clean_cache: None, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.MAX_WS_CONNECTIONS_PER_USER = 2
    monkeypatch.setattr(absence.redis, "is_away", lambda: True)
    user = uuid4()
    assert [places.take(user) is not None for _window in range(3)] == [True, True, False]


async def test_a_returning_window_gets_exactly_what_it_missed(chat: ChatSession, key: str) -> None:
    await ask(conversation.say)(chat, "Hello")
    await ask(conversation.say)(chat, "Thanks a lot")
    async with chatting("user_001", key=key, query="?session_id=session_123&after=2") as socket:
        first = await until(socket, "state")
        assert ([one["n"] for one in first["messages"]], first["n"]) == ([3, 4], 4)
        assert [one["role"] for one in first["messages"]] == ["user", "assistant"]


async def test_a_line_sent_twice_is_one_line_with_one_answer(alice: Customer, key: str) -> None:
    line = {"type": "message", "content": "Hello", "session_id": "s1", "id": "line-1"}
    async with chatting("user_001", key=key) as socket:
        await socket.send_json_to(line)
        first = await until(socket, "received")
        await until(socket, "response")
        await socket.send_json_to(line)
        again = await until(socket, "received")
        assert (again["message_id"], again["id"]) == (first["message_id"], "line-1")
    assert await ask(ChatMessage.objects.count)() == 2


async def test_both_windows_of_a_user_show_the_same_chat(chat: ChatSession, key: str) -> None:
    await ask(conversation.say)(chat, "Hello")
    async with chatting("user_001", key=key) as one, chatting("user_001", key=key) as other:
        await until(one, "state")
        await until(other, "state")
        await one.send_json_to({"type": "message", "content": "Thanks a lot"})
        assert (await until(other, "message"))["content"] == "Thanks a lot"
        assert (await until(other, "response"))["n"] == (await until(one, "response"))["n"]


async def test_an_agent_joins_and_speaks_in_the_same_chat(chat: ChatSession, key: str, maya: User) -> None:
    async with chatting("user_001", key=key) as socket:
        await socket.send_json_to({"type": "message", "content": "I want to talk to a human", "session_id": chat.session_id})
        answer = await until(socket, "response")
        assert answer["metadata"]["escalated"]
        frame = await until(socket, "handoff")
        assert (frame["ticket"], frame["position"], frame["state"]) == (answer["metadata"]["ticket_created"], 1, "waiting")
        assert frame.keys() >= {"ticket", "reason", "queue", "position"}
        fresh = await ask(sessions.find)(chat.customer, chat.session_id)
        await ask(attending.join)(fresh, by=maya)
        joined = await until(socket, "handoff")
        assert (joined["state"], joined["agent"], joined["position"]) == ("with_agent", {"name": "Maya"}, 0)
        await ask(replying.reply)(ticket=fresh.ticket, by=maya, text="Hello, I am Maya.")
        spoken = await until(socket, "agent_message")
        assert (spoken["content"], spoken["agent"]) == ("Hello, I am Maya.", {"name": "Maya"})
        assert spoken.keys() >= {"message_id", "timestamp"}
        await socket.send_json_to({"type": "message", "content": "Hello Maya", "id": "x"})
        await until(socket, "received")
        await ask(attending.end)(await ask(sessions.find)(chat.customer, chat.session_id), by=maya)
        await until(socket, "ended")


async def test_a_window_is_not_told_its_own_line(alice: Customer, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chat_consumer, "BEAT", 600.0)
    async with chatting("user_001", key=key) as socket:
        await socket.send_json_to({"type": "message", "content": "Hello"})
        told = [(await socket.receive_json_from(WAIT))["type"] for _frame in range(2)]
        await socket.send_json_to({"type": "ping"})
        told.append((await socket.receive_json_from(WAIT))["type"])
    assert [kind for kind in told if kind != "typing"][:2] == ["received", "response"]
    assert "message" not in told


async def test_a_line_that_nobody_answers_yet_is_received_all_the_same(chat: ChatSession, key: str) -> None:
    async with chatting("user_001", key=key) as socket:
        await socket.send_json_to({"type": "message", "content": "I want to talk to a human", "session_id": chat.session_id})
        await until(socket, "handoff")
        await socket.send_json_to({"type": "message", "content": "Is anybody there?"})
        received = await until(socket, "received")
    assert received["message_id"] == str((await ask(chat.messages.latest)("n")).pk)


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ("{", "not-json"),
        ("[" * 60_000, "not-json"),
        ('"text"', "unknown-type"),
        ('{"type": "drop table"}', "unknown-type"),
        ('{"type": "message", "content": ""}', "invalid"),
        ('{"type": "message", "content": "\\u0000 "}', "invalid"),
        ('{"type": "message", "content": ["a"]}', "invalid"),
        ('{"type": "message", "content": "x", "session_id": {"a": 1}}', "invalid"),
        (json.dumps({"type": "message", "content": "x" * 50_001}), "message-too-long"),
        (json.dumps({"type": "message", "content": "x", "session_id": "s" * 101}), "invalid"),
    ],
)
async def test_what_is_no_message_gets_a_clear_error(alice: Customer, key: str, sent: str, code: str) -> None:
    async with chatting("user_001", key=key) as socket:
        await socket.send_to(text_data=sent)
        frame = await until(socket, "error")
        assert frame["code"] == code
        assert frame["detail"]
    assert not await ask(ChatMessage.objects.exists)()


async def test_a_flood_is_refused_frame_by_frame_and_then_cut_off(alice: Customer, key: str) -> None:
    socket = socket_to("user_001", key=key)
    await socket.connect(WAIT)
    for _ in range(40):
        await socket.send_json_to({"type": "ping"})
    frames = []
    while True:
        frame = await socket.receive_output(WAIT)
        frames.append(frame)
        if frame["type"] == "websocket.close":
            break
    assert frames[-1]["code"] == 4408
    assert any("too-many-messages" in frame.get("text", "") for frame in frames)


async def test_fifty_thousand_characters_are_one_line(alice: Customer, key: str) -> None:
    async with chatting("user_001", key=key) as socket:
        await socket.send_json_to({"type": "message", "content": "word " * 9_999 + "end.."})
        await until(socket, "response")
    assert await ask(ChatMessage.objects.filter(role="user").count)() == 1
