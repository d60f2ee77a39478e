"""`/api/realtime/`: every shape of the contract (section 1), and what is refused."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext

from assist.calls import switchboard
from assist.models import AgentAction, CallSession, TranscriptionSegment
from helpdesk.core.models import ApiKey, User
from tests.cast import signed_in
from tickets.models import Queue, Ticket

pytestmark = pytest.mark.django_db

START = {
    "call_id": "acd-call-12345",
    "agent_id": "agent-42",
    "agent_name": "John Smith",
    "customer_id": "cust-999",
    "customer_phone": "+1234567890",
    "customer_name": "Jane Doe",
    "acd_metadata": {"queue": "technical_support", "wait_time": 45},
    "crm_metadata": {"tier": "premium", "account_age_days": 365},
}
SAID = "I am getting error 401 when trying to log in to the mobile app version 2.5"
Post = Callable[..., Any]


def segment(session_id: Any, text: str = SAID, **fields: Any) -> dict[str, Any]:
    body = {"session_id": str(session_id), "speaker": "customer", "text": text, "start_time": 10.5, "end_time": 15.2, "confidence": 0.95}
    return {**body, **fields}


def test_a_call_is_opened_as_the_contract_says(post: Post, support: Queue) -> None:
    response = post("call/start", START)
    assert response.status_code == 201
    body = response.json()
    assert body == {"status": "success", "session_id": body["session_id"], "call_id": "acd-call-12345"}
    assert str(uuid.UUID(body["session_id"])) == body["session_id"]
    session = CallSession.objects.select_related("customer", "agent").get()
    assert session.customer is not None and session.agent is not None
    assert (session.customer.external_id, session.agent.external_id, session.provider) == ("cust-999", "agent-42", "generic")
    again = post("call/start", START)
    assert (again.status_code, again.json()["session_id"]) == (200, body["session_id"])


def test_only_the_call_id_is_required(post: Post, support: Queue) -> None:
    assert post("call/start/", {"call_id": "x"}).status_code == 201


def test_a_customers_sentence_is_processed(post: Post, call: CallSession, articles: Any) -> None:
    response = post("transcription", segment(call.session_id))
    body = response.json()
    assert response.status_code == 200
    assert body.keys() >= {"status", "segment_id", "suggestions_count", "questions_count", "processing_time_ms"}
    assert (body["status"], body["suggestions_count"] >= 1) == ("processed", True)
    assert body["segment_id"] == TranscriptionSegment.objects.get().pk
    assert isinstance(body["processing_time_ms"], int)


def test_an_agents_words_are_stored_and_a_repetition_is_a_duplicate(post: Post, call: CallSession) -> None:
    said = segment(call.session_id, "How can I help?", speaker="agent")
    assert post("transcription", said).json()["status"] == "stored"
    assert post("transcription", said).json()["status"] == "duplicate"
    assert TranscriptionSegment.objects.count() == 1


def test_a_partial_is_not_kept(post: Post, call: CallSession) -> None:
    body = post("transcription", segment(call.session_id, "I am get", is_final=False, external_id="u1")).json()
    assert (body["status"], body["segment_id"]) == ("partial", None)
    assert not TranscriptionSegment.objects.exists()


def test_a_partial_does_not_ask_for_its_call_again(post: Post, call: CallSession) -> None:
    said = segment(call.session_id, "I am get", is_final=False, external_id="u1")
    post("transcription", said)
    with CaptureQueriesContext(connection) as found:
        assert post("transcription", said).json()["suggestions_count"] == 0
    assert not any('from "call_sessions"' in query["sql"].lower() for query in found)


def test_inside_the_pacing_window_words_are_deferred_and_then_thought_about(
    post: Post, call: CallSession, articles: Any, worker: Any
) -> None:
    with override_settings(ASSIST_MIN_INTERVAL_SECONDS=2):
        assert post("transcription", segment(call.session_id, "Hello, good morning", start_time=1)).json()["status"] == "processed"
        assert post("transcription", segment(call.session_id)).json()["status"] == "deferred"
    call.refresh_from_db()
    assert call.analysis_due_at is not None
    worker()
    call.refresh_from_db()
    assert (call.analysis_due_at, call.suggestions_count >= 1) == (None, True)


def test_suggestions_questions_and_entities_have_their_shapes(post: Post, api: Client, call: CallSession, articles: Any) -> None:
    post("transcription", segment(call.session_id))
    body = api.get(f"/api/realtime/suggestions/{call.session_id}").json()
    assert body.keys() >= {"session_id", "suggestions", "clarifying_questions", "entities"}
    first = body["suggestions"][0]
    keys = {"id", "type", "title", "content", "confidence", "source", "why", "created_at", "feedback"}
    assert first.keys() >= keys
    assert first["source"].keys() >= {"kind", "id", "title", "url"}
    assert (first["type"], first["title"]) == ("article", "Error 401 when logging in to the mobile app")
    assert 0 <= first["confidence"] <= 1
    assert first["feedback"] is None
    assert first["created_at"].endswith("Z")
    assert isinstance(first["id"], int)
    for question in body["clarifying_questions"]:
        assert question.keys() >= {"id", "text", "purpose", "priority"}
    entities = [(one["type"], one["value"]) for one in body["entities"]]
    assert entities == [("error_code", "401"), ("product_name", "mobile app"), ("version", "2.5")]


def test_a_call_ends_with_a_summary_and_a_ticket(post: Post, call: CallSession, articles: Any) -> None:
    post("transcription", segment(call.session_id))
    post("transcription", segment(call.session_id, "I'll send you the new version today.", speaker="agent", start_time=20))
    response = post("call/end", {"session_id": str(call.session_id), "status": "completed"})
    body = response.json()
    assert response.status_code == 200
    assert body.keys() >= {"status", "session_id", "duration_seconds", "summary", "ticket_id"}
    assert body["status"] == "success"
    assert "401" in body["summary"]
    assert Ticket.objects.get(number=body["ticket_id"]).channel == "phone"
    again = post("call/end", {"session_id": str(call.session_id), "status": "completed"}).json()
    assert again["ticket_id"] == body["ticket_id"]
    assert Ticket.objects.count() == 1


def test_after_the_end_nothing_more_is_taken(post: Post, call: CallSession) -> None:
    switchboard.end(call)
    response = post("transcription", segment(call.session_id))
    assert response.status_code == 409
    assert response["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("call/start", {}, "call_id"),
        ("call/start", {"call_id": ["a"]}, "call_id"),
        ("call/start", {"call_id": "x", "acd_metadata": "queue"}, "acd_metadata"),
        ("call/start", {"call_id": "x", "is_admin": True}, "is_admin"),
        ("transcription", {"speaker": "customer", "text": "x", "start_time": 1}, "session_id"),
        ("transcription", segment("not-a-uuid"), "session_id"),
        ("transcription", segment(uuid.uuid4(), speaker="dog"), "speaker"),
        ("transcription", segment(uuid.uuid4(), text=123), "text"),
        ("transcription", segment(uuid.uuid4(), text=""), "text"),
        ("transcription", segment(uuid.uuid4(), start_time="soon"), "start_time"),
        ("transcription", segment(uuid.uuid4(), start_time=-1), "start_time"),
        ("transcription", segment(uuid.uuid4(), start_time=True), "start_time"),
        ("transcription", segment(uuid.uuid4(), end_time={}), "end_time"),
        ("transcription", segment(uuid.uuid4(), confidence=1.5), "confidence"),
        ("transcription", segment(uuid.uuid4(), sequence="first"), "sequence"),
        ("transcription", segment(uuid.uuid4(), is_final="perhaps"), "is_final"),
        ("call/end", {"session_id": 7}, "session_id"),
        ("call/end", {"session_id": str(uuid.uuid4()), "status": "ringing"}, "status"),
    ],
)
def test_what_is_wrong_is_named(post: Post, path: str, body: dict[str, Any], field: str) -> None:
    response = post(path, body)
    assert response.status_code == 400
    assert field in response.json()["errors"]
    assert response["Content-Type"] == "application/problem+json"


def test_unknown_sessions_are_not_found(post: Post, api: Client) -> None:
    nobody = uuid.uuid4()
    assert post("transcription", segment(nobody)).status_code == 404
    assert post("call/end", {"session_id": str(nobody)}).status_code == 404
    assert api.get(f"/api/realtime/suggestions/{nobody}").status_code == 404


def test_far_too_many_words_are_cut_with_notice(post: Post, call: CallSession) -> None:
    body = post("transcription", segment(call.session_id, "word " * 10_000)).json()
    assert (body["status"], "1000 words" in body["notice"]) == ("processed", True)


def test_an_idempotency_key_replays(post: Post, support: Queue) -> None:
    first = post("call/start", START, **{"Idempotency-Key": "k1"})
    again = post("call/start", START, **{"Idempotency-Key": "k1"})
    assert again.json() == first.json()
    assert (again.status_code, again["Idempotent-Replayed"]) == (201, "true")


def test_keys_need_their_scopes(call: CallSession) -> None:
    secret = ApiKey.issue("Reader", scopes=["calls:read"])[1]
    reader = Client(headers={"Authorization": f"Bearer {secret}"})
    assert reader.get(f"/api/realtime/suggestions/{call.session_id}").status_code == 200
    assert (
        reader.post("/api/realtime/transcription", json.dumps(segment(call.session_id)), content_type="application/json").status_code == 403
    )


def test_another_teams_call_does_not_exist(tomasz: User, call: CallSession) -> None:
    stranger = signed_in(tomasz)
    assert stranger.get(f"/api/realtime/suggestions/{call.session_id}").status_code == 404
    posted = stranger.post("/api/realtime/transcription", json.dumps(segment(call.session_id)), content_type="application/json")
    assert posted.status_code == 404
    taken = stranger.post("/api/realtime/call/start", json.dumps({"call_id": call.call_id}), content_type="application/json")
    assert taken.status_code == 404


def test_the_console_needs_its_csrf_token(maya: User, call: CallSession) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(maya, backend="django.contrib.auth.backends.ModelBackend")
    response = client.post("/api/realtime/transcription", json.dumps(segment(call.session_id)), content_type="application/json")
    assert response.status_code == 403


def test_who_opens_a_call_from_the_console_opens_their_own(maya: User, support: Queue) -> None:
    client = signed_in(maya)
    client.post("/api/realtime/call/start", json.dumps({"call_id": "mine", "agent_id": "somebody-else"}), content_type="application/json")
    assert CallSession.objects.get().agent == maya


REPORTS = (
    "SELECT agent_name, action_type, AVG(processing_time_ms), AVG(confidence), COUNT(*) FROM agent_actions"
    " WHERE timestamp > NOW() - INTERVAL '24 hours' GROUP BY agent_name, action_type",
    "SELECT suggestion_type, COUNT(*) AS total, SUM(CASE WHEN shown_to_agent THEN 1 ELSE 0 END) AS shown,"
    " SUM(CASE WHEN agent_clicked THEN 1 ELSE 0 END) AS clicked, AVG(confidence_score) FROM suggestions GROUP BY suggestion_type",
    "SELECT agent_feedback, COUNT(*), AVG(confidence_score) FROM suggestions WHERE agent_feedback IS NOT NULL GROUP BY agent_feedback",
    "SELECT id, session_id, call_id, agent_id, customer_id, provider, status, started_at, ended_at, summary, ticket_id FROM call_sessions",
    "SELECT id, session_id, speaker, text, start_time, end_time, confidence, created_at FROM transcription_segments",
    "SELECT s.ticket_id, t.text FROM call_sessions s JOIN transcription_segments t ON t.session_id = s.session_id",
)


def test_direct_reports_run_as_they_are(post: Post, call: CallSession, articles: Any) -> None:
    post("transcription", segment(call.session_id))
    with connection.cursor() as cursor:
        for report in REPORTS[:2] + REPORTS[3:]:
            cursor.execute(report)
            assert cursor.fetchall(), report
        cursor.execute(REPORTS[2])
    names = set(AgentAction.objects.values_list("agent_name", flat=True))
    assert names >= {"context_analyzer", "query_formulation", "retrieval", "clarification"}
    assert not AgentAction.objects.exclude(error="").exists()
