"""Frames that overtake each other on their way to a watcher, and two writers of one call that wait for each other."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import OperationalError
from psycopg.errors import DeadlockDetected

from assist.calls import switchboard, transcript, watching
from assist.calls.switchboard import Opening, Spoken
from assist.calls.watching import Place
from assist.models import CallSession

pytestmark = pytest.mark.django_db


def hint(n: int | None) -> dict[str, Any]:
    return {"n": n, "payload": {"is": n}}


def numbers(frames: Any) -> list[int | None] | None:
    return None if frames is None else [frame.n for frame in frames]


@pytest.fixture
def spoken(call: CallSession) -> CallSession:
    for second in range(3):
        switchboard.hear(call, Spoken(speaker="agent", text=f"Sentence {second}", start_time=second))
    return call


def test_a_frame_that_overtook_another_waits_for_it(maya: Any, spoken: CallSession) -> None:
    place = Place(maya, spoken.session_id, seen=1)
    assert numbers(place.pass_on(hint(3))) == [] and place.waits
    assert numbers(place.pass_on(hint(None))) == [None], "what has no number passes"
    assert numbers(place.pass_on(hint(2))) == [2, 3] and not place.waits
    assert numbers(place.pass_on(hint(2))) == []


def test_one_that_does_not_come_is_read_and_what_came_early_follows_once(maya: Any, spoken: CallSession) -> None:
    place = Place(maya, spoken.session_id, seen=1)
    place.pass_on(hint(3))
    place.pass_on(hint(4))  # told before it is committed where we read
    assert numbers(place.catch_up()) == [2, 3, 4] and not place.waits and place.seen == 4


def test_too_many_early_ones_are_not_kept(maya: Any, spoken: CallSession, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "MOST_EARLY", 1)
    place = Place(maya, spoken.session_id, seen=1)
    assert numbers(place.pass_on(hint(3))) == []
    assert place.pass_on(hint(4)) is None


def test_words_that_lost_to_another_writer_are_written_again(call: CallSession, monkeypatch: pytest.MonkeyPatch) -> None:
    run, tried = transcript.connection.cursor, []

    class Unlucky:
        in_atomic_block = False

        def cursor(self) -> Any:
            tried.append(True)
            if len(tried) < transcript.TRIES:
                raise OperationalError("deadlock detected") from DeadlockDetected()
            return run()

    monkeypatch.setattr(transcript, "connection", Unlucky())
    assert switchboard.hear(call, Spoken(speaker="agent", text="Hello", start_time=1.0)).status == "stored"
    tried.clear()
    monkeypatch.setattr(transcript, "TRIES", 9)
    with pytest.raises(OperationalError):
        switchboard.hear(call, Spoken(speaker="agent", text="Hello again", start_time=2.0))


def test_a_key_that_sends_words_is_asked_once_for_the_call(
    api: Any, call: CallSession, post: Any, django_assert_num_queries: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = {"session_id": str(call.session_id), "speaker": "agent", "text": "Hello"}
    post("transcription", {**body, "start_time": 1})
    with django_assert_num_queries(2):  # the key's, which a running stack trusts for a second, and the words'
        assert post("transcription", {**body, "start_time": 2}).json()["status"] == "stored"
    switchboard.end(call)
    assert post("transcription", {**body, "start_time": 3}).status_code == 409


def test_the_newest_agent_counts_though_the_call_is_known(call: CallSession, tomasz: Any) -> None:
    old = CallSession.objects.get(pk=call.pk)
    switchboard.identify(call, Opening(call_id=call.call_id, agent_id=tomasz.email), takes_over=True)
    kept = transcript.keep(old, Spoken(speaker="customer", text="Hello", start_time=1.0))
    assert kept.session.agent == tomasz
