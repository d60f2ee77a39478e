"""Hints go out after the commit, over kept connections; Redis being away harms nobody."""

from __future__ import annotations

import asyncio

import pytest
from channels.layers import get_channel_layer
from django.db import transaction

from helpdesk.core import realtime


async def joined(group: str) -> str:
    layer = get_channel_layer()
    channel = await layer.new_channel()
    await layer.group_add(group, channel)
    return channel


async def test_a_hint_reaches_the_group(monkeypatch):
    channel = await joined("tests.hint")
    realtime._sender.send("tests.hint", {"type": "event", "event": 7})
    heard = await asyncio.wait_for(get_channel_layer().receive(channel), 5)
    assert heard["event"] == 7


@pytest.mark.django_db
def test_nothing_is_told_of_a_change_that_was_rolled_back(monkeypatch, django_capture_on_commit_callbacks):
    told = []
    monkeypatch.setattr(realtime._sender, "send", lambda group, payload: told.append(group))
    with django_capture_on_commit_callbacks(execute=True):
        realtime.broadcast("kept", {"type": "event"})
        with pytest.raises(RuntimeError), transaction.atomic():
            realtime.broadcast("rolled-back", {"type": "event"})
            raise RuntimeError
    assert told == ["kept"]


def test_a_layer_that_fails_is_no_error(monkeypatch):
    class Broken:
        async def group_send(self, group, payload):
            raise ConnectionError

    monkeypatch.setattr(realtime, "get_channel_layer", Broken)
    realtime._sender.send("any", {"type": "event"})


@pytest.mark.parametrize(
    "origin, welcome",
    [
        (b"http://help.example", True),
        (None, True),
        (b"http://evil.example", False),
        (b"null", False),
        (b"https://help.example", False),
        (b"http://help.example:8080", False),
        (b"http://help.example.evil.example", False),
    ],
)
def test_a_socket_from_another_origin_is_refused(origin, welcome):
    headers = [(b"host", b"help.example")] + ([(b"origin", origin)] if origin else [])
    assert realtime.SameOriginOnly._welcome({"type": "websocket", "scheme": "ws", "headers": headers}) is welcome
