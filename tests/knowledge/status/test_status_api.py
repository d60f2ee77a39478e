"""`/api/v1/status/`: components, incidents, deployments, and what monitors post."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from helpdesk.core.models import ApiKey, Event
from knowledge.models import Alert, Component, Incident, IncidentUpdate, StatusHook

pytestmark = pytest.mark.django_db


@pytest.fixture
def sync(db: None) -> Component:
    return Component.objects.create(slug="order-sync", name="Order Sync API")


def post(client: Client, path: str, body: Any, **headers: str) -> Any:
    return client.post(f"/api/v1/status/{path}", json.dumps(body), content_type="application/json", headers=headers)


def firing(**over: Any) -> dict[str, Any]:
    """One alert as Alertmanager's version 4 payload writes it."""
    alert = {
        "status": "firing",
        "labels": {"alertname": "HighErrorRate", "severity": "critical", "service": "order-sync"},
        "annotations": {"summary": "Order sync answers with 503", "description": "Half of the calls fail."},
        "startsAt": "2026-11-25T13:52:00Z",
        "endsAt": "0001-01-01T00:00:00Z",
        "generatorURL": "http://prometheus/graph",
        "fingerprint": "c2c7a8d1e9f0a3b4",
    } | over
    return {
        "version": "4",
        "groupKey": '{}:{alertname="HighErrorRate"}',
        "truncatedAlerts": 0,
        "status": alert["status"],
        "receiver": "helpdesk",
        "groupLabels": {"alertname": "HighErrorRate"},
        "commonLabels": {},
        "commonAnnotations": {},
        "externalURL": "http://alertmanager",
        "alerts": [alert],
    }


def over() -> dict[str, Any]:
    return firing(status="resolved", endsAt="2026-11-25T14:10:00Z")


def test_an_incident_is_opened_told_of_and_resolved(api: Client, sync: Component) -> None:
    body = {"title": "Order sync answers with 503", "impact": "outage", "components": ["order-sync"]}
    opened = post(api, "incidents/", body)
    assert opened.status_code == 201, opened.content
    incident = opened.json()
    assert (incident["reference"], incident["status"], incident["components"]) == ("INC-1", "investigating", ["order-sync"])
    assert api.get("/api/v1/status/components/order-sync/").json()["state"] == "outage"
    assert api.get("/api/v1/status/").json()["overall"] == "outage"
    update = post(api, "incidents/INC-1/updates/", {"text": "A node has failed.", "status": "identified"})
    assert update.status_code == 201
    assert post(api, "incidents/INC-1/updates/", {"text": "All is well.", "status": "resolved"}).status_code == 201
    read = api.get("/api/v1/status/incidents/INC-1/").json()
    assert read["resolved_at"]
    assert [one["status"] for one in read["updates"]] == ["resolved", "identified"]
    assert api.get("/api/v1/status/components/order-sync/").json()["state"] == "operational"
    kinds = list(Event.objects.filter(subject_type="incident").order_by("id").values_list("kind", flat=True))
    assert kinds == ["incident.opened", "incident.updated", "incident.resolved"]


def test_the_same_key_opens_one_incident(api: Client) -> None:
    body = {"title": "Slow"}
    first = post(api, "incidents/", body, **{"Idempotency-Key": "a"})
    again = post(api, "incidents/", body, **{"Idempotency-Key": "a"})
    assert again.json() == first.json()
    assert again["Idempotent-Replayed"] == "true"
    assert Incident.objects.count() == 1


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("incidents/", {}, "title"),
        ("incidents/", {"title": "x", "components": ["nowhere"]}, "components"),
        ("incidents/", {"title": "x", "colour": "red"}, "colour"),
        ("incidents/INC-1/updates/", {"text": " "}, "text"),
        ("incidents/INC-1/updates/", {"text": "x", "status": "fine"}, "status"),
        ("deployments/", {"component": "nowhere", "version": "1"}, "component"),
        ("components/", {"slug": "a b", "name": "x"}, "slug"),
        ("alertmanager/", {"alerts": "x"}, "alerts"),
        ("alertmanager/", {**firing(), "alerts": [{"status": "firing"}]}, "alerts.0.fingerprint"),
        ("statuspage/", {"page": {"id": "p"}}, "incident"),
        ("statuspage/", [], "non_field_errors"),
    ],
)
def test_what_is_not_valid_is_a_problem_that_names_the_field(path: str, body: Any, field: str, api: Client) -> None:
    post(api, "incidents/", {"title": "Slow"})
    answer = post(api, path, body)
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"
    assert field in answer.json()["errors"]


