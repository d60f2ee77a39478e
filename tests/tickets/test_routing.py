"""Who gets the next ticket: in turn or by load, within capacity, skills and language, and never two for one."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connections
from django.test import Client
from django.utils import timezone

from helpdesk.core.accounts import availability
from helpdesk.core.models import Event, User
from tests.cast import make_agent, receive, signed_in
from tickets import routing
from tickets.models import Queue, QueueMembership, Ticket

Drain = Callable[[], int]


@pytest.fixture
def desk(db: None) -> Queue:
    return Queue.objects.create(name="Desk", slug="desk", is_default=True, routing="round_robin", matches_language=False)


def waiting(number: int, **fields: object) -> list[Ticket]:
    """Tickets that have waited for a while, the first the longest."""
    found = []
    for place in range(number):
        ticket = receive(f"one{place}@example.com", received_at=timezone.now() - timedelta(minutes=60 - place)).ticket
        Ticket.objects.filter(pk=ticket.pk).update(**fields)
        found.append(ticket)
    return found


def owners(tickets: list[Ticket]) -> list[str]:
    by_id = {ticket.pk: ticket.assignee for ticket in Ticket.objects.select_related("assignee")}
    return [(by_id[ticket.pk] and by_id[ticket.pk].name) or "" for ticket in tickets]  # type: ignore[union-attr]


def test_a_team_that_is_worked_by_hand_is_left_alone(support: Queue, maya: User) -> None:
    tickets = waiting(1)
    assert routing.give_out() == 0
    assert owners(tickets) == [""]


def test_in_turn_each_gets_one_and_the_oldest_goes_first(desk: Queue) -> None:
    make_agent("Anna", desk), make_agent("Bela", desk)
    tickets = waiting(4)
    assert routing.give_out() == 4
    assert owners(tickets) == ["Anna", "Bela", "Anna", "Bela"]
    told = Event.objects.filter(kind="ticket.assigned").order_by("id")
    assert [(event.data["reason"], event.actor_kind) for event in told] == [("In turn", "system")] * 4


def test_by_load_whoever_has_least_to_do_for_their_capacity_gets_the_next(desk: Queue) -> None:
    Queue.objects.update(routing="least_loaded")
    anna, bela = make_agent("Anna", desk, capacity=2), make_agent("Bela", desk, capacity=10)
    busy = waiting(2)
    for ticket in busy:
        ticket.assign(to=bela, by=anna)
    tickets = waiting(3)
    routing.give_out()
    assert owners(tickets) == ["Anna", "Bela", "Bela"]  # nothing of two; then two of ten; three of ten stand against one of two


def test_who_has_no_room_is_away_or_does_not_take_work_gets_nothing(desk: Queue) -> None:
    make_agent("Full", desk, capacity=0)
    make_agent("Away", desk, availability="away")
    make_agent("Busy", desk, availability="busy")
    QueueMembership.objects.filter(user=make_agent("Lead", desk)).update(takes_work=False)
    make_agent("Left", desk, is_active=False)
    tickets = waiting(1)
    assert routing.give_out() == 0
    make_agent("Anna", desk)
    assert routing.give_out() == 1
    assert owners(tickets) == ["Anna"]


def test_skills_are_needed_and_the_customers_language_goes_first(desk: Queue) -> None:
    Queue.objects.update(skills=["api"], matches_language=True)
    make_agent("Anna", desk, skills=["api", "refunds"])
    make_agent("Dora", desk, skills=["api"], languages=["de"])
    make_agent("Emil", desk, languages=["de"])
    german, other = waiting(1, language="de"), waiting(1, language="en")
    routing.give_out()
    assert (owners(german), owners(other)) == (["Dora"], ["Anna"])


def test_when_somebody_frees_up_the_oldest_that_waits_is_theirs(desk: Queue, drain: Drain) -> None:
    anna = make_agent("Anna", desk, capacity=1)
    first, second, third = waiting(3)
    routing.give_out()
    assert owners([first, second, third]) == ["Anna", "", ""]
    first.refresh_from_db()
    first.resolve(by=anna)
    drain()
    assert owners([second, third]) == ["Anna", ""]


def test_who_comes_back_is_given_what_waits(desk: Queue, drain: Drain) -> None:
    anna = make_agent("Anna", desk, availability="away")
    tickets = waiting(1)
    signed_in(anna).post("/profile/availability/", {"availability": "available", "next": "/inbox/"})
    drain()
    assert owners(tickets) == ["Anna"]


def test_a_new_ticket_waits_for_triage_to_say_whose_it_is(desk: Queue) -> None:
    make_agent("Anna", desk)
    fresh = receive().ticket
    assert routing.give_out() == 0
    Ticket.objects.filter(pk=fresh.pk).update(analysis={})
    assert routing.give_out() == 1


def test_what_a_person_laid_aside_stays_where_it_is(desk: Queue) -> None:
    anna = make_agent("Anna", desk)
    [ticket] = waiting(1)
    ticket.assign(to=anna, by=anna)
    ticket.assign(to=None, by=anna)
    assert routing.give_out() == 0


def test_a_ticket_that_comes_back_goes_to_somebody_who_is_there(desk: Queue, drain: Drain) -> None:
    anna, bela = make_agent("Anna", desk), make_agent("Bela", desk)
    [ticket] = waiting(1)
    ticket.assign(to=anna, by=anna)
    ticket.resolve(by=anna)
    drain()
    availability.choose(anna, "away", by=anna)
    receive(ticket.customer, body="It is broken again.", metadata={"ticket_number": ticket.number})
    drain()
    assert owners([ticket]) == [bela.name]
    assert Event.objects.filter(kind="ticket.assigned", data__reason="the owner is away").count() == 1


def test_a_ticket_that_comes_back_stays_with_an_owner_who_is_there(desk: Queue, drain: Drain) -> None:
    anna, _bela = make_agent("Anna", desk, availability="busy"), make_agent("Bela", desk)
    [ticket] = waiting(1)
    ticket.assign(to=anna, by=anna)
    ticket.resolve(by=anna)
    receive(ticket.customer, body="It is broken again.", metadata={"ticket_number": ticket.number})
    drain()
    assert owners([ticket]) == ["Anna"]


@pytest.mark.django_db(transaction=True)
def test_eight_who_give_out_at_once_give_each_ticket_once_and_nobody_too_much(desk: Queue) -> None:
    for name in ("Anna", "Bela", "Cara"):
        make_agent(name, desk, capacity=3)
    waiting(12)

    def work(_number: int) -> int:
        try:
            return routing.give_out()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        given = sum(pool.map(work, range(8)))
    routing.give_out()  # what one of them held while another looked
    held = [Ticket.objects.filter(assignee=agent).count() for agent in User.objects.all()]
    assert held == [3, 3, 3] and given <= 9
    assert Event.objects.filter(kind="ticket.assigned").count() == 9


def test_who_has_no_console_open_is_away_until_they_are_seen(desk: Queue) -> None:
    anna = make_agent("Anna", desk)
    now = timezone.now()
    User.objects.filter(pk=anna.pk).update(last_seen_at=now, date_joined=now - timedelta(days=1))
    assert availability.send_away(now + timedelta(minutes=5)) == 0
    assert availability.send_away(now + timedelta(minutes=16)) == 1
    anna.refresh_from_db()
    assert (anna.availability, anna.is_auto_away) == ("away", True)
    availability.seen(anna)
    anna.refresh_from_db()
    assert (anna.availability, anna.is_auto_away) == ("available", False)
    availability.choose(anna, "away", by=anna)
    availability.seen(anna)  # who said so themselves stays away
    anna.refresh_from_db()
    assert anna.availability == "away"


def test_supervisors_set_how_a_team_is_served(desk: Queue, priya: User) -> None:
    anna, bela = make_agent("Anna", desk), make_agent("Bela", desk)
    client: Client = signed_in(priya)
    answer = client.post(f"/settings/routing/{desk.pk}/", {"routing": "least_loaded", "skills": "API, refunds", "takers": [str(anna.pk)]})
    assert answer.status_code == 302
    desk.refresh_from_db()
    assert (desk.routing, desk.skills, desk.matches_language) == ("least_loaded", ["api", "refunds"], False)
    assert list(desk.memberships.filter(takes_work=True).values_list("user__name", flat=True)) == ["Anna"]
    assert Event.objects.get(kind="routing.changed").data["new"]["members"] == ["Anna"]
    assert "0 of 10" in client.get(f"/settings/routing/{desk.pk}/").content.decode()
    assert client.post(f"/settings/routing/{desk.pk}/", {"routing": "by magic"}).status_code == 422
    fields = {"role": "agent", "queues": [str(desk.pk)], "capacity": "4", "skills": "Refunds,  api", "languages": "de"}
    assert client.post(f"/settings/people/{bela.pk}/", fields).status_code == 302
    bela.refresh_from_db()
    assert (bela.capacity, bela.skills, bela.languages) == (4, ["api", "refunds"], ["de"])
