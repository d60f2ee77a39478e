"""Segments come shuffled, doubled and not at all; fifty at once; and the transcript is what was said (security F19, F20)."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
from django.db import connections
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assist.calls import assisting, ending, switchboard, transcript
from assist.calls.switchboard import Opening, Spoken
from assist.models import CallSession, TranscriptionSegment
from helpdesk.core.models import Event
from tickets.models import Queue, Ticket


def truth(count: int) -> list[Spoken]:
    """A conversation: every sentence with its own start."""
    return [
        Spoken(speaker=("customer", "agent")[n % 2], text=f"Sentence {n}", start_time=n * 1.5, end_time=n * 1.5 + 1, external_id=f"s{n}")
        for n in range(count)
    ]


@pytest.mark.django_db
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.randoms(use_true_random=False), st.integers(1, 40))
def test_the_transcript_is_the_sorted_truth(support: Queue, chance: random.Random, count: int) -> None:
    spoken = truth(count)
    arrived = [one for one in spoken if chance.random() > 0.05]
    expected = [one.text for one in arrived]
    arrived += [one for one in arrived if chance.random() < 0.1]
    chance.shuffle(arrived)
    session, _ = switchboard.start(Opening(call_id=str(uuid4())))  # the database outlives an example, and `chance` repeats itself
    for one in arrived:
        transcript.keep(session, one)
    assert [segment.text for segment in session.segments.in_order()] == expected
    session.refresh_from_db()
    assert session.heard == session.updates == len(expected)


@pytest.mark.django_db
def test_a_long_call_out_of_order(support: Queue) -> None:
    chance, spoken = random.Random(4), truth(300)
    kept = [one for one in spoken if chance.random() > 0.05]
    arrived = kept + [one for one in kept if chance.random() < 0.1]
    chance.shuffle(arrived)
    session, _ = switchboard.start(Opening(call_id="long"))
    for one in arrived:
        transcript.keep(session, one)
    assert [segment.text for segment in session.segments.in_order()] == [one.text for one in kept]


def together(work: Any, times: int = 50) -> list[Any]:
    """Run it so many times at once, each on a connection of its own."""

    def one(_: int) -> Any:
        try:
            return work()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as threads:
        return list(threads.map(one, range(times)))


@pytest.mark.django_db(transaction=True)
def test_fifty_at_once_are_one(support: Queue) -> None:
    sessions = together(lambda: switchboard.start(Opening(call_id="same", customer_phone="+4520111222"))[0].session_id)
    assert len(set(sessions)) == 1
    session = CallSession.objects.get()
    said = Spoken(speaker="agent", text="Hello", start_time=1.0, external_id="e1")
    statuses = [heard.status for heard in together(lambda: switchboard.hear(session, said))]
    assert sorted(set(statuses)) == ["duplicate", "stored"] and statuses.count("stored") == 1
    assert TranscriptionSegment.objects.count() == 1
    tickets = {ended.ticket_id for ended in together(lambda: switchboard.end(session), 20)}
    assert len(tickets) == Ticket.objects.count() == Event.objects.filter(kind="call.ended").count() == 1


@pytest.mark.django_db
def test_a_call_whose_process_was_killed_while_thinking_is_taken_up(
    support: Queue, articles: Any, call: CallSession, worker: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: Any, **__: Any) -> Any:
        raise SystemExit

    with monkeypatch.context() as dying:
        dying.setattr(assisting, "think", killed)
        with pytest.raises(SystemExit):
            switchboard.hear(call, Spoken(speaker="customer", text="I get error 401 when I log in to the mobile app", start_time=1))
    worker()
    call.refresh_from_db()
    assert call.suggestions_count and call.analysis_due_at is None


@pytest.mark.django_db
def test_a_call_whose_process_was_killed_at_the_end_is_filed_all_the_same(
    call: CallSession, drain: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as dying:
        dying.setattr(ending, "finish", lambda session: session)
        switchboard.end(call)
    assert not Ticket.objects.exists()
    drain()
    assert Ticket.objects.count() == 1
    call.refresh_from_db()
    assert call.ticket_id and call.filed_at


@pytest.mark.django_db
def test_of_two_rounds_the_one_that_knew_more_wins(call: CallSession, articles: Any) -> None:
    switchboard.hear(call, Spoken(speaker="customer", text="I get error 401 when I log in to the mobile app", start_time=1))
    CallSession.objects.filter(pk=call.pk).update(analysed=9, entities=[{"type": "version", "value": "9"}])
    assert assisting.assist(CallSession.objects.get(pk=call.pk)).entities == [{"type": "version", "value": "9"}]
