"""Suggested actions: each with its reason, done once on an agent's word, taken back, dismissed for what was said last, and counted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.utils import timezone

from assist.actions import deciding, funnel, proposing
from assist.actions.kinds import KINDS
from assist.models import Suggestion, TriageRun
from helpdesk.core.errors import Conflict, Invalid, NotFound
from helpdesk.core.models import Event, User
from knowledge.models import Incident
from tests.cast import make_category, receive, signed_in
from tickets import replying
from tickets.models import Escalation, Queue, StatusLink, Ticket

pytestmark = pytest.mark.django_db
Offer = Callable[..., Suggestion]


@pytest.fixture
def offer(ticket: Ticket) -> Offer:
    def made(kind: str, content: str = "", key: str = "x", **fields: Any) -> Suggestion:
        return Suggestion.objects.create(
            ticket=ticket,
            suggestion_type="action",
            title=f"{kind} {content}",
            content=content,
            source_kind=kind,
            source_id=f"{kind}:{key}",
            **fields,
        )

    return made


def look(client: Client, ticket: Ticket) -> str:
    return client.get(f"/assist/tickets/{ticket.pk}/").content.decode()


@pytest.fixture
def run(ticket: Ticket) -> TriageRun:
    return TriageRun.objects.create(ticket=ticket, message=ticket.messages.get(), result={"analysis": {}})


class TestWhatIsDoneIsTakenBack:
    def check(self, one: Suggestion, by: User, ticket: Ticket, seen: Callable[[], Any]) -> None:
        """Done once however often it is pressed; undone it is as before."""
        before = seen()
        deciding.approve(one, by=by)
        deciding.approve(one, by=by)
        ticket.refresh_from_db()
        assert seen() != before
        deciding.undo(one, by=by)
        ticket.refresh_from_db()
        assert seen() == before
        with pytest.raises(Conflict):
            deciding.undo(one, by=by)
        assert list(Event.objects.filter(kind__startswith="action.").order_by("id").values_list("kind", flat=True)) == [
            "action.approved",
            "action.undone",
        ]

    def test_fields(self, offer: Offer, ticket: Ticket, priya: User, billing: Queue) -> None:
        make_category("technical")
        for kind, content, name in (
            ("category", "technical", "category_id"),
            ("priority", "high", "priority"),
            ("queue", "billing", "queue_id"),
            ("assignee", str(priya.pk), "assignee_id"),
        ):
            Event.objects.all().delete()
            self.check(offer(kind, content), priya, ticket, lambda name=name: getattr(ticket, name))  # type: ignore[misc]

    def test_a_label(self, offer: Offer, ticket: Ticket, maya: User) -> None:
        self.check(offer("tag", "refund"), maya, ticket, lambda: list(ticket.tags.values_list("name", flat=True)))

    def test_a_link_to_an_incident(self, offer: Offer, ticket: Ticket, maya: User) -> None:
        incident = Incident.objects.create(reference="INC-1", title="Down")
        one = offer("incident", "Down", key=str(incident.pk))
        self.check(one, maya, ticket, lambda: StatusLink.objects.present().filter(ticket=ticket).count())

    def test_a_merge(self, offer: Offer, ticket: Ticket, maya: User, ingrid: Any) -> None:
        other = receive(ingrid, "The same", "Words").ticket
        self.check(offer("merge", other.number), maya, ticket, lambda: (ticket.merged_into_id, ticket.status, other.messages.count()))

    def test_an_escalation(self, offer: Offer, ticket: Ticket, maya: User) -> None:
        self.check(offer("escalate", "supervisor", why="Angry"), maya, ticket, lambda: Escalation.objects.open().count())

    def test_a_time_to_come_back(self, offer: Offer, ticket: Ticket, maya: User) -> None:
        until = (timezone.now() + timedelta(days=2)).isoformat()
        self.check(offer("follow_up", until), maya, ticket, lambda: ticket.snoozed_until)

    def test_a_task_is_a_note_with_a_label(self, offer: Offer, ticket: Ticket, maya: User) -> None:
        one = offer("task", "Task: decide on the refund.", details={"label": "refund"})
        self.check(one, maya, ticket, lambda: (ticket.messages.count(), ticket.tags.count()))

    def test_what_somebody_changed_since_stays(self, offer: Offer, ticket: Ticket, maya: User, priya: User) -> None:
        one = offer("priority", "high")
        deciding.approve(one, by=maya)
        ticket.refresh_from_db()
        ticket.set_priority("low", by=priya)
        with pytest.raises(Conflict):
            deciding.undo(one, by=maya)
        ticket.refresh_from_db()
        assert ticket.priority == "low"

    def test_nobody_acts_further_than_they_may_see(self, offer: Offer, ticket: Ticket, maya: User, billing: Queue, dwayne: Any) -> None:
        theirs = receive(dwayne, "Secret", "Words").ticket
        theirs.move(queue=billing, by=None)
        for one in (offer("queue", "billing"), offer("merge", theirs.number)):
            with pytest.raises(NotFound):
                deciding.approve(one, by=maya)

    def test_a_kind_that_nobody_knows_is_refused(self, offer: Offer, ticket: Ticket, maya: User, as_maya: Client) -> None:
        one = offer("wire_money", "500 EUR")
        for deed in (deciding.approve, deciding.undo):
            with pytest.raises(Invalid):
                deed(one, by=maya)
        assert as_maya.post(f"/assist/suggestions/{one.pk}/apply/").status_code == 422


class TestOnThePanel:
    @pytest.mark.django_db(transaction=True)  # a page brings no transaction of its own; a test's would hide that
    def test_it_is_noted_once_that_it_was_shown(self, offer: Offer, run: TriageRun, ticket: Ticket, as_maya: Client) -> None:
        offer("tag", "refund")
        for _looked in range(2):
            assert "tag refund" in look(as_maya, ticket)
        assert [event.data["action"] for event in Event.objects.filter(kind="action.shown")] == ["tag"]

    def test_it_shows_its_reason_is_done_and_offers_undo(self, offer: Offer, run: TriageRun, ticket: Ticket, as_maya: Client) -> None:
        one = offer("tag", "refund", why="The macro does so")
        page = look(as_maya, ticket)
        assert "The macro does so" in page and "data-action-approve" in page
        page = as_maya.post(f"/assist/suggestions/{one.pk}/apply/", headers={"HX-Request": "true"}).content.decode()
        assert "data-action-undo" in page and "data-action-approve" not in page
        page = as_maya.post(f"/assist/suggestions/{one.pk}/undo/", headers={"HX-Request": "true"}).content.decode()
        assert "data-action-approve" in page and not ticket.tags.exists()

    def test_what_was_dismissed_comes_back_when_the_customer_writes_again(
        self, offer: Offer, run: TriageRun, ticket: Ticket, maya: User, as_maya: Client
    ) -> None:
        one = offer("tag", "refund")
        path = f"/assist/suggestions/{one.pk}/dismiss/"
        assert as_maya.post(path, {"reason": "nonsense"}).status_code == 422
        for _pressed in range(2):
            as_maya.post(path, {"reason": "wrong"})
        assert "tag refund" not in look(as_maya, ticket)
        assert [event.data["reason"] for event in Event.objects.filter(kind="action.dismissed")] == ["wrong"]

        again = receive(
            ticket.customer, "Re: EU sync", "And?", in_reply_to=replying.reply(ticket=ticket, by=maya, text="Words").external_id
        )
        TriageRun.objects.create(ticket=ticket, message=again, result={"analysis": {}})
        assert "tag refund" in look(as_maya, ticket)

    def test_a_refusal_is_said_in_the_panel(self, offer: Offer, run: TriageRun, ticket: Ticket, as_maya: Client) -> None:
        one = offer("merge", "TKT-20260101-0001")
        page = as_maya.post(f"/assist/suggestions/{one.pk}/apply/", headers={"HX-Request": "true"}).content.decode()
        assert "There is no such ticket." in page

    def test_a_question_goes_into_the_field(self, offer: Offer, run: TriageRun, ticket: Ticket, as_maya: Client) -> None:
        offer("ask", "Which version?")
        assert 'data-insert="Which version?"' in look(as_maya, ticket)

    def test_another_team_decides_nothing(self, offer: Offer, tomasz: User) -> None:
        one, other = offer("tag", "refund"), signed_in(tomasz)
        for deed in ("apply", "dismiss", "undo"):
            assert other.post(f"/assist/suggestions/{one.pk}/{deed}/", {"reason": "wrong"}).status_code == 404

    def test_supervisors_read_what_became_of_them(self, offer: Offer, run: TriageRun, ticket: Ticket, priya: User) -> None:
        first, second = offer("tag", "refund"), offer("tag", "other", key="y")
        for _looked in range(2):
            look(signed_in(priya), ticket)
        deciding.approve(first, by=priya)
        deciding.undo(first, by=priya)
        deciding.dismiss(second, by=priya, reason="done")
        (line,) = funnel.by_kind(30)
        assert (line.label, line.shown, line.approved, line.undone, line.dismissed) == (str(KINDS["tag"].label), 2, 1, 1, 1)
        page = signed_in(priya).get("/evaluation/drafts/").content.decode()
        assert "Suggested actions" in page and "Add a label" in page


class TestWhatIsSuggested:
    def offered(self, ticket: Ticket) -> dict[str, Suggestion]:
        return {one.source_kind: one for one in Suggestion.objects.filter(ticket=ticket, suggestion_type="action", retired_at=None)}

    def test_money_is_a_task_with_the_customers_words(self, support: Queue, dwayne: Any, drain: Callable[[], int]) -> None:
        ticket = receive(dwayne, "Invoice", "Hello. I was charged twice for invoice INV-2044, 49.00 EUR each. Thanks.").ticket
        drain()
        task = self.offered(ticket)["task"]
        assert task.title == "Open a refund task"
        assert "“I was charged twice for invoice INV-2044, 49.00 EUR each.”" in task.why
        assert "Named: INV-2044, 49.00 EUR" in task.content and "Nothing has been promised or moved yet." in task.content

    def test_an_open_ticket_about_the_same_is_a_merge(self, support: Queue, dwayne: Any, drain: Callable[[], int]) -> None:
        words = "The scanner does not read the barcode of the new labels since this morning."
        first = receive(dwayne, "Scanner does not read labels", words).ticket
        drain()
        second = receive(dwayne, "Scanner does not read labels", words).ticket
        drain()
        assert self.offered(second)["merge"].content == first.number

    def test_a_promise_is_a_time_to_come_back_and_goes_with_its_reply(self, ticket: Ticket, maya: User, drain: Callable[[], int]) -> None:
        sent = replying.reply(ticket=ticket, by=maya, text="Hello.\n\nI will send you the log tomorrow.")
        drain()
        drain()  # twice is once
        one = self.offered(ticket)["follow_up"]
        assert one.why == "You wrote: “I will send you the log tomorrow.”"
        assert datetime.fromisoformat(one.content) > sent.created_at
        replying.withdraw(sent, by=maya)
        drain()
        assert "follow_up" not in self.offered(ticket)

    @pytest.mark.parametrize(
        ("said", "day"),
        [
            ("I will write tomorrow.", "2026-11-27T09:00"),
            ("We will call you on Monday.", "2026-11-30T09:00"),
            ("I'll look at it within 2 working days.", "2026-11-28T09:00"),
            ("I will come back in 3 hours.", "2026-11-26T15:30"),
            ("I will look at it.", None),
        ],
    )
    def test_a_time_is_read_from_words(self, said: str, day: str | None) -> None:
        with timezone.override(ZoneInfo("UTC")):
            found = proposing._when(said, datetime(2026, 11, 26, 12, 30, tzinfo=ZoneInfo("UTC")))
        assert (found.strftime("%Y-%m-%dT%H:%M") if found else None) == day

    def test_what_was_said_about_one_stays_over_runs(self, support: Queue, dwayne: Any, maya: User, drain: Callable[[], int]) -> None:
        ticket = receive(dwayne, "Refund", "Please give me a refund for the double charge.").ticket
        drain()
        deciding.dismiss(self.offered(ticket)["task"], by=maya, reason="done")
        from assist.triage import arrival

        arrival.understand_again(TriageRun.objects.get(ticket=ticket))
        assert deciding.is_dismissed(self.offered(ticket)["task"], deciding.state_of(ticket))
