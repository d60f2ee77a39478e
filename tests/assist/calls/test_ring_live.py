"""The console's one socket carries a ring to every page of the agent it rings for, and of those who oversee."""

from __future__ import annotations

import pytest
from asgiref.sync import sync_to_async

from assist.calls import stamps, switchboard
from assist.calls.switchboard import Opening
from helpdesk.core.models import User
from tests.tickets.test_live import listening
from tickets.models import Queue

pytestmark = pytest.mark.django_db(transaction=True)

ask = sync_to_async


async def test_a_ring_reaches_its_agent_on_any_page_and_nobody_elses(maya: User, tomasz: User, support: Queue) -> None:
    async with listening(maya, view="") as hers, listening(tomasz, view="") as his:
        await ask(switchboard.ring)(Opening(call_id="r-1", agent_id=maya.email, queue="support"))
        (op,) = (await hers.receive_json_from(5))["ops"]
        assert op["op"] == "refresh" and "ring-slot" in op["ids"]
        assert await his.receive_nothing(0.5)


async def test_who_oversees_hears_of_every_call_and_a_whisper_only_of_its_agent(maya: User, priya: User, support: Queue) -> None:
    async with listening(priya, view="") as board, listening(maya, view="") as hers:
        call, _ = await ask(switchboard.start)(Opening(call_id="r-2", agent_id=maya.email, queue="support"))
        assert "call-board" in (await board.receive_json_from(5))["ops"][0]["ids"]
        await hers.receive_json_from(5)
        await ask(stamps.whisper)(call, by=priya, text="Offer a refund")
        frame = await hers.receive_json_from(5)
        assert frame["ops"] == [{"op": "refresh", "ids": ["whispers"]}], "the words come with the page's own request"
        heard = []
        while not await board.receive_nothing(0.5):  # the call itself may be told of more than once
            heard += (await board.receive_json_from())["ops"]
        assert not [op for op in heard if "whispers" in op["ids"]]
