"""Genesys Cloud by its notification channel: words arrive without anybody reaching us from outside, and a broken line heals."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.utils import timezone

from assist.acd import genesys_api, genesys_channel, listening
from assist.acd.base import Account, LineDown
from assist.models import AcdConnection, CallSession, TranscriptionSegment
from helpdesk.core.clock import iso_exact
from helpdesk.core.http import AddressRefused
from tests.assist.acd.genesys_cloud import GenesysCloud
from tickets.models import Queue

CALL = "5f3a1c9e-1111-4222-8333-944455556666"
QUEUE = "v2.routing.queues.q-1.conversations.calls"
WORDS = f"v2.conversations.{CALL}.transcription"
SETTINGS = {"region": "mypurecloud.de", "client_id": "client", "queues": ["q-1"]}
SECRETS = {"client_secret": "sesame"}


@pytest.fixture
def cloud(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[GenesysCloud]:
    settings.OUTBOUND_ALLOW = ["127.0.0.0/8"]
    made = GenesysCloud()
    monkeypatch.setattr(genesys_api, "login_of", lambda _region: made.address)
    monkeypatch.setattr(genesys_api, "api_of", lambda _region: made.address)
    monkeypatch.setattr(listening, "pause_before", lambda _attempt: 0.01)
    yield made
    made.close()


@pytest.fixture
def line(cloud: GenesysCloud) -> Iterator[genesys_channel.Channel]:
    made = genesys_channel.line_of(Account(settings=SETTINGS, secrets=SECRETS))
    assert isinstance(made, genesys_channel.Channel)
    yield made
    made.close()


@pytest.fixture
def connected(support: Queue) -> AcdConnection:
    row, _key = AcdConnection.create(provider="genesys", name="Genesys", queue=support, settings=SETTINGS)
    row.keep_secrets(**SECRETS)
    row.save()
    return row


@pytest.fixture
def running(cloud: GenesysCloud, transactional_db: None, connected: AcdConnection) -> Iterator[None]:
    stop = threading.Event()
    keeper = threading.Thread(target=listening.run, args=(stop, 0.05))
    keeper.start()
    yield
    stop.set()
    keeper.join(timeout=60)
    assert not keeper.is_alive()


def participants(*, customer: str = "connected", agent: str = "connected") -> dict[str, Any]:
    now = iso_exact(timezone.now())
    caller = {
        "id": "p-1",
        "purpose": "customer",
        "state": customer,
        "address": "tel:+31852550117",
        "direction": "inbound",
        "connectedTime": now,
    }
    clerk = {"id": "p-2", "purpose": "agent", "state": agent, "user": {"id": "u-1", "email": "maya@desk.example"}, "connectedTime": now}
    return {"id": CALL, "participants": [caller, clerk]}


def words(text: str, identity: str = "u-1") -> dict[str, Any]:
    best = {"confidence": 0.9, "offsetMs": 1200, "durationMs": 900, "transcript": text}
    one = {"utteranceId": identity, "isFinal": True, "channel": "EXTERNAL", "alternatives": [best]}
    return {"conversationId": CALL, "eventTime": iso_exact(timezone.now()), "transcripts": [one]}


def eventually(true: Callable[[], Any], seconds: float = 60) -> Any:
    """What other threads do to the database shows a little later; how much later is no promise of ours."""
    until = time.monotonic() + seconds
    while not (found := true()) and time.monotonic() < until:
        time.sleep(0.02)
    assert found
    return found


def said() -> list[str]:
    return list(TranscriptionSegment.objects.order_by("start_time", "id").values_list("text", flat=True))


def read(line: genesys_channel.Channel) -> dict[str, Any]:
    """The next event that the line brings."""
    return eventually(lambda: (found := line.read(1)) and found.payload())


# ---- the whole way ----


def test_a_call_of_a_queue_is_heard_word_by_word(cloud: GenesysCloud, running: None, connected: AcdConnection) -> None:
    channel = cloud.wait_for(lambda: cloud.listened(QUEUE))
    cloud.send(channel, QUEUE, participants())
    cloud.wait_for(lambda: cloud.listened(WORDS))
    cloud.send(channel, WORDS, words("my drivers vanish from the map"))
    eventually(lambda: said() == ["my drivers vanish from the map"])
    session = CallSession.objects.get()
    assert (session.call_id, session.provider, session.phone, session.status) == (CALL, "genesys", "+31852550117", "active")
    connected.refresh_from_db()
    assert connected.listening == AcdConnection.Listening.LISTENING
    assert connected.is_listening
    cloud.send(channel, QUEUE, participants(customer="disconnected"))
    eventually(lambda: CallSession.objects.get().status == "completed")


def test_a_cut_line_is_opened_again_and_the_running_call_goes_on(cloud: GenesysCloud, running: None) -> None:
    channel = cloud.wait_for(lambda: cloud.listened(QUEUE))
    cloud.send(channel, QUEUE, participants())
    cloud.wait_for(lambda: cloud.listened(WORDS))
    cloud.send(channel, WORDS, words("before"))
    eventually(lambda: said() == ["before"])
    cloud.drop(channel)
    second = cloud.wait_for(lambda: (found := cloud.listened(WORDS)) != channel and found)
    cloud.send(second, WORDS, words("before"))  # what was sent twice is kept once
    cloud.send(second, WORDS, words("after", "u-2"))
    eventually(lambda: len(said()) == 2)
    assert sorted(said()) == ["after", "before"]


def test_a_call_that_ended_while_the_line_was_down_ends_here_too(cloud: GenesysCloud, running: None) -> None:
    channel = cloud.wait_for(lambda: cloud.listened(QUEUE))
    cloud.send(channel, QUEUE, participants())
    eventually(lambda: CallSession.objects.filter(status="active").exists())
    cloud.calls[CALL] = participants(customer="disconnected", agent="disconnected")
    cloud.drop(channel)
    eventually(lambda: CallSession.objects.get().status == "completed")


def test_what_is_wrong_stands_on_the_settings_page_and_new_settings_are_taken_up(
    cloud: GenesysCloud, transactional_db: None, connected: AcdConnection
) -> None:
    cloud.refuse.append(("/oauth/token", 400, {}))
    stop = threading.Event()
    keeper = threading.Thread(target=listening.run, args=(stop, 0.05))
    keeper.start()
    try:
        eventually(lambda: AcdConnection.objects.filter(listening="waiting", listening_error__contains="OAuth client").exists())
        AcdConnection.objects.update(settings={**SETTINGS, "queues": ["q-2"]})
        cloud.wait_for(lambda: cloud.listened("v2.routing.queues.q-2.conversations.calls"))
        AcdConnection.objects.update(is_active=False)
        eventually(lambda: not cloud.sockets)
        eventually(lambda: AcdConnection.objects.get().listening == AcdConnection.Listening.NOT)
    finally:
        stop.set()
        keeper.join(timeout=60)


def test_a_line_is_held_by_one_process_and_free_when_that_has_died(db: None, connected: AcdConnection) -> None:
    assert connected.claim_line(listening.CLAIM)
    assert not connected.claim_line(listening.CLAIM)
    AcdConnection.objects.update(listening_since=timezone.now() - 2 * listening.CLAIM)
    assert connected.claim_line(listening.CLAIM)


# ---- the line alone ----


def test_without_a_region_a_client_or_a_queue_there_is_no_line() -> None:
    assert genesys_channel.line_of(Account()) is None
    for name in SETTINGS:
        assert genesys_channel.line_of(Account(settings={**SETTINGS, name: ""}, secrets=SECRETS)) is None
    assert genesys_channel.line_of(Account(settings=SETTINGS)) is None


def test_a_token_that_ran_out_is_replaced(cloud: GenesysCloud, line: genesys_channel.Channel) -> None:
    line.open([])
    cloud.tokens += 1  # ours is not the newest any more: 401
    line.open([])
    cloud.wait_for(lambda: cloud.listened(QUEUE) == "streaming-1")


def test_a_client_that_is_not_known_is_told_so_and_asked_again_much_later(cloud: GenesysCloud, line: genesys_channel.Channel) -> None:
    cloud.refuse.append(("/oauth/token", 401, {}))
    with pytest.raises(LineDown, match="does not know this OAuth client") as down:
        line.open([])
    assert down.value.wait >= 60


def test_too_many_requests_say_how_long_to_wait(cloud: GenesysCloud, line: genesys_channel.Channel) -> None:
    cloud.refuse.append(("/channels", 429, {"Retry-After": "7"}))
    with pytest.raises(LineDown) as down:
        line.open([])
    assert down.value.wait == 7


def test_too_many_requests_for_a_call_do_not_cost_the_line(cloud: GenesysCloud, line: genesys_channel.Channel) -> None:
    line.open([])
    cloud.wait_for(lambda: cloud.listened(QUEUE))
    cloud.refuse.append(("/subscriptions", 429, {"Retry-After": "200"}))
    cloud.send("streaming-0", QUEUE, participants())
    assert read(line)["eventBody"]["id"] == CALL
    for _ in range(2):  # refused, and left alone
        assert line.read(0) is None
    assert not cloud.listened(WORDS)
    line._leave_alone_until = 0.0
    assert line.read(0) is None
    assert cloud.listened(WORDS) == "streaming-0"


def test_heartbeats_are_no_events_and_silence_is_asked_after_and_then_given_up(cloud: GenesysCloud, line: genesys_channel.Channel) -> None:
    line.open([])
    cloud.wait_for(lambda: cloud.listened(QUEUE))
    opened = line._heard_at
    cloud.send("streaming-0", "channel.metadata", {"message": "WebSocket Heartbeat"})
    eventually(lambda: line.read(0.05) is None and line._heard_at > opened)
    line._heard_at -= genesys_channel.SILENCE + 1
    assert line.read(0) is None
    cloud.wait_for(lambda: [json.loads(text) for _channel, text in cloud.heard] == [{"message": "ping"}])
    eventually(lambda: line.read(0.05) is None and not line._pinged)  # the answer is a sign of life
    line._heard_at -= genesys_channel.SILENCE + genesys_channel.PATIENCE + 1
    with pytest.raises(LineDown, match="silent"):
        line.read(0)


@pytest.mark.parametrize("told", [True, False])
def test_a_channel_is_renewed_before_it_ends_and_nothing_is_lost_between_the_two(
    cloud: GenesysCloud, line: genesys_channel.Channel, told: bool
) -> None:
    line.open([CALL])
    cloud.wait_for(lambda: cloud.listened(WORDS))
    if told:  # it is closed for maintenance
        cloud.send("streaming-0", genesys_channel.CLOSING, {"message": "closing"})
        eventually(lambda: line.read(0.05) is None and line._opened_at == float("-inf"))
    else:
        line._opened_at -= genesys_channel.LIFE + 1
    cloud.send("streaming-0", WORDS, words("on the old one"))
    first = read(line)
    cloud.wait_for(lambda: cloud.listened(WORDS) == "streaming-1")
    assert first["eventBody"]["transcripts"][0]["alternatives"][0]["transcript"] == "on the old one"
    cloud.send("streaming-1", WORDS, words("on the new one", "u-2"))
    assert read(line)["eventBody"]["transcripts"][0]["alternatives"][0]["transcript"] == "on the new one"


def test_a_channel_address_inside_our_network_is_not_followed(cloud: GenesysCloud, line: genesys_channel.Channel, settings: Any) -> None:
    settings.OUTBOUND_ALLOW = []
    with pytest.raises(AddressRefused):
        line.open([])
    assert cloud.requests == []