def test_reading_and_writing_need_their_scopes_and_unknown_ones_are_not_found() -> None:
    reader = Client(headers={"Authorization": f"Bearer {ApiKey.issue('Reader', scopes=['status:read'])[1]}"})
    assert reader.get("/api/v1/status/incidents/").status_code == 200
    assert post(reader, "incidents/", {"title": "x"}).status_code == 403
    assert post(reader, "alertmanager/", firing()).status_code == 403
    assert reader.get("/api/v1/status/incidents/INC-404/").status_code == 404
    assert reader.get("/api/v1/status/components/none/").status_code == 404


def test_a_stale_change_is_refused_and_a_fresh_one_taken(api: Client, sync: Component) -> None:
    read = api.get("/api/v1/status/components/order-sync/")
    path = "/api/v1/status/components/order-sync/"
    changed = api.patch(path, '{"state": "maintenance"}', content_type="application/json", headers={"If-Match": read["ETag"]})
    assert changed.json()["state"] == "maintenance"
    stale = api.patch(path, '{"state": "outage"}', content_type="application/json", headers={"If-Match": read["ETag"]})
    assert stale.status_code == 412


def test_deployments_are_recorded_and_listed_by_component(api: Client, sync: Component) -> None:
    assert post(api, "deployments/", {"component": "order-sync", "version": "4.2.1", "summary": "Smaller batches"}).status_code == 201
    listed = api.get("/api/v1/status/deployments/?component=order-sync").json()["results"]
    assert [one["version"] for one in listed] == ["4.2.1"]
    assert api.get("/api/v1/status/deployments/?component=other").json()["results"] == []


def test_lists_cost_the_same_however_long(api: Client, django_assert_max_num_queries: Any) -> None:
    for n in range(12):
        post(api, "incidents/", {"title": f"Incident {n}"})
    with django_assert_max_num_queries(9):
        assert len(api.get("/api/v1/status/incidents/").json()["results"]) == 12


# -- Alertmanager ----------------------------------------------------------------------------------------------


def test_a_firing_alert_opens_an_incident_that_the_public_does_not_see_yet(api: Client, sync: Component, clean_cache: Any) -> None:
    answer = post(api, "alertmanager/", firing())
    assert answer.json() == {"incident": "INC-1", "firing": 1, "resolved": 0, "known": 0}
    incident = Incident.objects.get()
    assert (incident.title, incident.impact, incident.source, incident.is_public) == (
        "Order sync answers with 503",
        "outage",
        "alertmanager",
        False,
    )
    assert list(incident.components.all()) == [sync]
    assert "Order sync answers" not in Client().get("/status/").content.decode()


def test_the_same_alert_again_changes_nothing_and_a_resolved_group_resolves_the_incident(api: Client, sync: Component) -> None:
    post(api, "alertmanager/", firing())
    assert post(api, "alertmanager/", firing()).json()["known"] == 1
    assert Incident.objects.count() == Alert.objects.count() == 1
    assert post(api, "alertmanager/", over()).json()["resolved"] == 1
    assert Incident.objects.get().resolved_at is not None
    assert post(api, "alertmanager/", over()).json()["known"] == 1
    assert IncidentUpdate.objects.count() == 1


def test_an_alert_that_fires_after_its_end_was_told_opens_nothing(api: Client) -> None:
    post(api, "alertmanager/", over())
    assert post(api, "alertmanager/", firing()).json()["known"] == 1
    assert not Incident.objects.exists()


