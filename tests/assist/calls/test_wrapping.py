"""The wrap-up: what is proposed, what is kept while it is written, and where it goes when it is saved."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from assist.calls import switchboard
from assist.calls.switchboard import Opening, Spoken
from assist.models import CallDesk, CallSession
from helpdesk.core.models import Event, User
from tests.cast import signed_in
from tickets.models import Message, Queue, Ticket

pytestmark = pytest.mark.django_db


@pytest.fixture
def call(support: Queue, maya: User, ticket: Ticket) -> CallSession:
    """Maya has just hung up; the call belongs to Ingrid's ticket."""
    session, _ = switchboard.start(Opening(call_id="w-1", agent_id=maya.email, customer_id=str(ticket.customer_id), queue="support"))
    for n, (speaker, text) in enumerate(
        (
            ("customer", "The driver app 7.4.1 loses GPS"),
            ("agent", "I'll send you the four steps by mail. Let me check something. Shall I call again?"),
        )
    ):
        switchboard.hear(session, Spoken(speaker=speaker, text=text, start_time=10 * n, end_time=10 * n + 5))
    switchboard.end(session)
    facts = [{"type": "version", "value": "7.4.1"}, {"type": "platform", "value": "Android 15"}, {"type": "amount", "value": "12 EUR"}]
    CallSession.objects.filter(pk=session.pk).update(entities=facts, action_items=[])
    return CallSession.objects.get(pk=session.pk)


def form(**fields: Any) -> dict[str, Any]:
    return {"version": 0, "summary": "GPS stops", "disposition": "resolved", "status": "pending", "owner": "me", **fields}


def path(call: CallSession) -> str:
    return f"/calls/{call.session_id}/wrap-up/"


def test_promises_and_lasting_facts_are_proposed_the_unsure_unticked(as_maya: Client, call: CallSession) -> None:
    page = as_maya.get(path(call))
    rows = page.context["rows"]
    assert [row.text for row in rows["promises"]] == ["I'll send you the four steps by mail.", ""]
    assert [(row.text, row.ticked) for row in rows["facts"]] == [("Version: 7.4.1", False), ("Platform: Android 15", True)]


def test_saving_writes_to_the_call_and_its_ticket(as_maya: Client, maya: User, call: CallSession) -> None:
    promises = {"promise-0": "Send the steps", "promise-1": "Ask on Wednesday", "promise-1-ticked": "yes"}
    facts = {"fact-0": "Platform: Android 15", "fact-0-ticked": "yes", "fact-0-sure": "0.70", "fact-1": "Version: 7.4.1"}
    answer = as_maya.post(
        path(call), form(missing="Phones without a management tool", reply="Here are the steps", send_reply="yes", **promises, **facts)
    )
    assert answer.status_code == 302
    call.refresh_from_db()
    assert (call.summary, call.disposition, call.action_items) == ("GPS stops", "resolved", ["Send the steps"])
    assert call.wrapped_up_at and "summary" in call.edited_by_people
    assert [fact["text"] for fact in CallDesk.objects.get().facts] == ["Platform: Android 15"]
    ticket = Ticket.objects.get(number=call.ticket_id)
    assert (ticket.status, ticket.assignee) == ("pending", maya)
    note = Message.objects.get(ticket=ticket, visibility="internal")
    assert "GPS stops" in note.body_text and "- Send the steps" in note.body_text and "Ask on Wednesday" not in note.body_text
    assert Message.objects.filter(ticket=ticket, visibility="public", body_text__contains="Here are the steps").exists()
    assert Event.objects.filter(kind="article.missed", data__title="Phones without a management tool").exists()
    assert Event.objects.filter(kind="call.wrapped_up").count() == 1


def test_saved_twice_it_is_one_note(as_maya: Client, call: CallSession) -> None:
    as_maya.post(path(call), form())
    as_maya.post(path(call), form(version=1))
    assert Message.objects.filter(visibility="internal").count() == 1


def test_what_is_typed_is_kept_and_still_there_after_a_reload(as_maya: Client, call: CallSession) -> None:
    answer = as_maya.post(path(call), form(summary="Half a", autosave="1"))
    assert answer.json() == {"version": 1}
    assert "Half a" in as_maya.get(path(call)).content.decode()
    call.refresh_from_db()
    assert "Half a" not in call.summary and call.wrapped_up_at is None


def test_two_who_write_are_told_of_each_other(as_maya: Client, priya: User, call: CallSession) -> None:
    as_maya.post(path(call), form(summary="Mine", autosave="1"))
    other = signed_in(priya)
    assert other.post(path(call), form(summary="Theirs", autosave="1")).status_code == 409
    refused = other.post(path(call), form(summary="Theirs"))
    assert refused.status_code == 409
    page = refused.content.decode()
    assert "Maya Lindqvist changed this wrap-up meanwhile" in page and "Theirs" in page and "Mine" in page
    assert other.post(path(call), form(summary="Theirs", version=refused.context["version"])).status_code == 302
    call.refresh_from_db()
    assert call.summary == "Theirs"


def test_another_team_has_no_wrap_up_to_write(call: CallSession, tomasz: User) -> None:
    assert signed_in(tomasz).get(path(call)).status_code == 404
    assert signed_in(tomasz).post(path(call), form()).status_code == 404


def test_a_mute_call_asks_for_a_sentence(as_maya: Client, support: Queue, maya: User) -> None:
    session, _ = switchboard.start(Opening(call_id="w-2", agent_id=maya.email, queue="support"))
    switchboard.end(session)
    page = as_maya.get(path(session)).content.decode()
    assert "Nothing was transcribed" in page
    assert as_maya.post(path(session), form()).status_code == 302


def test_the_next_call_opens_after_saving(as_maya: Client, maya: User, call: CallSession) -> None:
    waiting, _ = switchboard.start(Opening(call_id="w-3", agent_id=maya.email, queue="support"))
    assert "Then open the next call" in as_maya.get(path(call)).content.decode()
    assert as_maya.post(path(call), form(next=str(waiting.session_id)))["Location"] == f"/calls/{waiting.session_id}/"


def test_the_page_costs_the_same_however_long_the_call(as_maya: Client, call: CallSession, django_assert_max_num_queries: Any) -> None:
    as_maya.get(path(call))
    with django_assert_max_num_queries(30):
        as_maya.get(path(call))
