"""Alerts on figures: opened once, closed by themselves, taken care of by people."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from customers.models import Customer
from helpdesk.backoffice import alerts
from helpdesk.core.errors import Invalid
from helpdesk.core.models import Event, ModelCall, User
from helpdesk.models import Alert, AlertRule
from tests.cast import receive, signed_in
from tickets import rating
from tickets.models import Escalation, Queue, Ticket

pytestmark = pytest.mark.django_db
GIVEN: dict[str, Any] = {"name": "Backlog", "metric": "backlog", "direction": "above", "limit": "0", "severity": "critical"}
WRONG = [
    ("name", ""),
    ("name", "x" * 121),
    ("metric", "luck"),
    ("limit", "much"),
    ("limit", "-1"),
    ("limit", "nan"),
    ("hours", "0"),
    ("severity", "x"),
]


def rule(metric: str, limit: float, **more: Any) -> AlertRule:
    return AlertRule.objects.create(name=metric, metric=metric, limit=limit, **more)


def told() -> list[str]:
    return list(Event.objects.filter(kind__in=("alert.opened", "alert.closed")).order_by("id").values_list("kind", flat=True))


def test_it_opens_once_and_closes_by_itself(ticket: Ticket, maya: User) -> None:
    rule("backlog", 0, severity="critical")
    for _minute in range(3):
        alerts.evaluate()
    alert = Alert.objects.get()
    assert (alert.type, alert.severity, alert.message) == ("backlog", "critical", "Open tickets is 1, limit 0")
    ticket.resolve(by=maya)
    for _minute in range(2):
        alerts.evaluate()
    alert.refresh_from_db()
    assert alert.closed_at and told() == ["alert.opened", "alert.closed"]
    opened = Event.objects.get(kind="alert.opened").data
    assert {name: opened[name] for name in ("type", "severity", "message")} == {
        "type": "backlog",
        "severity": "critical",
        "message": "Open tickets is 1, limit 0",
    }
    ticket.reopen(by=maya)
    alerts.evaluate()
    assert Alert.objects.count() == 2, "the next time is another alert"


def test_two_workers_open_one(ticket: Ticket) -> None:
    found = rule("backlog", 0)
    alerts.look(found)
    with pytest.raises(IntegrityError), transaction.atomic():
        Alert.objects.create(rule=found, type="backlog", severity="info", message="x", value=1)
    assert alerts._open(found, 1.0, "x") == Alert.objects.get()


def test_a_figure_at_its_limit_does_not_flutter(support: Queue, ingrid: Customer, maya: User) -> None:
    for n in range(101):
        receive(ingrid, f"{n}", external_id=f"{n}@x.example")
    found = rule("backlog", 100)
    assert alerts.look(found)
    Ticket.objects.filter(subject__in=("1", "2")).update(status="resolved")
    assert alerts.look(found), "99 is back by less than two percent"
    Ticket.objects.filter(subject__in=("3", "4", "5")).update(status="resolved")
    assert alerts.look(found) is None


def test_every_figure_of_the_contract_can_be_watched(ticket: Ticket, maya: User) -> None:
    now = timezone.now()
    late = {"created_at": now - timedelta(hours=2), "due_at": now - timedelta(hours=1)}
    Ticket.objects.filter(pk=ticket.pk).update(sentiment="negative", **late)
    Escalation.objects.create(ticket=ticket, level="legal")
    ModelCall.objects.create(task="reply", model="x", payload_hash="x", outcome="failed", cost=3)
    waits = alerts.measure(rule("queue_age", 60))
    assert waits.value == pytest.approx(120, abs=30)
    expected = {"escalation_rate": 100, "negative_mood": 100, "overdue": 1, "backlog": 1, "error_rate": 100, "model_spend": 3}
    for metric, value in expected.items():
        assert alerts.measure(rule(metric, 0)).value == value, metric
    Ticket.objects.filter(pk=ticket.pk).update(first_response_at=now - timedelta(hours=1))
    assert alerts.measure(rule("first_response", 300)).value == 3600
    rating.rate(ticket=Ticket.objects.get(pk=ticket.pk), score=2, source="mail")
    low = rule("satisfaction", 3.5, direction="below")
    found = alerts.look(low)
    assert found and found.message == "Satisfaction is 2, limit 3.50"


def test_a_team_alone_and_too_few_cases(ticket: Ticket, billing: Queue) -> None:
    assert alerts.look(rule("backlog", 0, queue=billing)) is None
    assert alerts.look(rule("escalation_rate", 0, at_least=5)) is None
    assert alerts.look(rule("backlog", 0, is_on=False)) is None
    assert alerts.look(rule("first_response", 0)) is None, "nobody was answered: no figure, no alert"


def test_switching_a_rule_off_closes_its_alert(ticket: Ticket, priya: User) -> None:
    found = alerts.save_rule(GIVEN, by=priya)
    assert Alert.objects.open().filter(rule=found).exists(), "saving looks at once"
    alerts.save_rule({**GIVEN, "is_on": False}, by=priya, rule=found)
    assert not Alert.objects.open().exists()


@pytest.mark.parametrize(("field", "value"), WRONG)
def test_a_rule_that_makes_no_sense_is_refused(support: Queue, priya: User, field: str, value: str) -> None:
    with pytest.raises(Invalid) as refused:
        alerts.save_rule({**GIVEN, field: value}, by=priya)
    assert refused.value.extra["field"] == field and not AlertRule.objects.exists()
    page = signed_in(priya).post("/settings/alerts/", {**GIVEN, field: value})
    assert page.status_code == 422 and 'role="alert"' in page.content.decode()


def test_the_whole_companys_figures_know_no_team(support: Queue, priya: User) -> None:
    with pytest.raises(Invalid):
        alerts.save_rule({**GIVEN, "metric": "model_spend", "queue": "support"}, by=priya)


def test_a_supervisor_makes_a_rule_sees_the_alert_and_takes_care(ticket: Ticket, priya: User) -> None:
    browser = signed_in(priya)
    assert browser.post("/settings/alerts/", {**GIVEN, "is_on": "1"}).status_code == 302
    page = browser.get("/settings/alerts/").content.decode()
    assert "Open tickets is 1, limit 0" in page and "I take care of it" in page
    assert "Backlog" in browser.get("/dashboard/").content.decode()
    alert = Alert.objects.get()
    for _press in range(2):
        assert browser.post(f"/settings/alerts/{alert.pk}/seen/").status_code == 302
    alert.refresh_from_db()
    assert alert.acknowledged_by == priya and Event.objects.filter(kind="alert.acknowledged").count() == 1
    changed = browser.post(f"/settings/alerts/rules/{alert.rule_id}/", {**GIVEN, "limit": "5", "is_on": "1"})
    assert changed.status_code == 302 and not Alert.objects.open().exists()
    assert browser.post(f"/settings/alerts/rules/{alert.rule_id}/", {"remove": "1"}).status_code == 302
    assert not AlertRule.objects.exists()


def test_partners_hear_of_alerts(ticket: Ticket, api: Client) -> None:
    rule("backlog", 0)
    alerts.evaluate()
    heard = api.get("/api/v1/events/", {"kind": "alert.opened"}).json()["results"]
    assert [one["data"]["severity"] for one in heard] == ["warning"]
