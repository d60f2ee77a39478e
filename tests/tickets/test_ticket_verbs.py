"""The ticket's verbs: what they guard, what they write, what they record, what they do to the clocks."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from helpdesk.core.errors import Conflict, Invalid
from helpdesk.core.models import Event
from tests.cast import ago, make_agent, make_category
from tickets import replying, sla
from tickets.models import Ticket

pytestmark = pytest.mark.django_db


def last_event(ticket: Ticket) -> Event:
    return Event.objects.filter(ticket_ref=ticket.pk).latest("id")


def test_solving_stops_the_clocks_and_reopening_starts_them(ticket, maya):
    assert ticket.due_at is not None
    ticket.resolve(by=maya)
    assert (ticket.due_at, ticket.resolved_at is None) == (None, False)
    ticket.reopen(by=maya)
    assert ticket.due_at is not None
    assert ticket.resolved_at is None


def test_waiting_for_the_customer_pauses_the_clock(ticket, maya):
    ticket.set_status("pending", by=maya)
    assert ticket.due_at is None


def test_a_higher_priority_is_due_sooner(ticket, maya):
    before = ticket.due_at
    ticket.set_priority("urgent", by=maya)
    assert ticket.due_at == ticket.created_at + sla.FIRST_REPLY["urgent"] < before


def test_a_first_reply_meets_its_target_and_the_next_question_starts_another(ticket, maya, ingrid):
    from tests.cast import receive

    replying.reply(ticket=ticket, by=maya, text="Looking")
    ticket.refresh_from_db()
    assert ticket.next_reply_due_at is None
    receive(ingrid, "Re:", "and now?", metadata={"ticket_number": ticket.number}, external_id="n@n")
    ticket.refresh_from_db()
    assert ticket.next_reply_due_at == ticket.last_customer_message_at + sla.NEXT_REPLY[ticket.priority]


def test_two_people_with_old_copies_leave_one_truth(ticket, maya):
    hers, his = Ticket.objects.get(pk=ticket.pk), Ticket.objects.get(pk=ticket.pk)
    hers.resolve(by=maya)
    his.set_priority("urgent", by=maya)
    ticket.refresh_from_db()
    assert (ticket.status, ticket.priority, ticket.due_at) == ("resolved", "urgent", None)
    assert ticket.version == hers.version + 1


def test_a_verb_that_changes_nothing_records_nothing(ticket, maya):
    count = Event.objects.count()
    ticket.set_status(ticket.status, by=maya)
    ticket.set_priority(ticket.priority, by=maya)
    ticket.assign(to=None, by=maya)
    ticket.untag("not there", by=maya)
    assert Event.objects.count() == count


def test_what_a_person_decided_is_remembered_and_what_triage_set_is_not(ticket, maya):
    ticket.set_category(make_category("technical"), by=None)
    assert ticket.decided_by_people == []
    ticket.set_category(make_category("billing"), by=maya)
    ticket.refresh_from_db()
    assert ticket.decided_by_people == ["category"]
    assert last_event(ticket).data["new"] == "Billing"


def test_moving_tells_both_queues(ticket, maya, billing, monkeypatch):
    told = []
    monkeypatch.setattr("helpdesk.core.realtime.broadcast", lambda group, _payload: told.append(group))
    old = ticket.queue
    ticket.move(queue=billing, by=maya)
    assert {f"queue.{old.pk}", f"queue.{billing.pk}", f"ticket.{ticket.pk}"} <= set(told)


def test_impossible_wishes_are_refused_and_change_nothing(ticket, maya):
    gone = make_agent("Gone Away", is_active=False)
    for wish in (
        lambda: ticket.set_status("exploded", by=maya),
        lambda: ticket.set_priority("extreme", by=maya),
        lambda: ticket.snooze(until=ago(hours=1), by=maya),
        lambda: ticket.tag("   ", by=maya),
        lambda: ticket.set_subject(" ", by=maya),
        lambda: ticket.assign(to=gone, by=maya),
    ):
        with pytest.raises((Invalid, Conflict)):
            wish()
    fresh = Ticket.objects.get(pk=ticket.pk)
    assert (fresh.version, fresh.status, fresh.assignee) == (ticket.version, "new", None)


def test_a_solved_ticket_cannot_be_snoozed(ticket, maya):
    ticket.resolve(by=maya)
    with pytest.raises(Conflict):
        ticket.snooze(until=timezone.now() + timedelta(days=1), by=maya)


def test_tags_are_one_spelling(ticket, maya):
    ticket.tag("  EU  West ", by=maya)
    ticket.tag("eu west", by=maya)
    assert [tag.name for tag in ticket.tags.all()] == ["eu west"]


def test_a_tag_or_note_from_an_old_copy_leaves_the_clocks_alone(ticket, maya):
    old = Ticket.objects.get(pk=ticket.pk)
    also_old = Ticket.objects.get(pk=ticket.pk)
    ticket.resolve(by=maya)
    old.tag("late", by=maya)
    replying.note(ticket=also_old, by=maya, text="for the file")
    fresh = Ticket.objects.get(pk=ticket.pk)
    assert (fresh.due_at, fresh.version) == (None, ticket.version + 2)


def test_waking_a_solved_ticket_is_no_error(ticket, maya):
    ticket.resolve(by=maya)
    ticket.snooze(until=None, by=maya)
