"""Costs agree with a count by hand; the month's end is told from the last days; budgets warn once, stop, and say who changed them."""

from __future__ import annotations

import random
import uuid
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from assist.models import ChatSession
from helpdesk.backoffice import costs as page
from helpdesk.backoffice.metrics import costs
from helpdesk.backoffice.metrics.scope import Scope, zone
from helpdesk.core.llm import budgets, providers
from helpdesk.core.models import Event, ModelCall, User
from tests.cast import make_agent, receive, signed_in
from tickets.models import Notice, Queue, Ticket

pytestmark = pytest.mark.django_db


@pytest.fixture
def asked(support: Queue, billing: Queue, ingrid: Any) -> Callable[[int], tuple[list[ModelCall], dict[str, str]]]:
    """Some hundred questions of the last forty days about tickets, chats, nothing and what is gone; with the team of each."""

    def make(seed: int) -> tuple[list[ModelCall], dict[str, str]]:
        dice, now = random.Random(seed), timezone.now()
        tickets = [
            Ticket(number=f"TKT-C-{n}", subject="x", customer=ingrid, queue=dice.choice((support, billing)), channel="email")
            for n in range(9)
        ]
        Ticket.objects.bulk_create(tickets)
        chats = [ChatSession(customer=ingrid, session_id=str(n), ticket=dice.choice((*tickets, None))) for n in range(3)]
        ChatSession.objects.bulk_create(chats)
        teams = {f"ticket:{one.pk}": one.queue.name for one in tickets}
        teams |= {f"chat:{one.pk}": one.ticket.queue.name if one.ticket else "" for one in chats}
        teams |= {"": "", f"ticket:{uuid.uuid4()}": "", "ticket:what": "", "test": ""}
        calls = [
            ModelCall(
                task=dice.choice(("reply", "chat", "summary")), model=dice.choice(("small", "large")), payload_hash="x",
                about=dice.choice(list(teams)), outcome=dice.choice(("done", "failed", "cached")),
                cost=Decimal(dice.randrange(100_000)) / 1_000_000, tokens_in=dice.randrange(900), tokens_out=dice.randrange(90),
                created_at=now - timedelta(minutes=dice.randrange(40 * 24 * 60)),
            )
            for _ in range(300)
        ]  # fmt: skip
        ModelCall.objects.bulk_create(calls)
        return calls, teams

    return make


def by_hand(calls: list[ModelCall], key: Callable[[ModelCall], Any]) -> dict[Any, tuple[int, int, Decimal]]:
    found: dict[Any, list[ModelCall]] = defaultdict(list)
    for one in calls:
        found[key(one)].append(one)
    return {
        what: (len(rows), sum(one.outcome == "failed" for one in rows), sum((one.cost for one in rows), Decimal(0)))
        for what, rows in found.items()
    }


def told(rows: list[costs.Spent]) -> dict[Any, tuple[int, int, Decimal]]:
    return {one.what: (one.calls, one.failed, one.cost) for one in rows if one.calls}


@pytest.mark.parametrize("period", ["today", "7d", "30d"])
def test_every_figure_agrees_with_a_count_by_hand(asked: Callable[[int], Any], priya: User, period: str) -> None:
    calls, teams = asked(5)
    scope = Scope.of(period)
    ours = [one for one in calls if scope.starts <= one.created_at < scope.ends]
    assert told(costs.by("task", scope)) == by_hand(ours, lambda one: one.task)
    assert told(costs.by("model", scope)) == by_hand(ours, lambda one: one.model)
    assert told(costs.by_day(scope)) == by_hand(ours, lambda one: one.created_at.astimezone(zone()).date())
    assert told(costs.by_queue(scope)) == by_hand(ours, lambda one: teams[one.about])
    whole = costs.whole(scope)
    assert (whole.calls, whole.cost, whole.tokens_in) == (len(ours), sum(one.cost for one in ours), sum(one.tokens_in for one in ours))
    dearest, number, mean = costs.by_ticket(scope, priya)
    tickets = by_hand([one for one in ours if one.about.startswith("ticket:") and len(one.about) > 20], lambda one: one.about)
    assert told([one for _ticket, one in dearest]) == tickets and number == len(tickets)
    assert not tickets or mean == sum(one[2] for one in tickets.values()) / len(tickets)


def test_the_rest_of_the_month_goes_on_as_the_last_two_weeks(monkeypatch: pytest.MonkeyPatch) -> None:
    now = datetime(2026, 11, 16, 12, tzinfo=UTC)
    monkeypatch.setattr("django.utils.timezone.now", lambda: now)
    for days, cost in ((20, 7), (10, 14), (3, 14), (0, 1)):
        ModelCall.objects.create(task="reply", model="x", payload_hash="x", cost=cost, created_at=now - timedelta(days=days))
    found = costs.month(now)
    assert costs.left_of_month(now) == Decimal("14.5")
    assert (found.spent, found.forecast) == (29, 29 + Decimal(28) / 10 * Decimal("14.5")), "the first of these days was ten days ago"


