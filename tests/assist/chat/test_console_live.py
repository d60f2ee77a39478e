"""What a console hears of a chat while it looks at its ticket, and what the visitor hears of the console."""

from __future__ import annotations

from typing import Any

import pytest
from asgiref.sync import sync_to_async
from channels.layers import get_channel_layer

from assist.chat import attending, conversation, handing_over, presence
from assist.models import ChatSession
from customers.models import Customer
from helpdesk.core.models import User
from tests.assist.chat.test_handing_over import talk
from tests.tickets.test_live import listening, ops
from tickets import conversing
from tickets.models import Queue, Ticket

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("clean_cache")]

ask = sync_to_async


@pytest.fixture
def waiting(ingrid: Customer, support: Queue) -> ChatSession:
    session = talk(ingrid)
    handing_over.hand_over(session, "asked")
    return session


def ticket_of(session: ChatSession) -> Ticket:
    assert session.ticket is not None
    return session.ticket


async def until(socket: Any, op: str, holds: Any = lambda _one: True) -> dict[str, Any]:
    """The next operation of this kind that fits; what else is told in between does not matter."""
    for _frame in range(20):
        found = [one for one in ops(await socket.receive_json_from(10), op) if holds(one)]
        if found:
            return found[0]
    raise AssertionError(f"no {op}")


async def test_what_the_visitor_says_is_in_the_thread_at_once_and_stops_nobody(waiting: ChatSession, maya: User) -> None:
    async with listening(maya, ticket=ticket_of(waiting).number) as socket:
        await ask(conversation.hear)(waiting, "Are you there?")
        item = await until(socket, "item", lambda one: "Are you there?" in one["html"])
    assert item["chat"] is True  # a page that is being written on is not warned


async def test_the_bar_is_read_again_when_somebody_joins_and_when_the_visitor_leaves(waiting: ChatSession, maya: User, priya: User) -> None:
    async with listening(maya, ticket=ticket_of(waiting).number) as socket:
        await ask(attending.join)(waiting, by=priya)
        assert (await until(socket, "refresh", lambda one: "chat-slot" in one["ids"]))["ids"] == ["chat-slot"]
    async with listening(maya, ticket=ticket_of(waiting).number) as socket:
        await ask(presence.arrived)(waiting.pk, waiting.ticket_id)
        await until(socket, "refresh", lambda one: "chat-slot" in one["ids"])
        await ask(presence.left)(waiting.pk, waiting.ticket_id)
        await until(socket, "refresh", lambda one: "chat-slot" in one["ids"])


async def test_an_agent_who_writes_a_reply_is_seen_by_the_visitor_one_who_writes_a_note_is_not(waiting: ChatSession, maya: User) -> None:
    layer = get_channel_layer()
    window = await layer.new_channel()
    await layer.group_add(conversing.visitor_group(ticket_of(waiting).pk), window)
    async with listening(maya, ticket=ticket_of(waiting).number) as socket:
        await socket.send_json_to({"type": "typing", "kind": "note"})
        await socket.send_json_to({"type": "typing", "kind": "reply"})
        heard = await layer.receive(window)
        await socket.send_json_to({"type": "ping", "at": 1})
        await socket.receive_json_from(5)
    assert heard == {"type": "agent.typing", "name": maya.name}
    await layer.group_discard(conversing.visitor_group(ticket_of(waiting).pk), window)


async def test_an_open_console_says_that_somebody_is_there(maya: User, support: Queue) -> None:
    async with listening(maya) as socket:
        await socket.send_json_to({"type": "ping", "at": 1})
        await socket.receive_json_from(5)
    await ask(maya.refresh_from_db)()
    assert maya.last_seen_at is not None
