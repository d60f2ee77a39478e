"""The pages of the settings ask the database as often for many rows as for one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from assist.models import WidgetSite
from helpdesk.core.models import ApiKey, User, Webhook, WebhookDelivery
from helpdesk.models import Alert, AlertRule
from tests.cast import make_agent, signed_in
from tickets.models import BusinessHours, DutyDay, DutyShift, EscalationLevel, Holiday, Queue, Rule, RuleFiring, SlaPolicy, Ticket

pytestmark = pytest.mark.django_db


def hours(n: int) -> None:
    made = BusinessHours.objects.create(name=f"Hours {n}", country="DE")
    Holiday.objects.create(hours=made, day="2026-12-24")
    SlaPolicy.objects.create(name=f"Policy {n}", hours=made).queues.add(Queue.objects.default())


def members(n: int) -> None:
    made = make_agent(f"Agent{n} Smith", Queue.objects.default(), skills=["api"])
    Queue.objects.create(name=f"Team {n}", slug=f"team-{n}", routing="round_robin").memberships.create(user=made)


def rules(n: int) -> None:
    every = [{"do": "queue", "value": str(Queue.objects.default().pk)}, {"do": "webhook", "value": str(webhook(n).pk)}]
    every += [{"do": "notify", "value": "supervisors", "text": "x"}, {"do": "escalate", "value": "legal"}]
    when = {"all": [{"field": "business_hours", "op": "inside", "value": ""}, {"field": "queue", "op": "is", "value": ""}]}
    made = Rule.objects.create(name=f"Rule {n}", kinds=["ticket.created"], conditions=when, actions=every, position=n)
    RuleFiring.objects.create(rule=made, ticket=Ticket.objects.first(), changes={"priority": {"from": "low", "to": "high"}})


def webhook(n: int) -> Webhook:
    made = Webhook.objects.create(name=f"Hook {n}", url="https://x.example/", created_by=User.objects.first())
    WebhookDelivery.objects.create(webhook=made, kind="ticket.created", body="{}")
    return made


def levels(n: int) -> None:
    EscalationLevel.objects.get_or_create(slug=("legal", "security")[n % 2])[0].on_duty.add(make_agent(f"Duty{n} Smith"))


def shifts(n: int) -> None:
    level, ours, theirs = EscalationLevel.objects.get_or_create(slug="legal")[0], *(make_agent(f"{name}{n} Smith") for name in "AB")
    DutyShift.objects.create(level=level, person=ours, week=[[[0, 1440]]] * 7)
    DutyDay.objects.create(level=level, day=timezone.localdate() + timedelta(days=n), person=ours, stand_in=theirs)


def alerts(n: int) -> None:
    rule = AlertRule.objects.create(name=f"Alert {n}", metric="backlog", limit=n, queue=Queue.objects.default())
    Alert.objects.create(rule=rule, type="backlog", severity="info", message="x", value=1, acknowledged_by=User.objects.first())


PAGES: dict[str, Callable[[int], object]] = {
    "/settings/sla/": hours,
    "/settings/hours/": hours,
    "/settings/routing/": members,
    "/settings/widget/": lambda n: WidgetSite.objects.create(name=f"Site {n}"),
    "/settings/api-keys/": lambda n: ApiKey.issue(f"Key {n}", scopes=["tickets:read"], queues=[Queue.objects.default().pk]),
    "/settings/webhooks/": webhook,
    "/settings/rules/": rules,
    "/settings/rules/history/": rules,
    "/settings/escalations/": levels,
    "/settings/escalations/legal/duty/": shifts,
    "/settings/people/": members,
    "/settings/alerts/": alerts,
}


@pytest.mark.parametrize("page", PAGES)
def test_a_page_of_many_rows_asks_as_often_as_one_of_two(priya: User, ticket: Ticket, page: str) -> None:
    client, make, asked = signed_in(priya), PAGES[page], []
    for numbers in (range(2), range(2, 12)):
        for n in numbers:
            make(n)
        client.get(page)  # what is read once a process
        with CaptureQueriesContext(connection) as queries:
            answer = client.get(page)
        assert answer.status_code == 200
        asked.append(len(queries))
    assert asked[0] == asked[1]


def test_a_teams_page_asks_as_often_however_many_work_in_it(priya: User, support: Queue, ticket: Ticket) -> None:
    client, asked = signed_in(priya), []
    for numbers in (range(2), range(2, 12)):
        for n in numbers:
            members(n)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(f"/settings/routing/{support.pk}/").status_code == 200
        asked.append(len(queries))
    assert asked[0] == asked[1]
