"""Rules by the clock: whom they meet, once, in rounds; and those that come with the product."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from helpdesk.core.models import User
from tests.cast import ago, make_customer, receive
from tickets import replying
from tickets.models import Delivery, Notice, Rule, RuleFiring, Ticket
from tickets.rules import keeping, schedule, shipped

pytestmark = pytest.mark.django_db


def clocked(*actions: dict[str, str], when: list[dict[str, str]], **fields: Any) -> Rule:
    about = {"name": "By the clock", "trigger": "schedule", "is_active": True, "next_run_at": timezone.now()}
    return Rule.objects.create(conditions={"all": when}, actions=list(actions), **{**about, **fields})


PENDING = {"field": "status", "op": "is", "value": "pending"}
NOTE = {"do": "note", "value": "", "text": "Still waiting"}


def waits(days: float) -> dict[str, str]:
    return {"field": "status_since", "op": "more_than", "value": str(int(days * 24))}


def pretend(ticket: Ticket, **ages: float) -> None:
    """Everything in the ticket was so many days ago."""
    names = {"status": "status_since", "agent": "last_agent_message_at", "customer": "last_customer_message_at", "updated": "updated_at"}
    Ticket.objects.filter(pk=ticket.pk).update(**{names[name]: ago(days=days) for name, days in ages.items()})


@pytest.fixture
def pending(ticket: Ticket, maya: User) -> Ticket:
    replying.reply(ticket=ticket, by=maya, text="Does it work now?", status="pending")
    pretend(ticket, status=4, agent=4, customer=5, updated=4)
    return ticket


def test_a_rule_meets_what_waited_long_enough_and_only_once(pending, maya) -> None:
    rule = clocked(NOTE, when=[PENDING, waits(3)], every_minutes=1)
    assert schedule.run_due() == 1
    assert schedule.run_due(timezone.now() + timedelta(minutes=5)) == 0
    assert pending.messages.filter(visibility="internal").count() == 1
    assert RuleFiring.objects.get().rule == rule


def test_it_meets_the_ticket_again_after_something_happened(pending, maya) -> None:
    clocked(NOTE, when=[PENDING, waits(3)], every_minutes=1)
    schedule.run_due()
    RuleFiring.objects.update(at=ago(days=8))
    pretend(pending, status=4)  # it was opened and put to wait once more, four days ago
    assert schedule.run_due(timezone.now() + timedelta(minutes=5)) == 1


def test_a_rule_that_changes_the_status_does_not_take_that_for_news(pending) -> None:
    clocked({"do": "status", "value": "on_hold", "text": ""}, when=[{"field": "created", "op": "more_than", "value": "0"}], every_minutes=1)
    assert schedule.run_due() == 1
    assert schedule.run_due(timezone.now() + timedelta(minutes=5)) == 0


def test_a_rule_is_run_by_one_worker_and_not_before_its_time(pending) -> None:
    rule = clocked(NOTE, when=[PENDING, waits(3)], every_minutes=60)
    now = timezone.now()
    assert schedule._claim(rule, now)
    assert not schedule._claim(rule, now)
    assert schedule.run_due(now + timedelta(minutes=59)) == 0
    assert schedule.run_due(now + timedelta(minutes=61)) == 1


def test_a_long_round_goes_on_in_the_next(support, monkeypatch) -> None:
    monkeypatch.setattr(schedule, "A_ROUND", 2)
    for n in range(5):
        receive(make_customer(f"C{n}", f"c{n}@x.example"), "Hello", "There")
    clocked(NOTE, when=[{"field": "status", "op": "is", "value": "new"}], every_minutes=60)
    assert [schedule.run_due(), schedule.run_due(), schedule.run_due(), schedule.run_due()] == [2, 2, 1, 0]


def test_the_tickets_that_do_not_match_are_not_read(pending, support) -> None:
    def cost() -> int:
        Rule.objects.update(next_run_at=timezone.now())
        with CaptureQueriesContext(connection) as queries:
            schedule.run_due(timezone.now() + timedelta(seconds=1))
        return len(queries)

    clocked(NOTE, when=[PENDING, waits(300)])
    before = cost()
    for n in range(10):
        receive(make_customer(f"C{n}", f"c{n}@x.example"), "Hello", "There")
    assert cost() == before == 3


# -- what comes with the product -------------------------------------------------------------------------------


def one_of_ours(name: str, by: User, **fields: Any) -> Rule:
    shipped.ensure()
    rule = Rule.objects.get(shipped=name)
    assert not rule.is_active, "off until somebody wants it"
    for key, value in fields.items():
        setattr(rule, key, value)
    rule.save()
    keeping.switch(rule, True, by=by)
    return rule


def test_all_that_ship_can_be_kept_and_are_put_in_once(priya) -> None:
    assert shipped.ensure() == len(shipped.shipped())
    assert shipped.ensure() == 0
    for rule in Rule.objects.all():
        assert keeping.problems(rule) == []


def test_tickets_that_stayed_solved_for_a_week_are_closed(ticket, priya) -> None:
    one_of_ours("close-solved", priya)
    ticket.resolve(by=priya)
    assert schedule.run_due() == 0
    pretend(ticket, status=8)
    assert schedule.run_due(timezone.now() + timedelta(hours=2)) == 1
    assert Ticket.objects.get().status == "closed"


def test_who_does_not_answer_is_reminded_once_and_after_a_week_of_silence_it_is_solved(pending, priya) -> None:
    one_of_ours("remind-pending", priya, may_write=True)
    one_of_ours("solve-silent", priya)
    later = timezone.now() + timedelta(hours=2)
    assert schedule.run_due(later) == 1
    assert "have not heard from you" in Delivery.objects.get(message__author_kind="system").message.body_text
    assert schedule.run_due(later + timedelta(hours=2)) == 0
    pretend(pending, updated=8)
    assert schedule.run_due(later + timedelta(hours=4)) == 1
    assert (Ticket.objects.get().status, Ticket.objects.get().tags.count()) == ("resolved", 0)


def test_a_customer_who_answers_is_not_reminded(pending, priya, ingrid) -> None:
    one_of_ours("remind-pending", priya, may_write=True)
    receive(ingrid, "Re:", "It does not", metadata={"ticket_number": pending.number}, external_id="n@n")
    assert schedule.run_due() == 0


def test_the_assignee_hears_when_a_customer_waited_for_a_day(ticket, maya, priya) -> None:
    one_of_ours("follow-up-open", priya)
    ticket.assign(to=maya, by=priya)
    ticket.set_status("open", by=maya)
    pretend(ticket, customer=2)
    assert schedule.run_due() == 1
    assert Notice.objects.get(user=maya, kind="rule").ticket == ticket