def test_nothing_spent_is_nothing_forecast() -> None:
    assert costs.month() == costs.Month(Decimal(0), Decimal(0), {}, {})


def test_the_page_costs_as_many_statements_whatever_was_asked(asked: Callable[[int], Any], priya: User) -> None:
    client = signed_in(priya)
    ModelCall.objects.create(task="reply", model="x", payload_hash="x", about=f"ticket:{receive().ticket_id}", cost="0.01")
    client.get("/settings/ai/costs/")
    with CaptureQueriesContext(connection) as few:
        client.get("/settings/ai/costs/")
    asked(1)
    with CaptureQueriesContext(connection) as many:
        answer = client.get("/settings/ai/costs/")
    assert len(few) == len(many) and "Dearest tickets" in answer.content.decode()


class TestBudgets:
    @pytest.fixture
    def admin(self, db: None) -> User:
        return make_agent("Ruth Abernathy", role=User.Role.ADMIN)

    def spend(self, cost: str, task: str = "reply") -> None:
        ModelCall.objects.create(task=task, model="x", payload_hash="x", cost=cost)

    def test_an_administrator_sets_them_and_everybody_sees_who_did(self, admin: User, priya: User) -> None:
        answer = signed_in(admin).post(
            "/settings/ai/budgets/", {"monthly-": "50", "warn-": "70", "monthly-reply": "20,5", "warn-reply": "80"}
        )
        assert answer.status_code == 302
        assert providers.current().budget == 50
        assert [(one.task, one.monthly, one.warn_at) for one in budgets.standing() if one.monthly] == [
            ("", 50, 70),
            ("reply", Decimal("20.5"), 80),
        ]
        shown = signed_in(priya).get("/settings/ai/budgets/").content.decode()
        assert "Ruth Abernathy" in shown and "$0.00 → $50.00" in shown and "Administrators may change this" in shown
        assert signed_in(priya).post("/settings/ai/budgets/", {"monthly-": "99"}).status_code == 403 and providers.current().budget == 50

    @pytest.mark.parametrize("wrong", [{"monthly-reply": "much"}, {"monthly-reply": "-1"}, {"warn-reply": "0"}, {"monthly-reply": "NaN"}])
    def test_one_wrong_line_changes_nothing(self, wrong: dict[str, str], admin: User) -> None:
        answer = signed_in(admin).post("/settings/ai/budgets/", {"monthly-": "50", "warn-": "80"} | wrong)
        assert answer.status_code == 422 and providers.current().budget == 0 and not Event.objects.filter(kind="budget.changed").exists()

    def test_people_are_told_at_the_warning_and_at_the_end_once_each(self, admin: User, priya: User) -> None:
        budgets.change("reply", monthly="10", warn_at="80", by=admin)
        for cost, notices in (("7.99", 0), ("0.01", 1), ("1.00", 1), ("1.00", 2), ("5.00", 2)):
            self.spend(cost)
            page.watch()
            page.watch()
            assert Notice.objects.filter(user=priya).count() == notices
        assert [one.data["share"] for one in Event.objects.filter(kind="budget.warned").order_by("id")] == [80, 100]
        budgets.change("reply", monthly="100", warn_at="80", by=admin)
        self.spend("70", "reply")
        page.watch()
        assert Notice.objects.filter(user=priya).count() == 3, "a raised budget warns anew"

    def test_a_task_whose_budget_is_spent_is_not_asked_and_others_are(self, admin: User, model: Any) -> None:
        from helpdesk.backoffice.ai import Sign
        from helpdesk.core.llm import LlmUnavailable, Question, complete

        budgets.change("reply", monthly="1", warn_at="80", by=admin)
        self.spend("1")
        model.says('{"ok": true}')
        with pytest.raises(LlmUnavailable) as refused:
            complete(Question(task="reply", instructions="x"), Sign)
        assert refused.value.kind == "budget" and not model.asked
        assert complete(Question(task="chat", instructions="x"), Sign).ok

    def test_a_budget_changed_with_the_provider_is_written_down_too(self, admin: User) -> None:
        form = {"on": "yes", "base_url": "", "key": "", "model": "small", "budget": "10", "seconds": "8", "local-reply": "on"}
        signed_in(admin).post("/settings/ai/", form)
        assert Event.objects.get(kind="budget.changed").data["new"] == {"monthly": "10.00"}
        assert not providers.current().asks("reply") and providers.current().asks("rewrite")


def test_agents_see_none_of_it(as_maya: Client) -> None:
    for path in ("ledger", "costs", "budgets"):
        assert as_maya.get(f"/settings/ai/{path}/").status_code == 403
