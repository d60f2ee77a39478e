"""Ringing, the board and the whisper: who is told what while a call runs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from assist.calls import stamps, switchboard
from assist.calls.switchboard import Opening, Spoken
from assist.models import CallNote, CallSession, TranscriptionSegment
from helpdesk.core.models import Event, User
from tests.cast import make_agent, signed_in
from tickets.live import OVERSIGHT, parts_of
from tickets.models import Queue, Ticket

pytestmark = pytest.mark.django_db


def start(name: str, agent: User, *, said: str = "", **mood: Any) -> CallSession:
    session, _ = switchboard.start(Opening(call_id=name, agent_id=agent.email, customer_name=name, customer_phone="", queue="support"))
    if said:
        switchboard.hear(session, Spoken(speaker="customer", text=said, start_time=1, end_time=2))
    mood["points"] = [{"id": -n, "t": n, "polarity": value, "frustration": 0} for n, value in enumerate(mood.get("points", ()))]
    CallSession.objects.filter(pk=session.pk).update(mood=mood)
    return CallSession.objects.get(pk=session.pk)


@pytest.fixture
def ringing(support: Queue, maya: User, ticket: Ticket) -> CallSession:
    opening = Opening(
        call_id="r-1", agent_id=maya.email, customer_id=str(ticket.customer_id), customer_phone="+4520111222", queue="support"
    )
    return switchboard.ring(opening)[0]


def test_a_call_rings_anywhere_with_who_it_is_and_their_open_tickets(
    as_maya: Client, ringing: CallSession, tomasz: User, django_assert_max_num_queries: Any
) -> None:
    assert 'id="ring-slot"' in as_maya.get("/profile/").content.decode()
    with django_assert_max_num_queries(8):
        card = as_maya.get("/calls/ringing/").content.decode()
    assert "Ingrid Sørensen-Dahl" in card and "EU sync API returning 503" in card and "Enterprise" in card
    assert "Ingrid" not in signed_in(tomasz).get("/calls/ringing/").content.decode()


def test_accepting_leads_to_the_call_and_a_second_press_does_no_harm(as_maya: Client, ringing: CallSession) -> None:
    for _twice in range(2):
        assert as_maya.post(f"/calls/{ringing.session_id}/answer/")["Location"] == f"/calls/{ringing.session_id}/"
    ringing.refresh_from_db()
    assert ringing.status == "active" and ringing.answered_at
    assert Event.objects.filter(kind="call.started").count() == 1
    assert "Ingrid" not in as_maya.get("/calls/ringing/").content.decode()


def test_what_is_declined_rings_on_for_others(as_maya: Client, ringing: CallSession, support: Queue) -> None:
    as_maya.post(f"/calls/{ringing.session_id}/decline/")
    ringing.refresh_from_db()
    assert (ringing.status, ringing.agent) == ("ringing", None)
    assert Event.objects.filter(kind="call.declined").exists()


def test_a_colleagues_call_is_not_taken_away(ringing: CallSession, support: Queue) -> None:
    samir = make_agent("Samir Haddad", support)
    assert signed_in(samir).post(f"/calls/{ringing.session_id}/answer/").status_code == 404
    ringing.refresh_from_db()
    assert ringing.status == "ringing"


def test_the_board_puts_what_burns_first_and_says_why(maya: User, priya: User, django_assert_max_num_queries: Any) -> None:
    start("Calm caller", maya, said="Thank you, that is clear", frustration=0.1, polarity=0.4, trend="stable", points=[0.2, 0.4])
    start("Rising caller", maya, said="This is the third time", frustration=0.5, polarity=-0.5, trend="declining", points=[0, -0.5])
    start("Legal caller", maya, said="My lawyer will hear of this", frustration=0.2, polarity=-0.2, trend="stable", points=[])
    for n in range(8):
        start(f"Other {n}", maya, said="Hello")
    supervisor = signed_in(priya)
    with django_assert_max_num_queries(6):
        page = supervisor.get("/calls/board/").content.decode()
    assert page.index("Legal caller") < page.index("Rising caller") < page.index("Calm caller")
    assert "Legal threat" in page and "My lawyer" in page and "Frustration rising" in page
    assert "1 needs somebody" in page


def test_long_silence_shows_on_the_board(maya: User, priya: User) -> None:
    call = start("Silent caller", maya, said="Hello")
    TranscriptionSegment.objects.filter(session=call).update(created_at=timezone.now() - timedelta(seconds=45))
    assert "Long silence" in signed_in(priya).get("/calls/board/").content.decode()


def test_the_board_is_for_leads_and_supervisors_each_for_what_they_see(maya: User, tomasz: User, billing: Queue) -> None:
    start("Support caller", maya)
    lead = make_agent("Lena Brandt", billing, role=User.Role.LEAD)
    assert signed_in(tomasz).get("/calls/board/").status_code == 404
    assert "Support caller" not in signed_in(lead).get("/calls/board/").content.decode()


def test_a_whisper_reaches_the_agent_alone_is_kept_and_has_a_limit(as_maya: Client, maya: User, priya: User, support: Queue) -> None:
    call = start("Caller", maya)
    supervisor, path = signed_in(priya), f"/calls/{call.session_id}/whisper/"
    assert supervisor.post(path, {"text": "Offer a <refund>"}).status_code == 302
    assert "Offer a &lt;refund&gt;" in as_maya.get(f"/calls/{call.session_id}/parts/whispers/").content.decode()
    event = Event.objects.get(kind="call.whispered")
    assert "refund" not in str(event.data), "events go to partners, whispers do not"
    colleague = make_agent("Samir Haddad", support)
    switchboard.end(call)
    assert "refund" not in signed_in(colleague).get(f"/calls/{call.session_id}/").content.decode()
    again = start("Second caller", maya)
    answers = [
        supervisor.post(f"/calls/{again.session_id}/whisper/", {"text": "x"}, headers={"HX-Request": "true"}).status_code
        for _n in range(stamps.WHISPERS + 1)
    ]
    assert answers[-1] == 422 and set(answers[:-1]) == {204}
    assert CallNote.objects.filter(kind="whisper", session=again).count() == stamps.WHISPERS
    assert as_maya.post(f"/calls/{again.session_id}/whisper/", {"text": "x"}).status_code == 404


def test_the_console_knows_which_parts_to_ask_for_again() -> None:
    assert "ring-slot" in parts_of("call.rang") and "call-board" in parts_of("call.ended")
    assert parts_of("call.whispered") == ["whispers"] and parts_of("ticket.created") == []
    assert OVERSIGHT in CallSession().audience
