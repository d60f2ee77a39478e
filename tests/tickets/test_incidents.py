"""Incidents in the console: linking tickets, one word to all customers, and what the agent sees."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from assist.triage import arrival, looking_back
from customers.models import Customer
from helpdesk.core import piecework
from helpdesk.core.models import Event, User
from knowledge.models import Component, Incident, IncidentUpdate
from knowledge.status import incidents
from tests.cast import make_agent, make_customer, receive, signed_in
from tickets import linking, mass_reply, replying
from tickets.models import MassReply, Message, Queue, StatusLink, Ticket

pytestmark = pytest.mark.django_db
TITLE = "Order sync answers with 503"
WORDS = "Calls of the order sync API in the EU fail with error 503."
COMPLAINT = "Since 13:52 every call to the order sync API in the EU answers 503."


@pytest.fixture
def trouble(priya: User) -> Incident:
    return incidents.open_incident(title=TITLE, description=WORDS, impact="outage", by=priya)


def test_a_ticket_that_means_the_incident_is_linked_by_itself(support: Queue, ingrid: Customer, trouble: Incident) -> None:
    message = receive(ingrid, "EU sync API returning 503", COMPLAINT)
    run = arrival.understand(message.pk)
    assert run is not None
    assert "incident" in run.applied
    link = StatusLink.objects.get()
    assert (link.ticket, link.incident, link.origin) == (message.ticket, trouble, "triage")
    assert link.score is not None
    assert link.score >= 0.5
    assert Event.objects.filter(kind="ticket.linked", ticket_ref=message.ticket_id).exists()


def test_what_was_written_before_the_incident_was_opened_is_linked_when_it_opens(
    support: Queue, ingrid: Customer, dwayne: Customer, priya: User
) -> None:
    early = receive(ingrid, "EU sync API returning 503", COMPLAINT)
    other = receive(dwayne, "Two payments", "My card was charged twice.")
    for message in (early, other):
        arrival.understand(message.pk)
    trouble = incidents.open_incident(title=TITLE, description=WORDS, by=priya)
    assert looking_back.link_earlier(trouble.pk) == 1
    assert looking_back.link_earlier(trouble.pk) == 0
    assert StatusLink.objects.get().ticket == early.ticket


def test_what_a_person_untied_the_engine_does_not_tie_again_but_a_person_may(trouble: Incident, ticket: Ticket, maya: User) -> None:
    assert linking.link(ticket, trouble, by=None, origin="triage", score=0.8)
    assert not linking.link(ticket, trouble, by=maya)
    assert linking.unlink(ticket, trouble, by=maya)
    assert not linking.unlink(ticket, trouble, by=maya)
    assert not linking.link(ticket, trouble, by=None, origin="triage", score=0.9)
    assert linking.tickets_of(trouble, maya).count() == 0
    assert linking.link(ticket, trouble, by=maya)
    assert StatusLink.objects.get().by == maya


def linked(trouble: Incident, *customers: Customer) -> list[Ticket]:
    tickets = [receive(customer, "Sync fails", f"{COMPLAINT} {n}").ticket for n, customer in enumerate(customers)]
    for ticket in tickets:
        linking.link(ticket, trouble, by=None, origin="triage", score=0.8)
    return tickets


def sent_to(trouble: Incident, update: IncidentUpdate, by: User) -> MassReply:
    """The job of this update, done."""
    job = mass_reply.start(trouble, update, by=by)
    MassReply.objects.filter(pk=job.pk).update(starts_at=job.created_at)  # the ten seconds are over
    while mass_reply.work(job.pk):
        pass
    job.refresh_from_db()
    return job


def replies() -> list[Message]:
    return list(Message.objects.filter(author_kind="agent").order_by("created_at"))


def test_one_update_answers_all_customers_once(support: Queue, ingrid: Customer, dwayne: Customer, trouble: Incident, maya: User) -> None:
    first, second, _ = linked(trouble, ingrid, ingrid, dwayne)
    update = incidents.tell(trouble, text="A node has failed.", status="identified", by=maya)
    job = sent_to(trouble, update, maya)
    assert job.state == "done"
    assert {message.ticket.customer for message in replies()} == {ingrid, dwayne}
    assert {message.ticket for message in replies() if message.ticket.customer == ingrid} == {second}
    assert all("A node has failed." in message.body_text and message.deliveries.count() == 1 for message in replies())
    assert not first.messages.filter(author_kind="agent").exists()
    assert not Ticket.objects.filter(assignee=maya).exists()  # nobody takes thousands by one word
    assert sent_to(trouble, update, maya) == job  # pressed twice
    assert len(replies()) == 2


def test_nothing_leaves_before_second_thoughts_are_over(support: Queue, ingrid: Customer, trouble: Incident, maya: User) -> None:
    linked(trouble, ingrid)
    job = mass_reply.start(trouble, incidents.tell(trouble, text="We found it.", by=maya), by=maya)
    assert not mass_reply.work(job.pk)
    assert mass_reply.left_behind() == []
    assert mass_reply.stop(job) == (1, 0)
    MassReply.objects.update(starts_at=job.created_at)
    assert not mass_reply.work(job.pk)
    assert replies() == []


def test_a_killed_worker_s_job_goes_on_where_it_stopped(
    support: Queue, trouble: Incident, maya: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    linked(trouble, *(make_customer(f"Customer {n}", f"c{n}@example.com") for n in range(5)))
    job = mass_reply.start(trouble, incidents.tell(trouble, text="We found it.", by=maya), by=maya)
    MassReply.objects.update(starts_at=job.created_at)
    monkeypatch.setattr(piecework, "AT_ONCE", 2)
    assert mass_reply.work(job.pk)  # here it is killed, and nobody asks for the rest
    assert len(replies()) == 2
    MassReply.objects.update(asked_at=job.created_at - mass_reply.UNHEARD)
    assert mass_reply.left_behind() == [job.pk]
    while mass_reply.work(job.pk):
        pass
    assert len({message.ticket_id for message in replies()}) == len(replies()) == 5
    [progress] = mass_reply.progress_of(trouble)
    assert (progress.job.state, progress.sent, progress.done, progress.whole) == ("done", 5, 5, 5)


def test_stopped_half_way_the_others_hear_nothing(
    support: Queue, trouble: Incident, as_maya: Client, maya: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    linked(trouble, *(make_customer(f"Customer {n}", f"c{n}@example.com") for n in range(5)))
    update = incidents.tell(trouble, text="We found it.", by=maya)
    job = mass_reply.start(trouble, update, by=maya)
    MassReply.objects.update(starts_at=job.created_at)
    monkeypatch.setattr(piecework, "AT_ONCE", 2)
    mass_reply.work(job.pk)
    assert "2 of 5 replies written" in as_maya.get("/incidents/INC-1/replies/").content.decode()
    as_maya.post("/incidents/INC-1/take-back/", {"update": str(update.pk)})
    assert not mass_reply.work(job.pk)
    assert len(replies()) == 2
    assert "Stopped: 2 of 5 customers have been answered" in as_maya.get("/incidents/INC-1/replies/").content.decode()


def test_what_changed_meanwhile_is_left_out_and_said(
    support: Queue, trouble: Incident, maya: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    solved, untied, broken = linked(trouble, *(make_customer(f"Customer {n}", f"c{n}@example.com") for n in range(3)))
    job = mass_reply.start(trouble, incidents.tell(trouble, text="We found it.", by=maya), by=maya)
    MassReply.objects.update(starts_at=job.created_at)
    solved.resolve(by=maya)
    linking.unlink(untied, trouble, by=maya)
    monkeypatch.setattr(replying, "deliverable_channel", lambda ticket: 1 / 0)
    mass_reply.work(job.pk)
    assert replies() == []
    [progress] = mass_reply.progress_of(trouble)
    assert {number for number, _why in progress.left_out} == {solved.number, untied.number, broken.number}
    assert dict(progress.left_out)[solved.number] == "Solved meanwhile"


def test_the_last_word_solves_the_tickets_and_other_words_change_no_state(
    support: Queue, ingrid: Customer, trouble: Incident, maya: User
) -> None:
    [ticket] = linked(trouble, ingrid)
    replying.reply(ticket=ticket, by=maya, text="We look.", status="on_hold")
    sent_to(trouble, incidents.tell(trouble, text="We found it.", by=maya), maya)
    ticket.refresh_from_db()
    assert ticket.status == "on_hold"
    sent_to(trouble, incidents.resolve(trouble, by=maya, text="It works again."), maya)
    ticket.refresh_from_db()
    assert ticket.status == "resolved"


def test_only_tickets_that_the_sender_may_see_are_answered(
    support: Queue, billing: Queue, ingrid: Customer, trouble: Incident, tomasz: User
) -> None:
    linked(trouble, ingrid)
    job = sent_to(trouble, incidents.tell(trouble, text="We found it.", by=tomasz), tomasz)
    assert (job.state, job.pieces.count(), replies()) == ("done", 0, [])


def test_the_banner_counts_and_leads_to_the_incident(
    support: Queue, ingrid: Customer, dwayne: Customer, trouble: Incident, as_maya: Client
) -> None:
    [ticket, _] = linked(trouble, ingrid, dwayne)
    page = as_maya.get(f"/tickets/{ticket.number}/", follow=True).content.decode()
    assert "2 tickets linked." in page
    assert "Reply to all 2" in page
    assert f"/incidents/{trouble.reference}/#tell" in page


def test_an_agent_opens_tells_and_answers_from_the_pages(
    support: Queue, ingrid: Customer, as_maya: Client, drain: Callable[[], int]
) -> None:
    receive(ingrid, "EU sync API returning 503", COMPLAINT)
    drain()
    opened = as_maya.post("/incidents/", {"title": TITLE, "description": WORDS, "impact": "outage", "public": "1"})
    assert opened["Location"] == "/incidents/INC-1/"
    drain()
    page = as_maya.get("/incidents/INC-1/").content.decode()
    assert "1 linked ticket" in page
    assert "Send it as a reply to 1 customer" in page
    answer = as_maya.post("/incidents/INC-1/updates/", {"text": "A node has failed.", "status": "identified", "next": "30", "reply": "1"})
    after = as_maya.get(answer["Location"]).content.decode()
    assert "A reply to 1 customer leaves in ten seconds" in after
    update = Incident.objects.get().updates.get()
    assert Incident.objects.get().next_update_at is not None
    as_maya.post("/incidents/INC-1/take-back/", {"update": str(update.pk)})
    assert not Message.objects.filter(author_kind="agent").exists()


def test_a_form_that_cannot_be_taken_keeps_its_words(trouble: Incident, as_maya: Client) -> None:
    answer = as_maya.post("/incidents/INC-1/updates/", {"text": "", "status": "identified"})
    assert answer.status_code == 422
    assert as_maya.post("/incidents/", {"title": " "}).status_code == 422
    assert as_maya.post("/incidents/INC-1/tickets/", {"number": "TKT-20200101-0001"}).status_code == 422
    assert as_maya.get("/incidents/INC-404/").status_code == 404


def test_the_pages_cost_the_same_however_many(support: Queue, trouble: Incident, priya: User, django_assert_max_num_queries: Any) -> None:
    linked(trouble, *(make_customer(f"Customer {n}", f"c{n}@example.com") for n in range(8)))
    for n in range(5):
        incidents.open_incident(title=f"Another {n}", by=priya)
    client = signed_in(priya)
    with django_assert_max_num_queries(12):
        client.get("/incidents/")
    with django_assert_max_num_queries(12):
        client.get("/incidents/INC-1/")


def test_the_replies_cost_the_same_however_many_jobs_left_somebody_out(support: Queue, trouble: Incident, priya: User) -> None:
    linked(trouble, *(make_customer(f"Customer {n}", f"c{n}@example.com") for n in range(4)))
    client, costs = signed_in(priya), []
    client.get("/incidents/INC-1/")
    for n in range(3):
        update = incidents.tell(trouble, text=f"News {n}", status="identified", by=make_agent(f"Writer{n} of news"))
        mass_reply.stop(mass_reply.start(trouble, update, by=make_agent(f"Sender{n} of news", support)))
        with CaptureQueriesContext(connection) as queries:
            client.get("/incidents/INC-1/")
            client.get("/incidents/INC-1/replies/")
        costs.append(len(queries))
    assert costs == [costs[0]] * 3
    progress = mass_reply.progress_of(trouble)
    assert [len(one.left_out) for one in progress] == [4, 4, 4]
    assert {why for one in progress for _number, why in one.left_out} == {"Stopped"}


def test_an_incident_is_corrected_on_its_page(trouble: Incident, as_maya: Client) -> None:
    sync = Component.objects.create(slug="order-sync", name="Order Sync API")
    entered = {"title": "Order sync  is slow", "description": "", "impact": "degraded", "components": ["order-sync", "no-such"]}
    assert as_maya.post("/incidents/INC-1/change/", entered)["Location"] == "/incidents/INC-1/"
    trouble.refresh_from_db()
    sync.refresh_from_db()
    assert (trouble.title, trouble.impact, trouble.is_public) == ("Order sync is slow", "degraded", False)
    assert (list(trouble.components.all()), sync.state) == ([sync], "operational")  # what is not public moves no component
    as_maya.post("/incidents/INC-1/change/", {**entered, "public": "1"})
    sync.refresh_from_db()
    assert sync.state == "degraded"
    assert as_maya.post("/incidents/INC-1/change/", {**entered, "title": " "}).status_code == 422
    trouble.refresh_from_db()
    assert trouble.title == "Order sync is slow"


def test_a_ticket_lists_its_incidents_and_lets_go_of_them(ticket: Ticket, trouble: Incident, as_maya: Client, maya: User) -> None:
    linking.link(ticket, trouble, by=maya)
    page = as_maya.get(f"/tickets/{ticket.number}/", follow=True).content.decode()
    assert f"Take the ticket off {trouble.reference}" in page
    untied = as_maya.post(f"/incidents/{trouble.reference}/tickets/", {"number": ticket.number, "untie": "1", "next": "ticket"})
    assert ticket.number in untied["Location"]
    page = as_maya.get(f"/tickets/{ticket.number}/", follow=True).content.decode()
    assert f"Take the ticket off {trouble.reference}" not in page


def test_the_rail_counts_what_is_open(trouble: Incident, as_maya: Client, maya: User) -> None:
    assert 'id="rail-incidents">1</span>' in as_maya.get("/inbox/").content.decode()
    assert 'id="rail-incidents" hx-swap-oob="true">1</span>' in as_maya.get("/inbox/counts/").content.decode()
    incidents.resolve(trouble, by=maya)
    assert 'id="rail-incidents"></span>' in as_maya.get("/inbox/").content.decode()
