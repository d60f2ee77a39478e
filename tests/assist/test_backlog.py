"""Triage of a backlog: chosen, read ticket by ticket, stopped, gone on with after a kill, reported and taken back."""

from __future__ import annotations

from uuid import UUID

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from assist.models import TriageBatch, TriageBatchPiece, TriageRun
from assist.triage import arrival, backlog, undoing
from customers.models import Customer
from helpdesk.core.errors import Conflict, Invalid
from helpdesk.core.models import Event, User
from knowledge.categories import load_default_categories
from knowledge.models import Category
from tests.cast import make_agent, make_customer, receive, signed_in
from tickets import escalating
from tickets.models import Escalation, Queue, Ticket

pytestmark = pytest.mark.django_db
TWICE = "My card was charged twice for the same month. I am not happy about it, please refund the second payment."
LAWYER = "The database is corrupted and all our orders are lost. Our lawyer will sue you."


@pytest.fixture(autouse=True)
def _categories(db: None) -> None:
    load_default_categories()


@pytest.fixture
def backlog_of_three(support: Queue) -> list[Ticket]:
    people = [make_customer(f"Customer {n}", f"c{n}@example.com") for n in range(3)]
    words = [("Two payments", TWICE), ("Everything is lost", LAWYER), ("Payments", TWICE)]
    return [receive(person, *said).ticket for person, said in zip(people, words, strict=True)]


def finish(batch: TriageBatch) -> TriageBatch:
    while backlog.work(batch.pk):
        pass
    batch.refresh_from_db()
    return batch


def values(ticket: Ticket) -> tuple[str | None, str, str | None]:
    ticket.refresh_from_db()
    level = (ticket.metadata.get("escalation") or {}).get("level")
    return ticket.category.slug if ticket.category else None, ticket.priority, level


def test_a_supervisor_chooses_starts_and_reads_what_changed(backlog_of_three: list[Ticket], priya: User) -> None:
    client = signed_in(priya)
    assert "3 open tickets" in client.get("/evaluation/batches/?unread=1").content.decode()
    page = client.post("/evaluation/batches/", {"unread": "1"})["Location"]
    batch = TriageBatch.objects.get()
    assert "0 of 3 tickets read" in client.get(f"{page}?part=1").content.decode()
    assert finish(batch).state == "done"
    report = client.get(page).content.decode()
    assert "3 tickets read" in report
    assert all(ticket.number in report for ticket in backlog_of_three)
    assert values(backlog_of_three[0]) == ("billing", "high", None)
    assert values(backlog_of_three[1]) == ("data_loss", "urgent", "legal")
    counts = backlog.counts([batch])[batch.pk]
    assert (counts["read"], counts["category"], counts["escalation"], counts["failed"]) == (3, 3, 1, 0)
    assert client.post("/evaluation/batches/", {"unread": "1"}).status_code == 422  # nothing is left that was never read


def test_the_filters_mean_what_they_say(backlog_of_three: list[Ticket], billing: Queue, priya: User, maya: User) -> None:
    first, second, third = backlog_of_three
    first.move(queue=billing, by=priya)
    second.set_priority("low", by=priya)
    third.assign(to=maya, by=priya)
    solved = receive("else@example.com", "Else", "Something else").ticket
    solved.resolve(by=priya)

    def numbers(**wanted: str) -> set[str]:
        return set(backlog.chosen(wanted, priya).values_list("number", flat=True))

    assert numbers() == {first.number, second.number, third.number}
    assert numbers(queue="billing") == {first.number}
    assert numbers(priority="low") == {second.number}
    assert numbers(unassigned="1") == {first.number, second.number}
    assert numbers(category="none", days="7") == numbers()
    Ticket.objects.filter(pk=first.pk).update(created_at="2020-01-01T00:00Z")
    assert numbers(days="7") == {second.number, third.number}


