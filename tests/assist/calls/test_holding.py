"""Held and muted lines: what telephony systems say of them, who sees it, and how waiting counts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from assist.acd import applying
from assist.acd.base import LineState
from assist.calls import holding, risk, switchboard, watching
from assist.calls.switchboard import Opening
from assist.models import AcdConnection, CallSession, CallUpdate
from helpdesk.core import realtime
from helpdesk.core.models import User
from tickets.models import Queue

pytestmark = pytest.mark.django_db


def ago(seconds: float) -> Any:
    return timezone.now() - timedelta(seconds=seconds)


def frames(call: CallSession, kind: str = "call.line") -> list[dict[str, Any]]:
    return [row.payload for row in CallUpdate.objects.filter(session=call, payload__type=kind).order_by("n")]


@pytest.fixture
def begun(call: CallSession) -> CallSession:
    """The call has run for ten minutes."""
    CallSession.objects.filter(pk=call.pk).update(started_at=ago(600), answered_at=ago(600))
    call.refresh_from_db()
    return call


def test_held_time_adds_up_and_ends_with_the_call(begun: CallSession) -> None:
    holding.note(begun, on_hold=True, at=ago(100))
    holding.note(begun, on_hold=True, at=ago(90))  # said again: it is the same waiting
    assert holding.note(begun, on_hold=False, at=ago(60)).held_seconds == 40
    held = holding.note(begun, on_hold=True, at=ago(30))
    assert held.held_since is not None and 70 <= held.waited_seconds <= 600
    over = switchboard.end(begun)
    assert over.held_since is None and over.held_seconds >= 70
    assert [frame["on_hold"] for frame in frames(begun)] == [True, False, True]


def test_what_overtook_is_believed_and_what_comes_late_is_not(begun: CallSession) -> None:
    holding.note(begun, on_hold=False, muted=False, at=ago(10))
    assert holding.note(begun, on_hold=True, muted=True, at=ago(20)).held_since is None
    switchboard.end(begun)
    assert not holding.note(begun, muted=True).agent_muted, "a call that is over stays as it ended"


def test_the_generic_interface_says_so_too(post: Callable[..., Any], begun: CallSession, monkeypatch: pytest.MonkeyPatch) -> None:
    passing: list[Any] = []
    monkeypatch.setattr(realtime, "broadcast", lambda _group, hint: passing.append(hint.get("payload")))
    body = {"session_id": str(begun.session_id), "on_hold": True, "agent_muted": True, "levels": {"customer": 0.4}}
    answer = post("call/line", body)
    assert answer.status_code == 200 and answer.json()["on_hold"] and answer.json()["agent_muted"]
    assert {"type": "call.levels", "levels": {"customer": 0.4}} in passing
    wrong = post("call/line", {**body, "levels": {"customer": 7}, "on_hold": "perhaps"})
    assert wrong.status_code == 400 and set(wrong.json()["errors"]) == {"levels.customer", "on_hold"}
    switchboard.end(begun)
    assert post("call/line", body).status_code == 409


def test_page_and_board_show_who_waits_and_who_is_muted(begun: CallSession, as_maya: Client, priya: User) -> None:
    from tests.cast import signed_in

    holding.note(begun, on_hold=True, muted=True, at=ago(75))
    page = as_maya.get(f"/calls/{begun.session_id}/").content.decode()
    assert "You are muted" in page and "data-held" in page
    board = signed_in(priya).get("/calls/board/").content.decode()
    assert "On hold" in board and "Held for long" in board and "Muted" in board and "waited 01:1" in board
    begun.refresh_from_db()
    assert [frame.payload["type"] for frame in watching.present(begun)] == ["suggestions", "call.line"], "whoever comes later sees it too"
    assert "silent" not in {one.name for one in risk.risks_of(begun, said="", last_heard=None)}


def test_a_conference_of_twilio_is_told_apart_by_its_legs(support: Queue, begun: CallSession) -> None:
    row, _key = AcdConnection.create(provider="twilio", name="Twilio", queue=support)
    opening = Opening(call_id="CA1", provider="twilio", acd_metadata={"connection": str(row.pk)})
    call, _new = switchboard.start(opening)

    def told(leg: str, **what: Any) -> CallSession | None:
        applying.apply(row, LineState(call_id=leg, conference="CF1", at=timezone.now(), **what))
        call.refresh_from_db()
        return call

    told("CA2", muted=True)
    assert not call.agent_muted, "nobody knows yet whose conference it is"
    told("CA1")
    told("CA2", muted=True)
    assert call.agent_muted
    told("CA1", muted=True, on_hold=True)
    told("CA2", on_hold=False, muted=False)
    assert call.held_since is not None and not call.agent_muted, "a muted caller is no news, nor is an agent off hold"
