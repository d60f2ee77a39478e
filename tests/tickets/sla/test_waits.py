"""Tickets from before waits were counted in business hours: counted later, once, from what is known of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import call_command

from customers.models import Customer
from helpdesk.core.models import Event
from helpdesk.models import DayFigures
from tests.cast import receive
from tickets import waits
from tickets.models import BusinessHours, Queue, SlaPolicy, Ticket

pytestmark = pytest.mark.django_db

MONDAY = datetime(2026, 3, 2, 16, tzinfo=UTC)  # the office closes at five
OFFICE = [*([[[540, 1020]]] * 5), [], []]


@pytest.fixture
def old(support: Queue, ingrid: Customer) -> Ticket:
    """Written in on Monday at four, waiting for the customer from ten to twelve on Tuesday, answered at noon and solved at two."""
    hours = BusinessHours.objects.create(name="Office", time_zone="UTC", week=OFFICE)
    SlaPolicy.objects.create(name="Everybody", is_default=True, hours=hours)
    ticket = receive(ingrid, "Old", "From long ago").ticket
    tuesday = MONDAY.replace(day=3)
    told = [(10, "open", "pending"), (12, "pending", "open"), (14, "open", "resolved")]
    for hour, before, after in told:
        change = {"kind": "ticket.status_changed", "ticket_ref": ticket.pk, "subject_type": "ticket", "subject_id": str(ticket.pk)}
        Event.objects.create(**change, data={"old": before, "new": after}, occurred_at=tuesday.replace(hour=hour))
    ended = {"first_response_at": tuesday.replace(hour=12), "resolved_at": tuesday.replace(hour=14), "status": "resolved"}
    Ticket.objects.filter(pk=ticket.pk).update(created_at=MONDAY, clocks={}, first_reply_took=None, solving_took=None, **ended)
    return Ticket.objects.get(pk=ticket.pk)


def test_they_are_counted_in_open_hours_without_what_the_history_tells_of_pauses(old: Ticket) -> None:
    said = StringIO()
    call_command("count_waits", stdout=said)
    assert said.getvalue() == "1 tickets counted.\n"
    now = Ticket.objects.get(pk=old.pk)
    assert (now.first_reply_took, now.solving_took) == (2 * 3600, 4 * 3600)
    assert (now.version, now.updated_at, now.clocks) == (old.version, old.updated_at, {}), "nobody changed it"
    assert DayFigures.objects.get(day="2026-03-03").first_replies_open == [2 * 3600]


def test_twice_changes_nothing_and_what_was_counted_stays(old: Ticket, ticket: Ticket) -> None:
    Ticket.objects.filter(pk=old.pk).update(first_reply_took=7)
    assert (waits.fill(), waits.fill()) == (1, 0)
    now = Ticket.objects.get(pk=old.pk)
    assert (now.first_reply_took, now.solving_took) == (7, 4 * 3600)
    assert Ticket.objects.get(pk=ticket.pk).first_reply_took is None, "nobody has answered it yet"


def test_the_clocks_that_a_ticket_remembers_decide(old: Ticket) -> None:
    round_the_clock = {"at": MONDAY.isoformat(), "policy": "", "name": "Standard", "hours": "", "priority": "normal", "targets": {}}
    paused = [[MONDAY.isoformat(), (MONDAY + timedelta(hours=10)).isoformat()]]
    Ticket.objects.filter(pk=old.pk).update(clocks={"stretches": [round_the_clock], "pauses": paused, "asked": None, "told": {}})
    waits.fill()
    assert Ticket.objects.get(pk=old.pk).first_reply_took == 10 * 3600


def test_more_than_fit_at_once_are_all_counted(old: Ticket, monkeypatch: pytest.MonkeyPatch, ingrid: Customer) -> None:
    monkeypatch.setattr(waits, "AT_ONCE", 1)
    other = receive(ingrid, "Older", "Still").ticket
    Ticket.objects.filter(pk=other.pk).update(resolved_at=other.created_at, first_reply_took=None, solving_took=None)
    assert waits.fill() == 2 and not waits.uncounted().exists()
