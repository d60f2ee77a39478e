from __future__ import annotations

import pytest
from django.test import Client

from assist.models import TriageRun
from helpdesk.core.models import ApiKey
from tickets.models import Ticket

TICKET = {
    "ticket_id": "TICKET-12345",
    "subject": "Can't log into my account",
    "body": "I keep getting error E401",
    "customer_id": "CUST-67890",
    "metadata": {"customer_tier": "premium"},
}


@pytest.mark.parametrize("path", ["/api/v1/triage", "/api/v1/triage/"])
def test_a_ticket_is_analysed_and_nothing_is_stored(api: Client, path: str) -> None:
    response = api.post(path, TICKET, content_type="application/json")
    assert response.status_code == 200
    found = response.json()
    assert set(found) >= {"ticket_id", "analysis", "knowledge", "system_status", "similar_tickets", "escalation", "response", "metrics"}
    assert found["ticket_id"] == "TICKET-12345"
    assert found["analysis"]["category"] == "account_access"
    assert found["analysis"]["error_codes"] == ["E401"]
    assert found["metrics"]["total_ms"] > 0
    assert found["metrics"]["errors"] == []
    assert not TriageRun.objects.exists()
    assert not Ticket.objects.exists()


def test_id_and_content_are_accepted_for_ticket_id_and_body(api: Client) -> None:
    response = api.post("/api/v1/triage", {"id": 7, "content": "Please refund the second payment"}, content_type="application/json")
    assert response.json()["ticket_id"] == "7"
    assert response.json()["analysis"]["category"] == "billing"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "non_field_errors"),
        ([], "non_field_errors"),
        ({"subject": ["x"]}, "subject"),
        ({"body": "x" * 200_001}, "body"),
        ({"body": "x", "metadata": "y"}, "metadata"),
    ],
)
def test_what_is_wrong_is_said_by_field(api: Client, body: object, field: str) -> None:
    response = api.post("/api/v1/triage", body, content_type="application/json")
    assert response.status_code == 400
    assert response["Content-Type"].startswith("application/problem+json")
    assert field in response.json()["errors"]


def test_broken_json_is_refused_without_a_traceback(api: Client) -> None:
    response = api.post("/api/v1/triage", "{", content_type="application/json")
    assert response.status_code == 400
    assert "Traceback" not in response.content.decode()


def test_a_stranger_is_refused(client: Client, db: None) -> None:
    assert client.post("/api/v1/triage", TICKET, content_type="application/json").status_code == 401


def test_a_key_needs_the_scope(db: None) -> None:
    secret = ApiKey.issue("Reader", scopes=["tickets:read"])[1]
    response = Client(headers={"Authorization": f"Bearer {secret}"}).post("/api/v1/triage", TICKET, content_type="application/json")
    assert response.status_code == 403


@pytest.mark.django_db
def test_a_key_for_triage_alone_reads_nobodys_tickets() -> None:
    from assist.api.triage import scope_of

    seen = {}
    for name, scopes in (("triage", ["triage:write"]), ("both", ["triage:write", "tickets:read"])):
        key, _secret = ApiKey.issue(name, scopes=scopes)
        tickets = scope_of(key).tickets
        assert tickets is not None
        seen[name] = tickets("billing").query.is_empty()
    assert seen == {"triage": True, "both": False}
