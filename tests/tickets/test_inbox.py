"""The inbox: who sees what, in which order, with how many queries."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from customers.models import Customer
from helpdesk.core.models import User
from tests.cast import receive, signed_in
from tickets import listing, replying, thread
from tickets.models import Queue, Ticket

MOST_QUERIES = 13


def fill(customer: Customer, many: int) -> list[Ticket]:
    return [receive(customer, f"Question {i}", f"Words {i}").ticket for i in range(many)]


@pytest.mark.parametrize("many", [5, 50])
def test_the_inbox_asks_the_same_few_questions_whatever_its_length(
    as_maya: Client, ingrid: Customer, support: Queue, many: int, django_assert_max_num_queries: Any
) -> None:
    fill(ingrid, many)
    with django_assert_max_num_queries(MOST_QUERIES) as asked:
        page = as_maya.get("/inbox/all/")
    assert page.content.decode().count('class="ticket-row"') == min(many, listing.PAGE)
    assert len(asked) == 7


@pytest.mark.parametrize("many", [5, 50])
def test_a_ticket_asks_the_same_few_questions_whatever_its_length(  # noqa: PLR0917
    as_maya: Client, maya: User, ticket: Ticket, ingrid: Customer, many: int, django_assert_max_num_queries: Any
) -> None:
    for i in range(many):
        receive(
            ingrid,
            body=f"And {i}",
            in_reply_to=ticket.messages.get(body_text__startswith="Since").external_id,
            metadata={"ticket_number": ticket.number},
        )
        replying.note(ticket=ticket, by=maya, text=f"Note {i}")
    with django_assert_max_num_queries(MOST_QUERIES) as asked:
        page = as_maya.get(f"/inbox/all/{ticket.number}/")
    assert page.status_code == 200
    assert page.content.decode().count('class="msg"') == min(2 * many + 1, thread.MOST_MESSAGES)
    assert len(asked) == 12, "the last one notes who read"


def test_an_agent_sees_the_own_queues_only(ticket: Ticket, tomasz: User, maya: User, priya: User) -> None:
    for person, sees in ((maya, True), (priya, True), (tomasz, False)):
        page = signed_in(person).get("/inbox/all/").content.decode()
        assert (ticket.number in page) is sees
        assert signed_in(person).get(f"/tickets/{ticket.number}/").status_code == (200 if sees else 404)
    assert Client().get("/inbox/").status_code == 302


def test_rows_stand_in_the_group_of_their_due_time(as_maya: Client, ingrid: Customer) -> None:
    late, today, later = fill(ingrid, 3)
    now = timezone.now()
    for ticket, due in ((late, now - timedelta(hours=1)), (today, now + timedelta(minutes=31)), (later, now + timedelta(days=2))):
        Ticket.objects.filter(pk=ticket.pk).update(due_at=due)
    page = as_maya.get("/inbox/all/")
    assert [[row.ticket.pk for row in rows] for _group, rows, _n in page.context["page"].groups] in (
        [[late.pk], [today.pk], [later.pk]],
        [[late.pk], [], [today.pk, later.pk]],  # the half hour before midnight
    )


@pytest.mark.parametrize("sort", ["sla", "newest", "oldest"])
def test_loading_more_shows_every_ticket_once(maya: User, ingrid: Customer, sort: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "PAGE", 4)
    tickets = fill(ingrid, 11)
    Ticket.objects.filter(pk__in=[t.pk for t in tickets[:3]]).update(due_at=None)
    view, seen, after = listing.VIEWS[5], [], ""
    for _page in range(10):
        page = listing.page(maya, view, view.sort(sort), after=after)
        seen += [row.ticket.pk for row in page.rows]
        if not (after := page.next):
            break
    assert sorted(seen) == sorted(t.pk for t in tickets)
    assert len(seen) == len(set(seen))


@pytest.mark.parametrize(
    "after", ["", "_", "x_y", "2026-01-01T00:00:00+00:00_nope", "~", "99999999999-01-01_00000000-0000-0000-0000-000000000000"]
)
def test_a_cursor_that_makes_no_sense_shows_the_first_page(as_maya: Client, ticket: Ticket, after: str) -> None:
    page = as_maya.get("/inbox/all/", {"after": after, "sort": "sla"})
    assert page.status_code == 200
    assert ticket.number in page.content.decode()


def test_numbers_stop_at_their_bound(monkeypatch: pytest.MonkeyPatch, maya: User, ingrid: Customer) -> None:
    monkeypatch.setattr(listing, "MOST_COUNTED", 3)
    fill(ingrid, 5)
    assert listing.shown(listing.rail(maya).find("all").count) == "2+"


def test_my_open_holds_what_is_mine_and_not_waiting(maya: User, ingrid: Customer) -> None:
    mine, waiting, nobodys, solved = fill(ingrid, 4)
    for ticket in (mine, waiting, solved):
        ticket.assign(to=maya, by=maya)
    waiting.set_status("pending", by=maya)
    solved.resolve(by=maya)
    views = {view.slug: [t.pk for t in view.tickets(maya)] for view in listing.VIEWS}
    assert views["mine"] == [mine.pk]
    assert views["waiting"] == [waiting.pk]
    assert views["unassigned"] == [nobodys.pk]
    assert views["solved"] == [solved.pk]


def test_snoozed_tickets_leave_the_inbox_until_they_wake(as_maya: Client, maya: User, ticket: Ticket) -> None:
    as_maya.post(f"/tickets/{ticket.number}/do/snooze/", {"until": "4h"})
    assert ticket.number not in as_maya.get("/inbox/all/").content.decode()
    assert ticket.number in as_maya.get("/inbox/snoozed/").content.decode()


def test_take_next_gives_the_most_urgent_ticket_that_nobody_has(as_maya: Client, maya: User, ingrid: Customer) -> None:
    calm, urgent = fill(ingrid, 2)
    urgent.set_priority("urgent", by=None)
    answer = as_maya.post("/inbox/next/")
    urgent.refresh_from_db()
    assert urgent.assignee == maya
    assert answer["Location"].endswith(f"{urgent.number}/")
    as_maya.post("/inbox/next/")
    calm.refresh_from_db()
    assert calm.assignee == maya
    assert as_maya.post("/inbox/next/")["Location"].endswith("/inbox/")


def test_an_empty_inbox_says_what_it_means(as_maya: Client) -> None:
    assert "No ticket has come in yet" in as_maya.get("/inbox/").content.decode()


def test_an_unknown_view_is_not_there(as_maya: Client, billing: Queue) -> None:
    assert as_maya.get("/inbox/nothing/").status_code == 404
    assert as_maya.get("/inbox/team-billing/").status_code == 404  # not her team
    assert as_maya.get("/inbox/team-support/").status_code == 200


def test_many_tickets_change_at_once_and_back(as_maya: Client, maya: User, ingrid: Customer, tomasz: User) -> None:
    tickets = fill(ingrid, 3)
    numbers = [t.number for t in tickets]
    answer = as_maya.post("/inbox/bulk/", {"do": "status:pending", "ticket": numbers}, headers={"HX-Request": "true"})
    assert set(Ticket.objects.values_list("status", flat=True)) == {"pending"}
    token = _undo_of(answer)
    assert signed_in(tomasz).post("/inbox/bulk/undo/", {"token": token}).status_code == 302
    assert set(Ticket.objects.values_list("status", flat=True)) == {"pending"}
    as_maya.post("/inbox/bulk/undo/", {"token": token}, headers={"HX-Request": "true"})
    assert set(Ticket.objects.values_list("status", flat=True)) == {"new"}


def test_undo_takes_away_only_the_labels_that_were_new(as_maya: Client, maya: User, ingrid: Customer) -> None:
    had, new = fill(ingrid, 2)
    had.tag("vip", by=maya)
    answer = as_maya.post("/inbox/bulk/", {"do": "tag", "tag": "VIP", "ticket": [had.number, new.number]}, headers={"HX-Request": "true"})
    as_maya.post("/inbox/bulk/undo/", {"token": _undo_of(answer)})
    assert [ticket.tags.count() for ticket in (had, new)] == [1, 0]


def test_undo_says_what_it_could_not_put_back(as_maya: Client, priya: User, ingrid: Customer) -> None:
    (ticket,) = fill(ingrid, 1)
    ticket.assign(to=priya, by=priya)
    answer = as_maya.post("/inbox/bulk/", {"do": "take", "ticket": [ticket.number]}, headers={"HX-Request": "true"})
    User.objects.filter(pk=priya.pk).update(is_active=False)
    undone = as_maya.post("/inbox/bulk/undo/", {"token": _undo_of(answer)}, headers={"HX-Request": "true"})
    assert "1 could not be" in undone["HX-Trigger"]


def _undo_of(answer: Any) -> str:
    return str(json.loads(answer["HX-Trigger"])["console:bulk"]["undo"])


def test_bulk_touches_only_what_the_agent_may_see(ticket: Ticket, tomasz: User) -> None:
    signed_in(tomasz).post("/inbox/bulk/", {"do": "status:closed", "ticket": [ticket.number]})
    ticket.refresh_from_db()
    assert ticket.status == "new"
