"""The console's socket: who hears what, what is replayed, and when it is shut."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator
from django.test import Client
from django.utils import timezone

from customers.models import Customer
from helpdesk.core import realtime, socket_access
from helpdesk.core.models import Event, User
from helpdesk.sockets import sockets
from tests.cast import make_category
from tests.conftest import receive, signed_in
from tickets import consumers, delivery, live, replying
from tickets.models import Delivery, Queue, Ticket

pytestmark = pytest.mark.django_db(transaction=True)

ask = sync_to_async


def socket_of(client: Client, origin: str = "http://testserver") -> WebsocketCommunicator:
    cookie = "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items())
    headers = [(b"origin", origin.encode()), (b"host", b"testserver"), (b"cookie", cookie.encode())]
    return WebsocketCommunicator(sockets, "/ws/", headers=headers)


@asynccontextmanager
async def listening(person: User, **page: Any) -> AsyncIterator[WebsocketCommunicator]:
    socket = socket_of(await ask(signed_in)(person))
    await socket.connect()
    await socket.send_json_to({"type": "hello", "n": 0, "view": "all", "sort": "sla", "ticket": "", **page})
    await socket.receive_json_from(5)
    yield socket
    await socket.disconnect()


async def closed(socket: WebsocketCommunicator) -> int:
    """The code with which the server shut the socket; waits until it has put everything away."""
    code = (await socket.receive_output(5))["code"]
    await socket.disconnect()
    return code


def ops(frame: dict[str, Any], op: str) -> list[dict[str, Any]]:
    return [one for one in frame["ops"] if one["op"] == op]


async def test_a_new_ticket_appears_without_reload(maya: User, ingrid: Customer) -> None:
    async with listening(maya) as socket:
        message = await ask(receive)(ingrid, "Live", "Now")
        frame = await socket.receive_json_from(5)
    (row,) = ops(frame, "row")
    assert row["id"] == f"t-{message.ticket.number}"
    assert "Live" in row["html"]
    assert {"op": "number", "id": "count-all", "text": "1", "tone": ""} in frame["ops"]


async def test_other_teams_tickets_are_not_told(tomasz: User, ingrid: Customer, support: Queue) -> None:
    async with listening(tomasz) as socket:
        await ask(receive)(ingrid, "Not his", "Now")
        assert await socket.receive_nothing(0.6)


async def test_nobody_joins_a_ticket_that_they_may_not_see(tomasz: User, ticket: Ticket, maya: User) -> None:
    async with listening(tomasz, ticket=ticket.number) as socket:
        await socket.send_json_to({"type": "page", "view": "team-support", "ticket": ticket.number})
        await socket.send_json_to({"type": "join", "group": f"ticket.{ticket.pk}"})
        assert await socket.receive_json_from(5) == {"error": "unknown"}
        await ask(replying.note)(ticket=ticket, by=maya, text="Secret")
        assert await socket.receive_nothing(0.6)


async def test_the_open_ticket_shows_what_is_said_and_done(maya: User, priya: User, ticket: Ticket) -> None:
    async with listening(maya, ticket=ticket.number) as socket:
        message = await ask(replying.reply)(ticket=ticket, by=priya, text="Hello there", status="pending")
        frame = await socket.receive_json_from(5)
    items = {op["id"]: op for op in ops(frame, "item")}
    assert "Hello there" in items[f"m-{message.pk}"]["html"]
    assert items[f"m-{message.pk}"]["name"] == "Priya Raman"
    assert "Waiting on customer" in next(op["html"] for op in ops(frame, "replace") if op["id"] == "ticket-head")
    assert any("set the status" in op["html"] for op in items.values())


async def test_a_ticket_that_leaves_the_view_leaves_the_list(maya: User, ticket: Ticket) -> None:
    async with listening(maya) as socket:
        await ask(ticket.resolve)(by=maya)
        frame = await socket.receive_json_from(5)
    assert ops(frame, "remove") == [{"op": "remove", "id": f"t-{ticket.number}"}]


async def test_after_a_break_what_was_missed_is_sent(maya: User, ingrid: Customer, tomasz: User) -> None:
    first = await ask(receive)(ingrid, "First", "One")
    n = (await ask(lambda: Event.objects.latest("id"))()).pk
    second = await ask(receive)(ingrid, "Second", "Two")
    for person, seen in ((maya, {first.ticket.number, second.ticket.number}), (tomasz, set())):
        socket = socket_of(await ask(signed_in)(person))
        await socket.connect()
        await socket.send_json_to({"type": "hello", "n": n, "view": "all", "sort": "sla", "ticket": ""})
        frame = await socket.receive_json_from(5)
        assert {op["id"].removeprefix("t-") for op in ops(frame, "row")} == seen  # the first is in the overlap
        await socket.disconnect()


async def test_too_much_missed_means_reading_anew(maya: User, ingrid: Customer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "MOST_REPLAYED", 1)
    for i in range(3):
        await ask(receive)(ingrid, f"Nr {i}")
    socket = socket_of(await ask(signed_in)(maya))
    await socket.connect()
    await socket.send_json_to({"type": "hello", "n": 1, "view": "all"})
    assert await socket.receive_json_from(5) == {"reload": True}
    await socket.disconnect()


async def test_colleagues_see_who_is_writing(maya: User, priya: User, ticket: Ticket) -> None:
    async with listening(maya, ticket=ticket.number) as reader, listening(priya, ticket=ticket.number) as writer:
        await writer.send_json_to({"type": "typing", "kind": "note"})
        (op,) = (await reader.receive_json_from(5))["ops"]
        assert op["op"] == "presence"
        assert "Priya Raman" in op["html"]
        assert "is writing an internal note" in op["html"]
        assert await writer.receive_nothing(0.3)


@pytest.mark.parametrize("origin", ["http://evil.test", "null", "https://testserver", "http://testserver:81"])
async def test_a_foreign_page_cannot_open_the_socket(maya: User, origin: str) -> None:
    socket = socket_of(await ask(signed_in)(maya), origin)
    connected, _code = await socket.connect()
    assert not connected
    await socket.wait()


async def test_without_sign_in_the_socket_is_shut(db: None) -> None:
    socket = socket_of(Client())
    await socket.connect()
    assert await closed(socket) == consumers.SIGNED_OUT


@pytest.mark.parametrize("change", [{"is_active": False}, {"role": "lead"}, "sign out", "new password"])
async def test_rights_are_looked_at_again(maya: User, change: Any, monkeypatch: pytest.MonkeyPatch, support: Queue) -> None:
    monkeypatch.setattr(consumers, "CHECK_EVERY", 0.2)
    client = await ask(signed_in)(maya)
    socket = socket_of(client)
    await socket.connect()
    if change == "sign out":
        await ask(client.logout)()
    elif change == "new password":
        await ask(maya.set_password)("another good one")
        await ask(maya.save)()
    else:
        await ask(lambda: User.objects.filter(pk=maya.pk).update(**change))()
    assert await closed(socket) == consumers.SIGNED_OUT


async def test_signing_out_shuts_that_sessions_sockets_at_once_and_no_others(maya: User, support: Queue) -> None:
    here, elsewhere = await ask(signed_in)(maya), await ask(signed_in)(maya)
    first, second, other = socket_of(here), socket_of(here), socket_of(elsewhere)
    for socket in (first, second, other):
        await socket.connect()
    await ask(here.post)("/accounts/logout/")
    assert [await closed(first), await closed(second)] == [consumers.SIGNED_OUT] * 2  # long before the next look at rights
    assert await other.receive_nothing(0.3)
    await other.disconnect()


async def test_a_mail_that_must_wait_says_why_on_open_pages(maya: User, ticket: Ticket, settings: Any) -> None:
    settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = "django.core.mail.backends.smtp.EmailBackend", "127.0.0.1", 1
    message = await ask(replying.reply)(ticket=ticket, by=maya, text="Soon")
    async with listening(maya, ticket=ticket.number) as socket:
        await ask(lambda: Delivery.objects.update(due_at=timezone.now()))()
        await ask(delivery.send_message)(message.pk)
        frame = await socket.receive_json_from(5)
    (item,) = [op for op in ops(frame, "item") if op["id"] == f"m-{message.pk}"]
    assert "send-error" in item["html"]


async def test_what_assist_did_comes_in_its_own_colour_with_its_reason(maya: User, ticket: Ticket) -> None:
    category = await ask(make_category)("billing")
    async with listening(maya, ticket=ticket.number) as socket:
        await ask(ticket.set_category)(category, by=None, reason="97% sure")
        frame = await socket.receive_json_from(5)
    (item,) = ops(frame, "item")
    assert "data-ai" in item["html"] and 'title="97% sure"' in item["html"]
    assert f"set the category to {category.name}, 97% sure" in item["html"]


async def test_frames_are_bounded(maya: User, support: Queue) -> None:
    big, quick = socket_of(await ask(signed_in)(maya)), socket_of(await ask(signed_in)(maya))
    await big.connect()
    await big.send_to(text_data="x" * (consumers.LONGEST_FRAME + 1))
    assert await closed(big) == consumers.TOO_BIG
    await quick.connect()
    for _frame in range(consumers.MOST_FRAMES + 1):
        await quick.send_to(text_data="{")
    codes = [(await quick.receive_output(5)).get("code") for _frame in range(consumers.MOST_FRAMES + 1)]
    assert codes[-1] == consumers.TOO_FAST
    await quick.disconnect()


@pytest.mark.parametrize(
    "frame",
    [
        "",
        "{",
        "[]",
        "1",
        '{"type": 7}',
        '{"type": []}',
        '{"type": "hello", "n": "x", "view": {}, "ticket": []}',
        '{"type": "page", "ticket": "\\u0000"}',
    ],
)
async def test_nonsense_closes_nothing_but_itself(maya: User, frame: str, support: Queue) -> None:
    async with listening(maya) as socket:
        if frame:
            await socket.send_to(text_data=frame)
        await socket.send_json_to({"type": "ping", "at": 5})
        frames = [await socket.receive_json_from(5)]
        while "pong" not in frames[-1]:
            frames.append(await socket.receive_json_from(5))
        assert frames[-1] == {"pong": 5}


async def test_one_agent_has_a_bounded_number_of_sockets(maya: User, monkeypatch: pytest.MonkeyPatch, support: Queue) -> None:
    monkeypatch.setattr(socket_access, "MOST_OF_AGENT", 1)
    client = await ask(signed_in)(maya)
    first, second = socket_of(client), socket_of(client)
    await first.connect()
    await asyncio.sleep(0.1)
    await second.connect()
    assert await closed(second) == consumers.TOO_MANY
    await first.disconnect()
    third = socket_of(client)
    await third.connect()
    assert await third.receive_nothing(0.2)
    await third.disconnect()


async def test_a_draft_on_its_way_reaches_those_who_look_at_the_ticket(maya: User, tomasz: User, ticket: Ticket) -> None:
    async with listening(maya, ticket=ticket.number) as socket, listening(tomasz, ticket=ticket.number) as other:
        hint = {"ticket": str(ticket.pk), "draft": "d1"}
        realtime.tell_now(f"ticket.{ticket.pk}", {"type": "draft.delta", "text": "Hello", **hint})
        realtime.tell_now(f"ticket.{ticket.pk}", {"type": "draft.done", **hint})
        assert (await socket.receive_json_from(5))["ops"] == [{"op": "draft", "draft": "d1", "text": "Hello"}]
        assert (await socket.receive_json_from(5))["ops"] == [{"op": "drafted", "draft": "d1"}]
        await other.send_json_to({"type": "ping", "at": 1})
        assert await other.receive_json_from(5) == {"pong": 1}  # and nothing before it
