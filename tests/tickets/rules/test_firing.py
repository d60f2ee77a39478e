"""Rules that something happens to: what they do, in which order, once, never in circles, and how it is taken back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from helpdesk.core.errors import Conflict
from helpdesk.core.models import Event, Receipt
from tests.cast import make_agent, make_customer, receive
from tickets import escalating, replying
from tickets.models import Delivery, Escalation, Message, Notice, Rule, RuleFiring, Ticket
from tickets.rules import firing, undoing

pytestmark = pytest.mark.django_db


def rule(
    name: str = "A rule", *actions: tuple[str, ...], on: str = "ticket.created", when: dict[str, Any] | None = None, **fields: Any
) -> Rule:
    deeds = [dict(zip(("do", "value", "text"), (*one, "", "")[:3], strict=True)) for one in actions or (("priority", "high"),)]
    fields.setdefault("position", Rule.objects.count())
    return Rule.objects.create(name=name, kinds=[on], conditions=when or {}, actions=deeds, is_active=True, **fields)


def only(field: str, op: str, value: str) -> dict[str, Any]:
    return {"all": [{"field": field, "op": op, "value": value}]}


def fresh(ticket: Ticket) -> Ticket:
    return Ticket.objects.get(pk=ticket.pk)


def test_a_rule_does_what_it_says_and_the_log_has_before_and_after(support, billing, ingrid, maya, drain) -> None:
    made = rule(
        "Enterprise first", ("priority", "urgent"), ("queue", str(billing.pk)), ("tag", "VIP"), ("note", "", "{{customer.name}} first"),
        when=only("tier", "has", "enterprise"),
    )  # fmt: skip
    ticket = receive(ingrid, "Help", "Now").ticket
    drain()
    now = fresh(ticket)
    assert (now.priority, now.queue, [tag.name for tag in now.tags.all()]) == ("urgent", billing, ["vip"])
    note = now.messages.get(visibility="internal")
    assert (note.body_text, note.author_name, note.automatic) == ("Ingrid Sørensen-Dahl first", "Enterprise first", True)
    fired = RuleFiring.objects.get()
    assert (fired.rule, fired.outcome) == (made, "fired")
    assert fired.changes["queue"] | {"old": "", "new": ""} == {"old": "", "new": "", "from": "General support", "to": "Billing"}
    assert Event.objects.get(kind="ticket.priority_changed").actor_name == "Enterprise first"


def test_a_rule_leaves_other_tickets_alone(support, dwayne, drain) -> None:
    rule(when=only("tier", "has", "enterprise"))
    ticket = receive(dwayne, "Help", "Now").ticket
    drain()
    assert (fresh(ticket).priority, RuleFiring.objects.count()) == ("normal", 0)


def test_a_rule_that_is_off_does_nothing(ticket, drain) -> None:
    Rule.objects.filter(pk=rule().pk).update(is_active=False)
    drain()
    assert fresh(ticket).priority == "normal"


def test_the_same_event_heard_twice_fires_once(ticket, drain) -> None:
    rule("Note", ("note", "", "Seen"))
    drain()
    for event in Event.objects.filter(kind="ticket.created"):
        firing.fire_for(event)
    assert ticket.messages.filter(visibility="internal").count() == 1


def test_a_failure_half_way_is_made_up_for_without_doing_anything_twice(ticket, drain, monkeypatch) -> None:
    rule("First", ("note", "", "First"))
    second = rule("Second", ("note", "", "Second"))
    whole = firing.carry_out

    def breaks(one: Rule, *args: Any, **kwargs: Any) -> None:
        if one == second:
            raise OSError("the disk is full")
        whole(one, *args, **kwargs)

    monkeypatch.setattr(firing, "carry_out", breaks)
    drain()
    assert Receipt.objects.get(subscriber="tickets.fire_rules", done_at=None, event__kind="ticket.created").error
    monkeypatch.setattr(firing, "carry_out", whole)
    firing.fire_for(Event.objects.get(kind="ticket.created"))
    assert sorted(ticket.messages.filter(visibility="internal").values_list("body_text", flat=True)) == ["First", "Second"]


def test_rules_come_in_their_order_and_one_may_end_the_row(ticket, drain) -> None:
    rule("Second", ("priority", "low"), position=2)
    rule("First", ("priority", "high"), position=1, stops=True)
    drain()
    assert fresh(ticket).priority == "high"
    assert [one.rule.name for one in RuleFiring.objects.all()] == ["First"]


def test_a_rule_sees_what_the_rule_before_it_did(ticket, drain) -> None:
    rule("First", ("priority", "urgent"), position=1)
    rule("Second", ("tag", "burning"), when=only("priority", "is", "urgent"), position=2)
    drain()
    assert [tag.name for tag in ticket.tags.all()] == ["burning"]


def test_words_of_the_message_and_what_it_was_before_can_be_asked_for(ticket, maya, drain) -> None:
    rule("Refunds", ("tag", "refund"), on="message.received", when=only("message", "contains", "503, refund"))
    rule("Reopened", ("tag", "again"), on="ticket.status_changed", when=only("was_status", "is", "resolved"))
    drain()
    ticket.resolve(by=maya)
    ticket.reopen(by=maya)
    drain()
    assert sorted(tag.name for tag in ticket.tags.all()) == ["again", "refund"]


# -- circles ---------------------------------------------------------------------------------------------------


def test_a_rule_never_answers_its_own_change_and_the_log_says_so(ticket, maya, drain, monkeypatch) -> None:
    logged: list[str] = []
    rule("Note the note", ("note", "", "And another"), on="note.added")
    monkeypatch.setattr(firing.log, "warning", lambda line, **_more: logged.append(line))
    drain()
    replying.note(ticket=ticket, by=maya, text="One")
    drain()
    assert ticket.messages.filter(visibility="internal").count() == 2
    held = RuleFiring.objects.get(outcome="stopped")
    assert held.remarks == ["Held back: its own change came back to it."]
    assert logged == ["rule_loop_stopped"]


def test_two_rules_that_start_each_other_stop_after_one_round(ticket, maya, drain) -> None:
    rule("Up", ("priority", "urgent"), on="ticket.priority_changed", when=only("priority", "is", "low"))
    rule("Down", ("priority", "low"), on="ticket.priority_changed", when=only("priority", "is", "urgent"))
    drain()
    ticket.set_priority("low", by=maya)
    drain()
    assert fresh(ticket).priority == "low"
    assert RuleFiring.objects.filter(outcome="fired").count() == 2
    assert RuleFiring.objects.filter(outcome="stopped").exists()


def test_a_long_row_of_rules_ends_at_the_depth_limit(ticket, maya, drain) -> None:
    for n in range(8):  # the later ones stand first: none sees in its turn what the one before it did
        rule(f"Step {n}", ("tag", f"step-{n + 1}"), on="ticket.tagged", when=only("tag", "has", f"step-{n}"), position=8 - n)
    drain()
    ticket.tag("step-0", by=maya)
    drain()
    assert ticket.tags.filter(name="step-5").exists()
    assert not ticket.tags.filter(name="step-6").exists()
    held = RuleFiring.objects.filter(outcome="stopped").values_list("remarks", flat=True)
    assert ["Held back: 5 rules had started each other."] in list(held)


def test_what_a_rule_decides_is_no_lesson_for_the_engine(ticket, maya, drain) -> None:
    drain()
    rule("Raise", ("priority", "high"), on="ticket.tagged")
    ticket.tag("x", by=maya)
    drain()
    changed = Event.objects.get(kind="ticket.priority_changed", actor_kind="rule")
    assert "assist.learn_from_a_decision" not in changed.receipts.values_list("subscriber", flat=True)
    assert fresh(ticket).decided_by_people == ["priority"]  # and triage leaves it as the rule set it


# -- replies ---------------------------------------------------------------------------------------------------


def test_a_reply_leaves_only_when_the_rule_may_write(ticket, drain) -> None:
    made = rule("Hello", ("reply", "", "Dear {{customer.first_name}}, your number is {{ticket.number}}"))
    drain()
    assert not Delivery.objects.exists()
    assert "may not write" in RuleFiring.objects.get().remarks[0]
    Rule.objects.filter(pk=made.pk).update(may_write=True)
    other = receive(make_customer("Ada Byron", "ada@x.example"), "Help", "Me").ticket
    drain()
    reply = Message.objects.get(ticket=other, author_kind="system")
    assert reply.body_text == f"Dear Ada, your number is {other.number}"
    assert (reply.automatic, reply.deliveries.get().recipient) == (True, "ada@x.example")
    assert fresh(other).first_response_at is None, "only people answer"


def test_a_machine_gets_no_reply_and_nobody_gets_many(support, ingrid, drain) -> None:
    rule("Hello", ("reply", "", "Hello"), on="message.received", may_write=True)
    receive(ingrid, "Out of office", "I am away", automatic=True, external_id="a@a")
    drain()
    assert not Delivery.objects.exists()
    first = receive(ingrid, "Help", "Me", external_id="b@b").ticket
    receive(ingrid, "Re:", "And?", metadata={"ticket_number": first.number}, external_id="c@c")
    drain()
    assert Delivery.objects.filter(message__ticket=first).count() == 1
    for n in range(4):
        receive(ingrid, f"More {n}", "Me", external_id=f"{n}@m")
    drain()
    assert Delivery.objects.filter(recipient=ingrid.email).count() == 3


# -- people, snoozing, escalating ------------------------------------------------------------------------------


def test_a_rule_assigns_escalates_and_tells_people_once(ticket, maya, priya, drain) -> None:
    tells = (("notify", "assignee", "Look: {{ticket.number}}"), ("notify", "supervisors", "Look"))
    rule("All hands", ("assignee", str(maya.pk)), ("escalate", "legal", "A lawyer"), *tells)
    drain()
    now = fresh(ticket)
    assert (now.assignee, now.metadata["escalation"]["level"]) == (maya, "legal")
    assert set(Notice.objects.filter(kind="rule").values_list("user__email", flat=True)) == {maya.email, priya.email}


def test_what_cannot_be_done_is_left_out_and_said(ticket, maya, drain) -> None:
    gone = make_agent("Gone Away", is_active=False)
    rule("Odd", ("assignee", str(gone.pk)), ("status", "resolved"), ("snooze", "4"), ("tag", "done"))
    drain()
    now, fired = fresh(ticket), RuleFiring.objects.get()
    assert (now.assignee, now.status, [tag.name for tag in now.tags.all()]) == (None, "resolved", ["done"])
    assert len(fired.remarks) == 2


def test_a_rule_snoozes(ticket, drain) -> None:
    rule("Later", ("snooze", "4"))
    drain()
    until = fresh(ticket).snoozed_until
    assert until is not None
    assert timedelta(hours=3) < until - timezone.now() <= timedelta(hours=4)


# -- taking it back --------------------------------------------------------------------------------------------


def test_what_a_rule_did_is_taken_back_where_nobody_changed_it_since(ticket, billing, maya, priya, drain) -> None:
    rule("Much", ("priority", "urgent"), ("queue", str(billing.pk)), ("tag", "a"), ("assignee", str(maya.pk)), ("escalate", "legal"))
    drain()
    fresh(ticket).set_priority("low", by=priya)
    done = RuleFiring.objects.get()
    assert undoing.undo(done, by=priya) == ["priority"]
    now = fresh(ticket)
    assert (now.priority, now.queue.slug, now.assignee, list(now.tags.all())) == ("low", "support", None, [])
    assert "escalation" not in now.metadata
    with pytest.raises(Conflict):
        undoing.undo(done, by=priya)


def test_an_escalation_stands_in_the_queue_until_it_is_taken_back(ticket, priya, drain) -> None:
    rule("Legal", ("escalate", "legal", "A lawyer"))
    drain()
    escalating.heard(Event.objects.get(kind="ticket.escalated"))
    assert Escalation.objects.open().get().by_name == "Legal"
    undoing.undo(RuleFiring.objects.get(), by=priya)
    assert not Escalation.objects.open().exists()


# -- cost ------------------------------------------------------------------------------------------------------


def cost(event: Event) -> int:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        firing.fire_for(event)
    return len(queries)


def test_an_event_costs_the_same_with_one_rule_and_with_fifty(ticket, drain) -> None:
    event = Event.objects.get(kind="ticket.created")
    assert cost(event) == 1
    rule(when=only("tier", "has", "nobody's"))
    with_one = cost(event)
    for n in range(49):
        rule(
            f"Rule {n}",
            when={"all": [{"field": "subject", "op": "contains", "value": f"word{n}"}, {"field": "tag", "op": "has", "value": "x"}]},
        )
    assert cost(event) == with_one == 4
