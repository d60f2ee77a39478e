"""The socket and the stream of a call: who may watch, what they are sent, and that nothing is lost."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from asgiref.sync import sync_to_async
from asgiref.testing import ApplicationCommunicator
from channels.testing import WebsocketCommunicator
from django.conf import settings
from django.db import connections
from django.test import Client
from django.utils import timezone
from redis import Redis

from assist import consumers
from assist.calls import feedback, switchboard
from assist.calls.switchboard import Spoken
from assist.models import CallSession, CallUpdate, Suggestion
from helpdesk.asgi import http
from helpdesk.core import socket_access
from helpdesk.core.models import ApiKey, Event, OneTimeToken, User
from helpdesk.sockets import sockets
from tests.cast import signed_in

pytestmark = pytest.mark.django_db(transaction=True)
ask = sync_to_async
SAID = "I am getting error 401 when trying to log in to the mobile app version 2.5"


def path_of(call: CallSession, query: str = "") -> str:
    return f"/api/realtime/ws/{call.session_id}{query}"


def socket_to(path: str, client: Client | None = None, origin: str = "http://testserver", key: str = "") -> WebsocketCommunicator:
    headers = [(b"host", b"testserver")]
    if client is not None:
        cookie = "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items())
        headers += [(b"cookie", cookie.encode()), (b"origin", origin.encode())]
    if key:
        headers.append((b"authorization", f"Bearer {key}".encode()))
    return WebsocketCommunicator(sockets, path, headers=headers)


@asynccontextmanager
async def watching(call: CallSession, person: User, query: str = "") -> AsyncIterator[WebsocketCommunicator]:
    socket = socket_to(path_of(call, query), await ask(signed_in)(person))
    connected, _ = await socket.connect()
    assert connected
    yield socket
    await socket.disconnect()


def hear(call: CallSession, text: str, at: float, speaker: str = "customer") -> switchboard.Heard:
    return switchboard.hear(call, Spoken(speaker=speaker, text=text, start_time=at, end_time=at + 1))


async def test_a_watcher_is_shown_the_present_state_and_then_what_comes(call: CallSession, maya: User, articles: Any) -> None:
    await ask(hear)(call, "Hello, this is Rosalind", 1.0, "customer")
    async with watching(call, maya) as socket:
        first = await socket.receive_json_from(5)
        assert first["type"] == "suggestions"
        assert first.keys() >= {"suggestions", "clarifying_questions", "entities", "segment_id", "processing_time_ms"}
        second = await socket.receive_json_from(5)
        assert (second["type"], second["segment"]["text"]) == ("transcript", "Hello, this is Rosalind")
        heard = await ask(hear)(call, SAID, 5.0)
        transcript = await socket.receive_json_from(5)
        assert (transcript["type"], transcript["segment"]["id"], transcript["segment"]["is_final"]) == (
            "transcript",
            heard.segment_id,
            True,
        )
        offered = await socket.receive_json_from(5)
        assert (offered["type"], offered["segment_id"]) == ("suggestions", heard.segment_id)
        assert offered["suggestions"][0]["title"] == "Error 401 when logging in to the mobile app"
        await ask(switchboard.end)(call)
        assert (await socket.receive_json_from(5))["type"] == "call.ended"


async def test_partials_are_seen_and_not_kept(call: CallSession, maya: User) -> None:
    async with watching(call, maya) as socket:
        await socket.receive_json_from(5)
        await ask(switchboard.partial)(call, Spoken(speaker="customer", text="I am get", start_time=1, external_id="u1"))
        frame = await socket.receive_json_from(5)
        assert (frame["type"], frame["segment"]["is_final"], frame["segment"]["id"], frame["n"]) == ("transcript", False, None, None)


async def test_a_returning_page_gets_exactly_what_it_missed(call: CallSession, maya: User) -> None:
    for at in range(3):
        await ask(hear)(call, f"Line {at}", float(at), "agent")
    async with watching(call, maya, "?after=1") as socket:
        missed = [await socket.receive_json_from(5), await socket.receive_json_from(5)]
        assert [frame["n"] for frame in missed] == [2, 3]
        assert await socket.receive_nothing(0.2)


async def test_a_lost_hint_is_noticed_by_its_number(call: CallSession, maya: User, monkeypatch: pytest.MonkeyPatch) -> None:
    async with watching(call, maya) as socket:
        await socket.receive_json_from(5)
        with monkeypatch.context() as deaf:
            deaf.setattr("helpdesk.core.realtime._sender.send", lambda *_: None)
            await ask(hear)(call, "Lost on the way", 1.0, "agent")
        await ask(hear)(call, "Heard", 2.0, "agent")
        frames = [await socket.receive_json_from(5), await socket.receive_json_from(5)]
        assert [(frame["n"], frame["segment"]["text"]) for frame in frames] == [(1, "Lost on the way"), (2, "Heard")]


async def test_silence_is_checked_against_the_database(call: CallSession, maya: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """Redis was restarted: no hint comes any more, and still nothing is lost."""
    monkeypatch.setattr(consumers, "BEAT", 0.1)
    monkeypatch.setattr("helpdesk.core.realtime._sender.send", lambda *_: None)
    async with watching(call, maya) as socket:
        await socket.receive_json_from(5)
        await ask(hear)(call, "Nobody was told", 1.0, "agent")
        assert (await socket.receive_json_from(5))["segment"]["text"] == "Nobody was told"


async def test_feedback_shown_and_clicked_come_from_the_page(call: CallSession, maya: User, articles: Any) -> None:
    await ask(hear)(call, SAID, 1.0)
    suggestion = await Suggestion.objects.afirst()
    assert suggestion is not None
    async with watching(call, maya, "?after=99") as socket:
        await socket.receive_json_from(5)
        await socket.receive_json_from(5)
        await socket.send_json_to({"type": "shown", "suggestion_ids": [suggestion.pk]})
        await socket.send_json_to({"type": "clicked", "suggestion_id": suggestion.pk})
        await socket.send_json_to({"type": "feedback", "suggestion_id": suggestion.pk, "feedback": "helpful"})
        frame = await socket.receive_json_from(5)
        assert (frame["type"], frame["feedback"]) == ("feedback", "helpful")
        await socket.send_json_to({"type": "ping"})
        assert (await socket.receive_json_from(5))["type"] == "pong"
    await suggestion.arefresh_from_db()
    assert (suggestion.shown_to_agent, suggestion.agent_clicked, suggestion.agent_feedback) == (True, True, "helpful")
    kinds = {event.kind async for event in Event.objects.filter(subject_type="suggestion")}
    assert kinds == {"suggestion.rated", "suggestion.used"}


@pytest.mark.parametrize(
    "frame",
    [
        "no json",
        "[]",
        '"feedback"',
        '{"type": 7}',
        '{"type": "join", "group": "calls.board"}',
        '{"type": "feedback"}',
        '{"type": "feedback", "suggestion_id": 999999, "feedback": "helpful"}',
        '{"type": "feedback", "suggestion_id": true, "feedback": "helpful"}',
        '{"type": "clicked", "suggestion_id": "1 OR 1=1"}',
        "[" * 3000,
    ],
)
async def test_nonsense_is_answered_with_an_error(call: CallSession, maya: User, frame: str) -> None:
    async with watching(call, maya) as socket:
        await socket.receive_json_from(5)
        await socket.send_to(text_data=frame)
        answer = await socket.receive_json_from(5)
        assert (answer["type"], bool(answer["detail"])) == ("error", True)


async def test_huge_frames_and_floods_shut_the_socket(call: CallSession, maya: User) -> None:
    for what, code in (([json.dumps({"type": "ping", "at": "x" * 2**21})], 1009), (['{"type": "ping"}'] * 25, consumers.TOO_FAST)):
        socket = socket_to(path_of(call), await ask(signed_in)(maya))
        await socket.connect()
        for frame in what:
            await socket.send_to(text_data=frame)
        output = await socket.receive_output(5)
        while output["type"] != "websocket.close":
            output = await socket.receive_output(5)
        assert output["code"] == code
        await socket.disconnect()


async def test_strangers_do_not_get_in(call: CallSession, tomasz: User, maya: User) -> None:
    another_team, nobody = await ask(signed_in)(tomasz), Client()
    ours = await ask(signed_in)(maya)
    unknown = f"/api/realtime/ws/{uuid4()}"
    for socket in (
        socket_to(path_of(call), another_team),
        socket_to(path_of(call), nobody),
        socket_to(path_of(call)),
        socket_to(path_of(call), key="hd_nothing"),
        socket_to(path_of(call), ours, origin="https://evil.example"),
        socket_to(path_of(call), ours, origin="null"),
        socket_to(unknown, ours),
        socket_to(path_of(call, "?ticket=guessed"), ours),
    ):
        connected, _ = await socket.connect()
        assert not connected


async def test_a_key_watches_with_its_scope_and_reads_only(call: CallSession, articles: Any) -> None:
    await ask(hear)(call, SAID, 1.0)
    reader = (await ask(ApiKey.issue)("Reader", scopes=["calls:read"]))[1]
    other = (await ask(ApiKey.issue)("Other", scopes=["tickets:read"]))[1]
    refused, _ = await socket_to(path_of(call), key=other).connect()
    assert not refused
    socket = socket_to(path_of(call), key=reader)
    assert (await socket.connect())[0]
    suggestions = (await socket.receive_json_from(5))["suggestions"]
    await socket.receive_json_from(5)
    await socket.send_json_to({"type": "feedback", "suggestion_id": suggestions[0]["id"], "feedback": "helpful"})
    assert (await socket.receive_json_from(5))["type"] == "error"
    await socket.disconnect()


async def test_a_ticket_opens_one_call_once_within_a_minute(call: CallSession, maya: User, support: Any) -> None:
    client = await ask(signed_in)(maya)
    response = await ask(client.post)("/api/v1/socket-tickets", {"session_id": str(call.session_id)}, content_type="application/json")
    assert (response.status_code, response.json()["expires_in"]) == (201, 60)
    secret = response.json()["ticket"]
    other, _ = await ask(switchboard.start)(switchboard.Opening(call_id="other"))
    assert not (await socket_to(path_of(other, f"?ticket={secret}")).connect())[0]
    socket = socket_to(path_of(call, f"?ticket={secret}"))
    assert (await socket.connect())[0]
    await socket.disconnect()
    assert not (await socket_to(path_of(call, f"?ticket={secret}")).connect())[0]
    late = await ask(socket_access.issue_ticket)(maya, bound_to=f"call:{call.session_id}")
    await OneTimeToken.objects.aupdate(expires_at=timezone.now() - timedelta(seconds=1))
    assert not (await socket_to(path_of(call, f"?ticket={late}")).connect())[0]


async def test_an_agent_has_thirty_places_and_a_partner_more(call: CallSession, maya: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket_access, "MOST_OF_AGENT", 1)
    client = await ask(signed_in)(maya)
    first, second = socket_to(path_of(call), client), socket_to(path_of(call), client)
    await first.connect()
    await second.connect()
    assert (await second.receive_output(5))["code"] == consumers.TOO_MANY
    await second.disconnect()
    await first.disconnect()
    assert not socket_access.places._taken


async def test_rights_that_end_shut_the_socket(call: CallSession, maya: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consumers, "BEAT", 0.1)
    async with watching(call, maya) as socket:
        await socket.receive_json_from(5)
        await User.objects.filter(pk=maya.pk).aupdate(is_active=False)
        assert (await socket.receive_output(5))["code"] == consumers.SIGNED_OUT


# -- the stream ------------------------------------------------------------------------------------------------


class Stream(ApplicationCommunicator):
    """A stream of events, read one at a time."""

    def __init__(self, call: CallSession, client: Client, **headers: str) -> None:
        cookie = "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items())
        known = {"host": "testserver", "cookie": cookie, **{name.replace("_", "-"): value for name, value in headers.items()}}
        scope = {
            "type": "http", "http_version": "1.1", "method": "GET", "path": f"/api/realtime/stream/{call.session_id}", "query_string": b"",
            "headers": [(name.encode(), value.encode()) for name, value in known.items()], "server": ("testserver", 80), "scheme": "http",
        }  # fmt: skip
        super().__init__(http, scope)
        self.text = ""

    async def open(self) -> int:
        await self.send_input({"type": "http.request", "body": b"", "more_body": False})
        start = await self.receive_output(5)
        self.headers = dict(start["headers"])
        return int(start["status"])

    async def event(self) -> dict[str, Any]:
        while True:
            block, found, rest = self.text.partition("\n\n")
            if not found:
                self.text += (await self.receive_output(5))["body"].decode()
                continue
            self.text = rest
            fields = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
            if "event" in fields:
                return {"event": fields["event"], "id": int(fields["id"]) if "id" in fields else None, "data": json.loads(fields["data"])}

    async def shut(self) -> None:
        await self.send_input({"type": "http.disconnect"})
        await self.wait(5)


async def test_the_stream_sends_the_same_frames_and_resumes(call: CallSession, maya: User) -> None:
    client = await ask(signed_in)(maya)
    await ask(hear)(call, "First", 1.0, "agent")
    stream = Stream(call, client)
    assert await stream.open() == 200
    assert stream.headers[b"Content-Type"] == b"text/event-stream"
    assert (await stream.event())["event"] == "suggestions"
    assert (await stream.event())["id"] == 1
    await ask(hear)(call, "Second", 2.0, "agent")
    second = await stream.event()
    assert (second["event"], second["id"], second["data"]["segment"]["text"]) == ("transcript", 2, "Second")
    await stream.shut()
    await ask(hear)(call, "Third", 3.0, "agent")
    resumed = Stream(call, client, last_event_id="2")
    await resumed.open()
    assert (await resumed.event())["data"]["segment"]["text"] == "Third"
    await resumed.shut()


async def test_an_idle_stream_holds_no_connection(call: CallSession, maya: User) -> None:
    pool = connections["default"].pool
    streams = [Stream(call, await ask(signed_in)(maya)) for _ in range(12)]  # more than the pool has connections
    for stream in streams:
        await stream.open()
        await stream.event()
    await asyncio.sleep(0.2)
    stats = pool.get_stats() if pool else {"pool_available": 1, "pool_size": 1}
    await ask(hear)(call, "Everyone hears it", 1.0, "agent")
    for stream in streams:
        assert (await stream.event())["data"]["segment"]["text"] == "Everyone hears it"
        await stream.shut()
    assert stats["pool_size"] - stats["pool_available"] <= 3  # the test's own
    assert not socket_access.places._taken


async def test_the_stream_is_as_shut_as_the_socket(call: CallSession, tomasz: User, maya: User) -> None:
    assert await Stream(call, await ask(signed_in)(tomasz)).open() == 404
    assert await Stream(call, Client()).open() == 401
    assert await Stream(call, await ask(signed_in)(maya), origin="https://evil.example").open() == 403


async def test_numbers_go_on_after_everything_in_redis_is_gone(call: CallSession, maya: User) -> None:
    await ask(hear)(call, "Before", 1.0, "agent")
    Redis.from_url(settings.CHANNEL_LAYERS["default"]["CONFIG"]["hosts"][0]["address"]).flushall()
    await ask(hear)(call, "After", 2.0, "agent")
    assert [n async for n in CallUpdate.objects.order_by("n").values_list("n", flat=True)] == [1, 2]
    async with watching(call, maya, "?after=1") as socket:
        assert (await socket.receive_json_from(5))["segment"]["text"] == "After"


def test_a_card_that_was_called_irrelevant_leaves_and_stays_away(call: CallSession, maya: User, articles: Any) -> None:
    hear(call, SAID, 1.0)
    card = Suggestion.objects.order_by("position").first()
    assert card is not None
    feedback.rate(call, card.pk, "irrelevant", by=maya)
    hear(call, "It says error 401 every time I log in to the mobile app", 5.0)
    card.refresh_from_db()
    assert card.retired_at is not None
