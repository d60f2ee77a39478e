"""The one door for calls: sessions begin, are heard and end, once each."""

from __future__ import annotations

from typing import Any

import pytest

from assist.calls import switchboard
from assist.calls.switchboard import CallEnded, Opening, Spoken
from assist.models import CallSession, CallUpdate
from customers.models import Customer
from helpdesk.core.models import Event, User
from tickets.models import Queue

pytestmark = pytest.mark.django_db


def opening(**fields: Any) -> Opening:
    return Opening(**{"call_id": "acd-1", "customer_phone": "+31852550117", "customer_name": "Rosalind Achterberg", **fields})


def said(text: str, at: float, speaker: str = "customer", **fields: Any) -> Spoken:
    return Spoken(speaker=speaker, text=text, start_time=at, end_time=at + 2, **fields)


def test_a_call_announced_twice_is_one_session(support: Queue) -> None:
    first, opened = switchboard.start(opening())
    again, opened_again = switchboard.start(opening())
    assert (opened, opened_again) == (True, False)
    assert first.session_id == again.session_id
    assert Event.objects.filter(kind="call.started").count() == 1


def test_the_same_call_id_after_the_end_is_a_new_session(support: Queue) -> None:
    first, _ = switchboard.start(opening())
    switchboard.end(first, "completed")
    second, opened = switchboard.start(opening())
    assert opened
    assert second.pk != first.pk


def test_an_unknown_caller_becomes_a_customer_and_is_known_next_time(support: Queue) -> None:
    session, _ = switchboard.start(opening())
    again, _ = switchboard.start(opening(call_id="acd-2", customer_name=""))
    assert session.customer_id == again.customer_id
    assert Customer.objects.get().name == "Rosalind Achterberg"


def test_an_unknown_agent_is_noted_but_cannot_sign_in(support: Queue, maya: User) -> None:
    session, _ = switchboard.start(opening(agent_id="agent-42", agent_name="John Smith"))
    assert session.agent is not None
    assert (session.agent.name, session.agent.is_active, session.agent.has_usable_password()) == ("John Smith", False, False)
    known, _ = switchboard.start(opening(call_id="acd-2", agent_id=maya.email))
    assert known.agent == maya


def test_the_queue_is_found_by_what_the_telephony_system_calls_it(support: Queue, billing: Queue) -> None:
    named, _ = switchboard.start(opening(acd_metadata={"queue": "general_support"}))
    other, _ = switchboard.start(opening(call_id="acd-2", acd_metadata={"queue": "Billing"}))
    assert (named.queue, other.queue) == (support, billing)


def test_a_call_that_rang_becomes_active_when_it_is_answered(support: Queue, maya: User) -> None:
    ringing, _ = switchboard.ring(opening())
    active, opened = switchboard.start(opening(agent_id=str(maya.pk)))
    assert not opened
    assert (active.pk, active.status, active.agent) == (ringing.pk, CallSession.Status.ACTIVE, maya)
    assert list(Event.objects.filter(subject_type="callsession").values_list("kind", flat=True)) == ["call.rang", "call.started"]


def test_nobody_answered_is_abandoned(support: Queue) -> None:
    ringing, _ = switchboard.ring(opening())
    assert switchboard.end(ringing, "completed").status == CallSession.Status.ABANDONED


def test_segments_are_kept_once_whichever_name_they_come_under(support: Queue) -> None:
    session, _ = switchboard.start(opening())
    first = switchboard.hear(session, said("Hello", 1.0, external_id="s-1", sequence=7))
    assert switchboard.hear(session, said("Hello", 1.0)).status == "duplicate"
    assert switchboard.hear(session, said("Hello?", 1.2, external_id="s-1")).status == "duplicate"
    assert switchboard.hear(session, said("Hello!", 1.3, sequence=7)).segment_id == first.segment_id
    assert session.segments.count() == 1


def test_the_transcript_is_in_the_order_of_speaking(support: Queue) -> None:
    session, _ = switchboard.start(opening())
    for at in (9.0, 1.0, 5.0):
        switchboard.hear(session, said(f"at {at}", at, speaker="agent"))
    assert [segment.start_time for segment in session.segments.in_order()] == [1.0, 5.0, 9.0]


def test_frames_are_numbered_without_gaps(support: Queue) -> None:
    session, _ = switchboard.start(opening())
    for at in range(4):
        switchboard.hear(session, said("Mm", float(at), speaker="agent"))
    switchboard.end(session, "completed")
    assert list(CallUpdate.objects.order_by("n").values_list("n", flat=True)) == list(range(1, 7))  # four segments, the end, the summary


def test_nothing_is_heard_after_the_end_but_late_finals(support: Queue) -> None:
    session, _ = switchboard.start(opening())
    switchboard.end(session, "completed")
    with pytest.raises(CallEnded):
        switchboard.hear(session, said("Hello", 1.0))
    assert switchboard.hear(session, said("Hello", 1.0), late=True).status in {"stored", "processed"}


def test_far_too_long_segments_are_cut_and_say_so(support: Queue) -> None:
    session, _ = switchboard.start(opening())
    heard = switchboard.hear(session, said("word " * 10_000, 1.0, speaker="agent"))
    assert "1000 words" in heard.notice
    assert len(session.segments.get().text.split()) == 1000


def test_agents_see_their_own_calls_and_their_queues(support: Queue, billing: Queue, maya: User, tomasz: User, priya: User) -> None:
    ours, _ = switchboard.start(opening(queue="support"))
    theirs, _ = switchboard.start(opening(call_id="acd-2", queue="billing", agent_id=str(maya.pk)))
    assert set(CallSession.objects.visible_to(maya)) == {ours, theirs}
    assert set(CallSession.objects.visible_to(tomasz)) == {theirs}
    assert CallSession.objects.visible_to(priya).count() == 2
    assert not CallSession.objects.visible_to(None).exists()
    assert not CallSession.objects.visible_to(ours.customer).exists()