def test_a_second_alert_of_the_group_joins_and_both_must_end(api: Client) -> None:
    post(api, "alertmanager/", firing())
    post(api, "alertmanager/", firing(fingerprint="ffff"))
    assert Incident.objects.count() == 1
    post(api, "alertmanager/", over())
    assert Incident.objects.open().count() == 1
    post(api, "alertmanager/", firing(fingerprint="ffff", status="resolved", endsAt="2026-11-25T15:00:00Z"))
    assert Incident.objects.open().count() == 0


def test_the_same_rule_that_fires_again_later_is_another_incident(api: Client) -> None:
    post(api, "alertmanager/", firing())
    post(api, "alertmanager/", over())
    post(api, "alertmanager/", firing(startsAt="2026-11-25T18:00:00Z"))
    assert list(Incident.objects.order_by("reference").values_list("reference", flat=True)) == ["INC-1", "INC-2"]


# -- a hosted status page --------------------------------------------------------------------------------------


def page_incident(*updates: tuple[str, str, str], status: str) -> dict[str, Any]:
    told = [
        {"id": key, "body": body, "status": state, "created_at": f"2026-11-25T14:0{n}:00Z", "incident_id": "lbkhbwn21v5q"}
        for n, (key, state, body) in enumerate(updates)
    ]
    return {
        "meta": {"unsubscribe": "http://statuspage/unsubscribe", "documentation": "http://statuspage/docs"},
        "page": {"id": "j2mfxwj97wnj", "status_indicator": "critical", "status_description": "Major System Outage"},
        "incident": {
            "backfilled": False,
            "created_at": "2026-11-25T14:00:00Z",
            "impact": "critical",
            "impact_override": None,
            "monitoring_at": None,
            "id": "lbkhbwn21v5q",
            "name": "Virginia is down",
            "resolved_at": None,
            "shortlink": "http://j.mp/18zyDQx",
            "status": status,
            "updated_at": "2026-11-25T14:05:00Z",
            "incident_updates": list(reversed(told)),
            "components": [{"id": "rb5wq1dczvbm", "name": "US East", "status": "major_outage"}],
        },
    }


def test_a_status_pages_incident_is_taken_over_update_by_update(api: Client) -> None:
    first = ("u1", "investigating", "A power line was cut.")
    assert post(api, "statuspage/", page_incident(first, status="investigating")).json()["updates"] == 1
    body = page_incident(first, ("u2", "resolved", "Power is back."), status="resolved")
    assert post(api, "statuspage/", body).json()["updates"] == 1
    assert post(api, "statuspage/", body).json()["updates"] == 0
    incident = Incident.objects.get()
    assert (incident.title, incident.status, incident.impact) == ("Virginia is down", "resolved", "outage")
    assert list(incident.updates.order_by("at").values_list("text", flat=True)) == ["A power line was cut.", "Power is back."]
    assert incident.components.get().name == "US East"


def test_a_status_pages_component_changes_state(api: Client) -> None:
    body = {
        "page": {"id": "j2mfxwj97wnj"},
        "component_update": {
            "created_at": "2026-11-25T14:00:00Z",
            "new_status": "partial_outage",
            "old_status": "operational",
            "id": "k7730b5v92bv",
            "component_id": "rb5wq1dczvbm",
        },
        "component": {"created_at": "2026-11-25T14:00:00Z", "id": "rb5wq1dczvbm", "name": "US East", "status": "partial_outage"},
    }
    assert post(api, "statuspage/", body).json()["component"] == "us-east"
    assert Component.objects.get().state == "degraded"
    body["component_update"]["new_status"] = "on_fire"  # type: ignore[index]
    assert post(api, "statuspage/", body).status_code == 400


def test_a_system_without_headers_posts_to_a_secret_address() -> None:
    hook = StatusHook(name="Statuspage", kind=StatusHook.Kind.STATUS_PAGE)
    token = hook.renew()
    hook.save()
    assert len(token) >= 43
    nobody = Client()
    body = page_incident(("u1", "investigating", "A power line was cut."), status="investigating")
    assert post(nobody, f"hooks/{token}/", body).status_code == 200
    assert post(nobody, f"hooks/{token[:-1]}x/", body).status_code == 404
    StatusHook.objects.update(is_active=False)
    assert post(nobody, f"hooks/{token}/", body).status_code == 404
    assert token not in str(StatusHook.objects.values().get())
