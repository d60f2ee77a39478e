"""Suggested actions by the API: listed with their state, done once, dismissed, taken back, and told to who listens."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from assist.models import Suggestion
from helpdesk.core.models import ApiKey, Event
from helpdesk.partners import feed
from tests.cast import receive
from tickets.models import Ticket

pytestmark = pytest.mark.django_db


@pytest.fixture
def action(ticket: Ticket) -> Suggestion:
    return _offered(ticket, "priority", "high")


def _offered(ticket: Ticket, kind: str, value: str) -> Suggestion:
    return Suggestion.objects.create(
        ticket=ticket, suggestion_type="action", title=f"{kind} {value}", content=value, source_kind=kind, source_id=f"{kind}:{value}"
    )


def at(action: Suggestion, deed: str = "") -> str:
    assert action.ticket is not None
    return f"/api/v1/tickets/{action.ticket.number}/actions/{action.pk}/{deed and f'{deed}/'}"


def post(api: Client, where: str, body: Any = None, **headers: str) -> Any:
    return api.post(where, body or {}, content_type="application/json", headers={"Idempotency-Key": where, **headers})


def test_they_are_listed_with_their_state(api: Client, ticket: Ticket, action: Suggestion) -> None:
    label = _offered(ticket, "tag", "late")
    _offered(ticket, "unknown", "x")
    Suggestion.objects.create(ticket=ticket, suggestion_type="article", title="No action", source_id="x")
    path = f"/api/v1/tickets/{ticket.number}/actions/"
    assert [(one["id"], one["state"]) for one in api.get(path).json()["results"]] == [(label.pk, "offered"), (action.pk, "offered")]
    post(api, at(label, "approve"))
    assert [one["value"] for one in api.get(f"{path}?state=offered").json()["results"]] == ["high"]
    assert [one["state"] for one in api.get(f"{path}?kind=tag").json()["results"]] == ["done"]
    assert api.get(f"{path}?colour=red").status_code == 400


def test_a_list_of_many_asks_no_more_than_one_of_two(api: Client, ticket: Ticket, action: Suggestion) -> None:
    path, asked = f"/api/v1/tickets/{ticket.number}/actions/", []
    api.get(path)  # what a process asks but once
    for many in (1, 20):
        for number in range(many):
            _offered(ticket, "tag", f"{many}-{number}")
        with CaptureQueriesContext(connection) as queries:
            assert len(api.get(path).json()["results"]) > many
        asked.append(len(queries))
    assert asked[0] == asked[1]


def test_it_is_done_once_and_taken_back(api: Client, ticket: Ticket, action: Suggestion) -> None:
    for key in ("one", "two"):
        done = post(api, at(action, "approve"), **{"Idempotency-Key": key})
        assert (done.status_code, done.json()["state"]) == (200, "done")
    ticket.refresh_from_db()
    assert ticket.priority == "high"
    assert post(api, at(action, "dismiss"), {"reason": "later"}).status_code == 409
    assert post(api, at(action, "undo")).json()["state"] == "offered"
    ticket.refresh_from_db()
    assert ticket.priority == "normal"
    again = post(api, at(action, "undo"), **{"Idempotency-Key": "again"})
    assert (again.status_code, again.headers["Content-Type"]) == (409, "application/problem+json")
    told = Event.objects.filter(kind__startswith="action.").order_by("id")
    assert [(one.kind, one.actor_kind) for one in told] == [("action.approved", "api"), ("action.undone", "api")]
    assert {"action.approved", "action.dismissed", "action.undone"} <= set(feed.kinds())  # so webhooks hear of them as well


def test_what_is_dismissed_comes_back_when_the_customer_writes(api: Client, ticket: Ticket, action: Suggestion) -> None:
    assert post(api, at(action, "dismiss"), {"reason": "mood"}).status_code == 400
    dismissed = post(api, at(action, "dismiss"), {"reason": "wrong"}, **{"Idempotency-Key": "2"}).json()
    assert (dismissed["state"], dismissed["reason"]) == ("dismissed", "wrong")
    receive(ticket.customer, "Re:", "It is worse now", metadata={"ticket_number": ticket.number}, external_id="2@x")
    assert api.get(at(action)).json()["state"] == "offered"


def test_somebody_was_faster(api: Client, action: Suggestion) -> None:
    seen = api.get(at(action)).headers["ETag"]
    post(api, at(action, "approve"))
    assert post(api, at(action, "undo"), **{"If-Match": seen}).status_code == 412
    assert post(api, at(action, "undo"), **{"If-Match": api.get(at(action)).headers["ETag"], "Idempotency-Key": "2"}).status_code == 200


@pytest.mark.parametrize(("kind", "value"), [("task", "Decide on the refund."), ("escalate", "supervisor"), ("tag", "late")])
def test_a_key_does_and_undoes_what_an_agent_may(kind: str, value: str, api: Client, ticket: Ticket) -> None:
    one = _offered(ticket, kind, value)
    assert post(api, at(one, "approve")).status_code == 200
    assert post(api, at(one, "undo")).status_code == 200


def test_who_may_only_read_does_nothing(ticket: Ticket, action: Suggestion) -> None:
    reader = Client(headers={"Authorization": f"Bearer {ApiKey.issue('Reader', scopes=['tickets:read'])[1]}"})
    assert reader.get(at(action)).status_code == 200
    assert post(reader, at(action, "approve")).status_code == 403
    assert reader.get(at(action).replace(str(action.pk), "999999")).status_code == 404