def test_a_killed_worker_s_batch_goes_on_and_reads_no_ticket_twice(
    backlog_of_three: list[Ticket], priya: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = backlog.start({}, by=priya)
    monkeypatch.setattr(backlog, "AT_ONCE", 1)
    assert backlog.work(batch.pk)
    TriageBatch.objects.update(held_until=batch.created_at + 100 * backlog.HELD)  # as a worker leaves it that is killed in the middle
    assert not backlog.work(batch.pk)
    assert backlog.left_behind() == []
    TriageBatch.objects.update(held_until=batch.created_at)  # its hold has run out
    assert backlog.left_behind() == [batch.pk]
    assert finish(batch).state == "done"
    assert TriageRun.objects.count() == 3


def test_two_workers_with_one_ticket_write_once(backlog_of_three: list[Ticket], priya: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """The slower one finds the row written when it has thought."""
    batch = backlog.start({}, by=priya)
    think, inside = arrival.think, []

    def slowly(message: object) -> object:
        outcome = think(message)  # type: ignore[arg-type]
        if not inside:
            inside.append(True)
            TriageBatch.objects.update(held_until=batch.created_at)
            finish(batch)
        return outcome

    monkeypatch.setattr(arrival, "think", slowly)
    finish(batch)
    assert TriageRun.objects.count() == 3
    assert Event.objects.filter(kind="triage.completed").count() == 3


def test_stopped_it_can_be_gone_on_with(backlog_of_three: list[Ticket], priya: User, monkeypatch: pytest.MonkeyPatch) -> None:
    client = signed_in(priya)
    batch = backlog.start({}, by=priya)
    monkeypatch.setattr(backlog, "AT_ONCE", 1)
    backlog.work(batch.pk)
    page = f"/evaluation/batches/{batch.pk}/"
    with pytest.raises(Conflict):
        backlog.undo(batch, by=priya)
    client.post(f"{page}act/", {"act": "stop"})
    assert not backlog.work(batch.pk)
    assert "Stopped after 1 of 3 tickets" in client.get(page).content.decode()
    client.post(f"{page}act/", {"act": "go"})
    assert finish(batch).state == "done"
    assert backlog.counts([batch])[batch.pk]["read"] == 3


def test_what_fails_is_written_down_and_can_be_tried_again(
    backlog_of_three: list[Ticket], priya: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    backlog_of_three[0].messages.all().delete()
    with monkeypatch.context() as broken:
        broken.setattr(arrival, "think", lambda message: 1 / 0)
        batch = finish(backlog.start({}, by=priya))
    notes = dict(batch.pieces.values_list("ticket__number", "note"))
    assert notes[backlog_of_three[0].number] == "No customer has written in this ticket"
    assert notes[backlog_of_three[1].number] == "ZeroDivisionError"
    page = signed_in(priya).get(f"/evaluation/batches/{batch.pk}/?show=failed").content.decode()
    assert "ZeroDivisionError" in page
    backlog.go_on(batch, by=priya)
    finish(batch)
    counts = backlog.counts([batch])[batch.pk]
    assert (counts["read"], counts["failed"]) == (2, 1)


def test_it_is_taken_back_where_nobody_has_changed_it_since(backlog_of_three: list[Ticket], priya: User, maya: User) -> None:
    before = [values(ticket) for ticket in backlog_of_three]
    batch = finish(backlog.start({}, by=priya))
    first, second, third = backlog_of_three
    first.set_category(Category.objects.get(slug="sales"), by=maya)
    signed_in(priya).post(f"/evaluation/batches/{batch.pk}/act/", {"act": "undo"})
    assert finish(batch).state == "undone"
    assert values(first) == ("sales", "normal", None)
    assert [values(second), values(third)] == before[1:]
    assert batch.pieces.get(ticket=first).note == "Changed since, and left so: category"
    third.refresh_from_db()
    assert third.decided_by_people == []  # taken back is not decided: the engine may guess again
    with pytest.raises(Conflict):
        backlog.go_on(batch, by=priya)


def test_a_ticket_that_was_read_before_is_read_again_and_people_s_word_stays(support: Queue, ingrid: Customer, priya: User) -> None:
    message = receive(ingrid, "Two payments", TWICE)
    arrival.understand(message.pk)
    ticket = message.ticket
    ticket.refresh_from_db()
    ticket.set_priority("low", by=priya)
    finish(backlog.start({}, by=priya))
    assert TriageRun.objects.filter(ticket=ticket).count() == 2
    assert values(ticket)[:2] == ("billing", "low")
    assert TriageBatchPiece.objects.get().changes == {}


def test_a_run_is_taken_back_once_and_for_all(support: Queue, ingrid: Customer, priya: User) -> None:
    run = arrival.understand(receive(ingrid, "Two payments", TWICE).pk)
    assert run is not None
    assert set(run.changes) == {"category", "priority"}
    assert undoing.undo(run, by=priya) == []
    assert undoing.undo(run, by=priya) == []
    assert values(run.ticket) == (None, "normal", None)


def test_taking_a_batch_back_ends_the_escalation_that_it_raised(support: Queue, ingrid: Customer, priya: User) -> None:
    run = arrival.understand(receive(ingrid, "Everything is lost", LAWYER).pk)
    assert run is not None and "escalation" in run.changes
    escalating.heard(Event.objects.get(kind="ticket.escalated"))
    assert undoing.undo(run, by=priya) == []
    one, ticket = Escalation.objects.get(), Ticket.objects.get(pk=run.ticket_id)
    assert (one.state, "escalation" in ticket.metadata) == ("taken_back", False)
    assert undoing.undo(run, by=priya) == []


def test_nothing_to_read_is_said(support: Queue, priya: User) -> None:
    with pytest.raises(Invalid):
        backlog.start({"queue": "no-such"}, by=priya)


def test_the_pages_cost_the_same_however_many_batches_and_tickets(backlog_of_three: list[Ticket], priya: User) -> None:
    client, batch = signed_in(priya), TriageBatch.objects.create(started_by=priya, state="done")
    pages = ("/evaluation/batches/", f"/evaluation/batches/{batch.pk}/?show=all", f"/evaluation/batches/{batch.pk}/?part=1")

    def costs() -> list[int]:
        asked = []
        for page in pages:
            with CaptureQueriesContext(connection) as queries:
                assert client.get(page).status_code == 200
            asked.append(len(queries))
        return asked

    client.get(pages[0])
    batch.pieces.create(ticket=backlog_of_three[0], state="read", changes={"priority": {"from": "Normal", "to": "High"}})
    few = costs()
    for n in range(6):
        other = TriageBatch.objects.create(started_by=make_agent(f"Lead{n} Overseer"), state="done")
        other.pieces.create(ticket=backlog_of_three[1], state="read", changes={"priority": {"from": "Normal", "to": "High"}})
        batch.pieces.create(ticket=receive(f"c{n}@else.example", "Else").ticket, state="failed", note="It failed")
    assert costs() == few
    assert "1/1" in client.get(pages[0]).content.decode()
    assert "7/7" in client.get(pages[0]).content.decode()


def test_agents_have_no_backlog(as_maya: Client) -> None:
    assert as_maya.get("/evaluation/batches/").status_code == 403
    assert as_maya.get(f"/evaluation/batches/{UUID(int=1)}/").status_code == 403
