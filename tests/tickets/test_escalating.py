"""Escalations: raised by people, partners and rules; acknowledged in time or climbing; given over, handed back, solved."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from helpdesk.core.errors import Conflict, Invalid
from helpdesk.core.models import Event, User
from tests.cast import make_agent, signed_in
from tickets import escalating
from tickets.models import Escalation, EscalationLevel, Notice, Queue, Ticket
from tickets.notices import hearing

Drain = Callable[[], int]


@pytest.fixture
def escalated(ticket: Ticket, maya: User) -> Escalation:
    ticket.assign(to=maya, by=maya)
    return escalating.escalate(ticket, level="technical_specialist", reason="Sync is down for all", by=maya)


def steps(ticket: Ticket) -> list[str]:
    return [e.kind for e in Event.objects.filter(ticket_ref=ticket.pk, kind__contains="escalat").order_by("id")]


def test_an_agent_escalates_and_it_stands_in_the_queue(as_maya: Client, ticket: Ticket, drain: Drain) -> None:
    as_maya.post(f"/tickets/{ticket.number}/do/escalate/", {"level": "legal", "reason": "Threatens to sue"})
    drain()
    one = Escalation.objects.get()
    assert (one.level, one.reasons, one.state, one.by_name) == ("legal", ["Threatens to sue"], "waiting", "Maya Lindqvist")
    assert one.due_at - one.raised_at >= timedelta(minutes=239)
    page = as_maya.get("/escalations/").content.decode()
    assert ticket.number in page and "Threatens to sue" in page
    ticket.refresh_from_db()
    assert ticket.metadata["escalation"]["level"] == "legal"


def test_a_rule_of_triage_puts_it_there_once_even_if_it_is_heard_twice(ticket: Ticket) -> None:
    with transaction.atomic():
        event = ticket.record("ticket.escalated", level="security", reasons=["Somebody else signed in"])
    for _twice in range(2):
        escalating.heard(event)
    one = Escalation.objects.get()
    assert (one.level, one.by_name) == ("security", "")
    escalating.hand_back(one, by=make_agent("Sven"))
    escalating.heard(event)  # a subscriber that runs again opens nothing anew
    assert not Escalation.objects.open().exists()


def test_who_acknowledges_stops_the_timer(escalated: Escalation, priya: User) -> None:
    escalating.acknowledge(escalated, by=priya)
    escalated.refresh_from_db()
    assert (escalated.state, escalated.owner, escalated.due_at) == ("acknowledged", priya, None)
    assert escalating.climb(escalated.raised_at + timedelta(days=9)) == 0


def test_what_nobody_acknowledges_climbs_once_a_level_and_stays_overdue_at_the_top(escalated: Escalation, ticket: Ticket) -> None:
    late = escalated.due_at
    assert late is not None
    assert escalating.climb(late - timedelta(seconds=1)) == 0
    assert [escalating.climb(late), escalating.climb(late)] == [1, 0]
    escalated.refresh_from_db()
    assert (escalated.level, escalated.climbed) == ("supervisor", 1)
    assert escalated.due_at is not None
    assert escalating.climb(escalated.due_at) == 1
    escalated.refresh_from_db()
    assert (escalated.level, escalated.climbed, escalated.due_at) == ("supervisor", 2, None)
    assert steps(ticket) == ["ticket.escalated", "escalation.timed_out", "escalation.timed_out"]
    ticket.refresh_from_db()
    assert ticket.metadata["escalation"]["level"] == "supervisor"


def test_a_level_has_the_time_and_the_way_that_it_was_given(ticket: Ticket, maya: User) -> None:
    EscalationLevel.objects.create(slug="legal", minutes=0)
    one = escalating.escalate(ticket, level="legal", reason="No hurry", by=maya)
    assert one.due_at is None


def test_given_over_the_ticket_is_theirs_and_handed_back_it_is_the_first_ones_again(
    escalated: Escalation, ticket: Ticket, maya: User, priya: User
) -> None:
    escalating.give(escalated, to=priya, by=priya)
    ticket.refresh_from_db()
    assert ticket.assignee == priya
    escalating.hand_back(escalated, by=priya, note="Fixed on our side")
    ticket.refresh_from_db()
    escalated.refresh_from_db()
    assert (ticket.assignee, escalated.state, "escalation" in ticket.metadata) == (maya, "handed_back", False)
    assert steps(ticket) == ["ticket.escalated", "escalation.reassigned", "escalation.handed_back"]
    with pytest.raises(Conflict):
        escalating.acknowledge(escalated, by=priya)


def test_a_solved_ticket_ends_it(escalated: Escalation, ticket: Ticket, maya: User, drain: Drain) -> None:
    drain()
    ticket.refresh_from_db()
    ticket.resolve(by=maya)
    drain()
    escalated.refresh_from_db()
    assert escalated.state == "done"
    with pytest.raises(Conflict):
        escalating.escalate(ticket, level="legal", reason="Too late", by=maya)


def test_a_second_escalation_moves_the_open_one(escalated: Escalation, ticket: Ticket, maya: User) -> None:
    escalating.escalate(ticket, level="legal", reason="Now they sue", by=maya)
    assert Escalation.objects.get().level == "legal"
    with pytest.raises(Invalid):
        escalating.escalate(ticket, level="the moon", reason="x", by=maya)
    with pytest.raises(Invalid):
        escalating.escalate(ticket, level="legal", reason=" ", by=maya)


def test_several_at_once_and_only_what_one_may_see(escalated: Escalation, tomasz: User, priya: User) -> None:
    chosen = {"escalation": [str(escalated.pk), "nonsense"], "do": "acknowledge"}
    signed_in(tomasz).post("/escalations/do/", chosen)
    escalated.refresh_from_db()
    assert escalated.state == "waiting"
    assert escalated.ticket.number not in signed_in(tomasz).get("/escalations/").content.decode()
    client = signed_in(priya)
    assert "1 escalation changed" in client.post("/escalations/do/", chosen, follow=True).content.decode()
    assert "Choose a colleague" in client.post("/escalations/do/", {**chosen, "do": "give"}, follow=True).content.decode()
    client.post("/escalations/do/", {**chosen, "do": "hand_back"})
    assert "1 was over already" in client.post("/escalations/do/", chosen, follow=True).content.decode()


def test_the_queue_asks_few_questions_whatever_its_length(
    support: Queue, maya: User, priya: User, django_assert_max_num_queries: Callable[[int], object]
) -> None:
    from tests.cast import receive

    for number in range(12):
        escalating.escalate(receive(f"c{number}@example.com").ticket, level="legal", reason="Why", by=maya)
    client = signed_in(priya)
    with django_assert_max_num_queries(9):  # type: ignore[attr-defined]
        page = client.get("/escalations/").content.decode()
    assert page.count('name="escalation"') == 12


def test_the_back_office_has_the_same_verbs(escalated: Escalation, priya: User) -> None:
    client = signed_in(priya)
    address = "/admin/tickets/escalation/"
    assert "Hand back" in client.get(address).content.decode()
    client.post(address, {"action": "acknowledge", "_selected_action": [str(escalated.pk)]})
    escalated.refresh_from_db()
    assert (escalated.state, escalated.owner) == ("acknowledged", priya)


def test_a_partner_escalates(api: Client, ticket: Ticket) -> None:
    def post(body: dict[str, str]) -> object:
        return api.post(f"/api/v1/tickets/{ticket.number}/escalate/", body, content_type="application/json")

    answer = post({"level": "security", "reason": "Leaked key"})
    assert (answer.status_code, answer.json()["escalation"]["level"]) == (200, "security")  # type: ignore[attr-defined]
    assert Escalation.objects.get().by_name == "Tests"
    assert post({"level": "moon", "reason": "x"}).status_code == 400  # type: ignore[attr-defined]
    assert post({"reason": "x", "who": "me"}).status_code == 400  # type: ignore[attr-defined]


def test_lists_and_partners_read_the_row_not_the_mark(api: Client, ticket: Ticket, maya: User) -> None:
    def found(query: str) -> list[str]:
        return [one["number"] for one in api.get(f"/api/v1/tickets/?{query}").json()["results"]]

    event = by_triage(ticket)
    fresh = api.get(f"/api/v1/tickets/{ticket.number}/")
    assert fresh.json()["escalation"] is None and ticket.number not in signed_in(maya).get("/inbox/escalated/").content.decode()
    escalating.heard(event)
    shown = api.get(f"/api/v1/tickets/{ticket.number}/")
    assert shown["ETag"] != fresh["ETag"]
    assert shown.json()["escalation"] == {
        "level": "security",
        "reasons": ["Stranger signed in"],
        "state": "waiting",
        "also": [],
        "briefing": [],
    }
    assert ticket.number in signed_in(maya).get("/inbox/escalated/").content.decode()
    assert found("escalated=true") == found("escalation=security") == [ticket.number]
    assert found("escalated=false") == found("escalation=legal") == []
    ticket.refresh_from_db()
    ticket.resolve(by=maya)
    assert api.get(f"/api/v1/tickets/{ticket.number}/").json()["escalation"] is None


# -- taken back ------------------------------------------------------------------------------------------------


def by_triage(ticket: Ticket) -> Event:
    with transaction.atomic():
        ticket.metadata = {**ticket.metadata, "escalation": {"level": "security", "reasons": ["Stranger signed in"]}}
        ticket.touch("metadata")
        return ticket.record("ticket.escalated", level="security", reasons=["Stranger signed in"])


def test_what_triage_raised_is_taken_back_whether_the_queue_has_heard_of_it_or_not(ticket: Ticket) -> None:
    event = by_triage(ticket)
    escalating.heard(event)
    assert escalating.take_back(ticket, level="security", reason="x")
    assert Escalation.objects.get().state == "taken_back" and not Escalation.objects.counting().exists()
    quick = by_triage(ticket)
    assert escalating.take_back(ticket, level="security", reason="x")
    escalating.heard(quick)
    assert Escalation.objects.count() == 1 and "escalation" not in ticket.metadata
    assert not escalating.take_back(ticket, level="security", reason="once is enough")


def test_what_climbed_is_taken_back_and_what_somebody_looks_after_is_not(ticket: Ticket, priya: User) -> None:
    escalating.heard(by_triage(ticket))
    escalating.climb(timezone.now() + timedelta(days=1))
    ticket.refresh_from_db()
    assert escalating.take_back(ticket, level="security", reason="x")
    escalating.heard(by_triage(ticket))
    escalating.acknowledge(Escalation.objects.open().get(), by=priya)
    assert not escalating.take_back(ticket, level="security", reason="x")
    assert Escalation.objects.open().exists()


def test_what_a_person_raised_since_stays(ticket: Ticket, maya: User) -> None:
    escalating.heard(by_triage(ticket))
    escalating.escalate(ticket, level="security", reason="I think so too", by=maya)
    assert not escalating.take_back(ticket, level="security", reason="x")


def test_who_is_on_duty_hears_of_it(ticket: Ticket, tomasz: User) -> None:
    EscalationLevel.objects.create(slug="security", minutes=5).on_duty.add(tomasz)
    hearing.hear(by_triage(ticket))
    assert Notice.objects.filter(user=tomasz, kind="escalated").exists()
