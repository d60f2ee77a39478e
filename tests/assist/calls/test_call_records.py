"""`/api/v1/calls/`: calls as records; each caller sees the calls that they may see, and nothing of others."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from assist.calls import switchboard
from assist.calls.switchboard import Opening, Spoken
from assist.models import CallSession
from helpdesk.core.models import ApiKey, User
from tests.cast import make_agent, signed_in
from tickets.models import Queue

pytestmark = pytest.mark.django_db


@pytest.fixture
def partner() -> Client:
    _row, key = ApiKey.issue("reports", scopes=["calls:read"])
    return Client(headers={"Authorization": f"Bearer {key}"})


@pytest.fixture
def call(support: Queue, maya: User) -> CallSession:
    opening = Opening(call_id="c-1", agent_id=maya.email, customer_phone="+4520111222", customer_name="Ingrid", queue="support")
    session, _new = switchboard.start(opening)
    switchboard.hear(session, Spoken(speaker="customer", text="Second", start_time=9, end_time=10, confidence=0.9))
    switchboard.hear(session, Spoken(speaker="agent", text="First", start_time=1, end_time=2))
    return session


def test_a_finished_call_is_a_record_with_its_transcript_in_order(partner: Client, call: CallSession, maya: User) -> None:
    ended = switchboard.end(call)
    found = partner.get(f"/api/v1/calls/{call.session_id}/").json()
    assert (found["id"], found["call_id"], found["status"], found["queue"]) == (str(call.session_id), "c-1", "completed", "support")
    assert (found["agent"], found["customer_name"], found["ticket_id"]) == (str(maya.pk), "Ingrid", ended.ticket_id)
    assert [(one["speaker"], one["text"]) for one in found["segments"]] == [("agent", "First"), ("customer", "Second")]
    assert found["segments_complete"] and found["summary"] == ended.summary
    assert {"entities", "suggestions", "clarifying_questions", "action_items", "disposition", "duration_seconds"} <= set(found)


def test_the_list_is_filtered_and_paged(partner: Client, call: CallSession, django_assert_max_num_queries: Any) -> None:
    switchboard.end(call)
    for n in range(4):
        switchboard.start(Opening(call_id=f"more-{n}"))
    first = partner.get("/api/v1/calls/?limit=3").json()
    second = partner.get(first["next"]).json()
    assert [one["call_id"] for one in first["results"] + second["results"]] == ["more-3", "more-2", "more-1", "more-0", "c-1"]
    assert second["next"] is None
    assert [one["call_id"] for one in partner.get("/api/v1/calls/?status=completed").json()["results"]] == ["c-1"]
    assert partner.get("/api/v1/calls/?queue=nowhere").json()["results"] == []
    assert partner.get("/api/v1/calls/?customer=nobody").json()["results"] == []
    assert partner.get("/api/v1/calls/?ordering=summary").status_code == 400
    with django_assert_max_num_queries(6):
        partner.get("/api/v1/calls/")


def test_people_see_their_teams_calls_and_a_running_one_only_if_it_is_theirs(
    call: CallSession, maya: User, tomasz: User, priya: User, support: Queue
) -> None:
    path, colleague = f"/api/v1/calls/{call.session_id}/", make_agent("Samir Haddad", support)
    assert [signed_in(who).get(path).status_code for who in (maya, priya, colleague, tomasz)] == [200, 200, 404, 404]
    assert signed_in(tomasz).get("/api/v1/calls/").json()["results"] == []
    switchboard.end(call)
    assert [signed_in(who).get(path).status_code for who in (maya, priya, colleague, tomasz)] == [200, 200, 200, 404]


def test_a_key_without_the_scope_reads_nothing(call: CallSession) -> None:
    _row, key = ApiKey.issue("tickets", scopes=["tickets:read"])
    client = Client(headers={"Authorization": f"Bearer {key}"})
    assert client.get("/api/v1/calls/").status_code == client.get(f"/api/v1/calls/{call.session_id}/").status_code == 403
