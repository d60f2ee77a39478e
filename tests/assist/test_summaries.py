"""A ticket in short: quoted by the local engine at once, worded by a model when asked, never saying what no message says."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from assist import summaries
from assist.experiments import guarding, judging, running
from assist.models import Experiment, ExperimentAssignment, TicketSummary, TriageRun
from assist.summaries import history
from customers import memory
from customers.memory import Observed
from customers.memory import Source as Learned
from customers.models import MemorySummary
from helpdesk.core.models import Event, ModelCall, User
from tests.cast import receive, signed_in
from tests.plugins.model_server import ModelServer, says, status
from tickets import replying
from tickets.models import Message, Rating, Ticket

pytestmark = pytest.mark.django_db

ASKED = "Hello,\n\nOur webhooks are not delivered since Monday. I already restarted the connector.\n\nKind regards\nIngrid"
ANSWER = "Hello Ingrid,\n\nSend me two minutes of the log.\n\n1. Open Settings and press Resend.\n\nI will send you the log tomorrow."


@pytest.fixture
def ticket(support: Any, ingrid: Any) -> Ticket:
    return receive(ingrid, "Webhooks missing", ASKED).ticket


@pytest.fixture
def answered(ticket: Ticket, maya: User) -> Ticket:
    replying.reply(ticket=ticket, by=maya, text=ANSWER)
    return ticket


def said(found: summaries.Shown) -> dict[str, list[str]]:
    return {key: texts for key, _title, texts in found.best.parts}


def test_the_local_engine_quotes_what_was_asked_tried_and_promised(answered: Ticket, maya: User) -> None:
    found = summaries.of(answered, viewer=maya)

    assert said(found) == {
        "asked": ["Our webhooks are not delivered since Monday."],
        "tried": ["I already restarted the connector.", "Open Settings and press Resend."],
        "promised": ["I will send you the log tomorrow."],
    }
    assert (found.best.engine, found.best.stale) == ("local", False)
    assert {line["message"] for line in found.best.lines} == {str(pk) for pk in Message.objects.values_list("pk", flat=True)}


def test_what_triage_took_for_the_matter_comes_first(ticket: Ticket, maya: User) -> None:
    TriageRun.objects.create(ticket=ticket, message=ticket.messages.get(), result={"analysis": {"key_issues": ["Nothing is delivered."]}})
    assert said(summaries.of(ticket, viewer=maya))["asked"] == ["Nothing is delivered."]


def test_it_says_where_the_ticket_stands_this_moment(ticket: Ticket, maya: User) -> None:
    assert summaries.of(ticket, viewer=maya).stands.startswith("Nobody has answered yet; the customer waits since ")
    replying.reply(ticket=ticket, by=maya, text=ANSWER, status="pending")
    stands = summaries.of(ticket, viewer=maya).stands
    assert stands.startswith("Waits for the customer since ") and "with Maya Lindqvist" in stands
    ticket.resolve(by=maya)
    assert summaries.of(ticket, viewer=maya).stands.startswith("Solved, ")


def test_the_local_one_is_kept_until_somebody_writes_and_then_made_anew(answered: Ticket, maya: User) -> None:
    first = summaries.of(answered, viewer=maya).best.made_at
    assert summaries.of(answered, viewer=maya).best.made_at == first

    receive(answered.customer, "Re: Webhooks missing", "Is there anything new on this?", references=(), in_reply_to=_last_id(answered))
    found = summaries.of(answered, viewer=maya)
    assert found.best.made_at > first and not found.best.stale
    assert said(found)["asked"][-1] == "Is there anything new on this?"


def test_internal_notes_tell_what_was_tried_and_promise_nothing(ticket: Ticket, maya: User) -> None:
    replying.note(ticket=ticket, by=maya, text="I checked the gateway of Nordhavn. I will look again after lunch.")
    found = said(summaries.of(ticket, viewer=maya))
    assert "I checked the gateway of Nordhavn." in found["tried"] and "promised" not in found


def test_the_customer_in_three_lines_with_their_leave_only(ticket: Ticket, maya: User, tomasz: User) -> None:
    who, history, remembered = summaries.of(ticket, viewer=maya).customer
    assert who.startswith("Nordhavn Logistics A/S · enterprise · ")
    assert history == "No other tickets"
    assert remembered == "Nothing is remembered: no consent"

    memory.grant(ticket.customer)
    memory.learn(ticket.customer, "plan", "Enterprise", source=Learned("crm"))
    memory.learn(ticket.customer, "carrier", "PostNord", source=Learned("message", "x", "", ticket.pk))
    assert set(summaries.of(ticket, viewer=maya).customer[2].split("; ")) == {"plan: Enterprise", "carrier: PostNord"}
    assert summaries.of(ticket, viewer=tomasz).customer[2] == "plan: Enterprise"  # the other was said in a ticket that is not his


def test_of_a_long_history_the_latest_month_is_told(ticket: Ticket, maya: User) -> None:
    customer, at = ticket.customer, timezone.now()
    memory.grant(customer)
    node = memory.observe([customer], Observed("Observation", "SupportInteraction", "Words", {"text": "Words"}), source=Learned("agent"))
    made = {"customer": customer, "learned_at": at, "sources": [node.pk], "number": 1, "newest": 1}
    MemorySummary.objects.create(**made, month=at.date().replace(day=1), at=at, text="The labels were late.")
    assert summaries.of(ticket, viewer=maya).customer[2].endswith(": The labels were late.")


def test_what_is_remembered_is_not_in_the_note(ticket: Ticket, as_maya: Client) -> None:
    memory.grant(ticket.customer)
    memory.learn(ticket.customer, "plan", "Enterprise", source=Learned("crm"))
    for _pressed in range(2):
        page = as_maya.post(f"/assist/tickets/{ticket.pk}/summary/note/", headers={"HX-Request": "true"}).content.decode()
        assert "Kept as a note" in page
    note = ticket.messages.get(visibility="internal")
    assert note.body_text.startswith("Summary by the local engine, ")
    assert "Asked: Our webhooks are not delivered since Monday." in note.body_text
    assert "plan: Enterprise" not in note.body_text


def test_the_panel_asks_for_it_and_shows_the_moment(answered: Ticket, as_maya: Client) -> None:
    TriageRun.objects.create(ticket=answered, message=answered.messages.from_customer().get())
    assert f"/assist/tickets/{answered.pk}/summary/" in as_maya.get(f"/assist/tickets/{answered.pk}/").content.decode()
    page = as_maya.get(f"/assist/tickets/{answered.pk}/summary/").content.decode()
    assert "Made at" in page and "local engine" in page and "I will send you the log tomorrow." in page
    assert "Write with the model" not in page


def test_what_the_situation_says_is_not_said_again_below(ticket: Ticket, as_maya: Client, maya: User) -> None:
    matter = "Our webhooks are not delivered since Monday."
    TriageRun.objects.create(ticket=ticket, message=ticket.messages.get(), result={"analysis": {"key_issues": [matter]}})
    assert matter in as_maya.get(f"/assist/tickets/{ticket.pk}/").content.decode()
    page = as_maya.get(f"/assist/tickets/{ticket.pk}/summary/").content.decode()
    assert 'data-part="asked"' not in page and "I already restarted the connector." in page
    assert f"Asked: {matter}" in summaries.of(ticket, viewer=maya).text  # copied, it is whole


def test_another_team_reads_nothing_of_it(ticket: Ticket, tomasz: User) -> None:
    other = signed_in(tomasz)
    assert other.get(f"/assist/tickets/{ticket.pk}/summary/").status_code == 404
    for deed in ("renew", "note"):
        assert other.post(f"/assist/tickets/{ticket.pk}/summary/{deed}/").status_code == 404


def test_reading_costs_the_same_however_long_the_ticket(
    answered: Ticket, as_maya: Client, maya: User, django_assert_max_num_queries: Any
) -> None:
    for n in range(12):
        replying.note(ticket=answered, by=maya, text=f"I checked number {n}.")
    path = f"/assist/tickets/{answered.pk}/summary/"
    as_maya.get(path)
    with django_assert_max_num_queries(18):
        as_maya.get(path)


ARMS = (("In use", "model"), ("Local", "local"))
GOOD = json.dumps(
    {
        "lines": [
            {"part": "asked", "text": "The webhooks are not delivered since Monday.", "sources": [1]},
            {"part": "promised", "text": "Support will send the log tomorrow.", "sources": [2]},
            {"part": "promised", "text": "Support refunds 500 EUR.", "sources": [2]},
            {"part": "open", "text": "See https://evil.example for the webhooks.", "sources": [1]},
            {"part": "tried", "text": "Everything was rebooted by somebody else entirely.", "sources": [1]},
            {"part": "asked", "text": "The webhooks are not delivered.", "sources": [9]},
        ]
    }
)


@pytest.mark.usefixtures("clean_cache")
class TestWithAModel:
    def test_only_lines_that_a_message_carries_may_stand(self, answered: Ticket, maya: User, model: ModelServer) -> None:
        model.says(GOOD)
        assert summaries.renew(answered) == ""
        found = summaries.of(answered, viewer=maya)
        assert (found.best.engine, found.best.stale) == ("model", False)
        assert said(found) == {
            "asked": ["The webhooks are not delivered since Monday."],
            "promised": ["Support will send the log tomorrow."],
        }
        assert found.others[0].engine == "local"
        assert ModelCall.objects.get().task == "ticket-summary"
        assert Event.objects.filter(kind="summary.written", ticket_ref=answered.pk).count() == 1

    def test_it_is_out_of_date_when_somebody_writes_and_renewed_for_who_wanted_it(
        self, answered: Ticket, maya: User, model: ModelServer
    ) -> None:
        model.says(GOOD)
        summaries.renew(answered)
        receive(answered.customer, "Re: Webhooks missing", "Anything new?", in_reply_to=_last_id(answered))
        found = summaries.of(answered, viewer=maya)
        assert [(one.engine, one.stale) for one in found.summaries] == [("local", False), ("model", True)]

        assert summaries.renew_the_wanted(answered.pk)
        assert not summaries.renew_the_wanted(answered.pk)  # it is up to date
        assert summaries.of(answered, viewer=maya).best.engine == "model"

    @pytest.mark.parametrize("answer", ["{", '{"lines": [{"part": "nonsense", "text": "x", "sources": [1]}]}', '{"lines": []}'])
    def test_nonsense_leaves_the_local_one_and_says_why(
        self, answered: Ticket, as_maya: Client, model: ModelServer, answer: str, drain: Any
    ) -> None:
        model.says(answer)
        page = as_maya.post(f"/assist/tickets/{answered.pk}/summary/renew/", headers={"HX-Request": "true"}).content.decode()
        assert not model.asked and "A model writes it." in page and 'hx-trigger="load delay' in page  # no request waits for it
        drain()
        page = as_maya.get(f"/assist/tickets/{answered.pk}/summary/").content.decode()
        assert "A model writes it." not in page
        assert "The language model does not answer just now" in page
        assert "I will send you the log tomorrow." in page
        assert set(TicketSummary.objects.values_list("engine", flat=True)) == {"local"}

    def test_nobody_is_named_to_the_model(self, answered: Ticket, model: ModelServer) -> None:
        model.says(GOOD)
        summaries.renew(answered)
        assert "Sørensen-Dahl" not in model.received


@pytest.mark.usefixtures("clean_cache")
class TestTheCustomersPast:
    """Worded from their other tickets, for those who may see these."""

    TOLD = json.dumps(
        {
            "sentences": [
                {"text": "Labels were not printed twice and both tickets are open.", "sources": [1, 2]},
                {"text": "The labels cost them 900 EUR.", "sources": [1]},
                {"text": "Everybody there dislikes the weather entirely.", "sources": [2]},
            ]
        }
    )

    @pytest.fixture
    def before(self, ticket: Ticket) -> list[Ticket]:
        return [receive(ticket.customer, "Labels are not printed", "No labels.", external_id=f"{n}@labels").ticket for n in (1, 2)]

    def worded(self, ticket: Ticket, model: ModelServer) -> None:
        model.does(lambda to, body: says(self.TOLD if "went through before" in json.dumps(body) else GOOD)(to, body))
        summaries.renew(ticket)

    def test_a_model_words_what_the_tickets_carry(self, ticket: Ticket, before: list[Ticket], maya: User, model: ModelServer) -> None:
        assert summaries.of(ticket, viewer=maya).customer[1] == "2 other tickets, 2 open · 2 in the last 90 days"
        self.worded(ticket, model)
        who, past, _remembered = summaries.of(ticket, viewer=maya).customer
        assert who.startswith("Nordhavn") and past == "Labels were not printed twice and both tickets are open."
        assert "No labels." not in model.received.split("went through before")[-1]  # what was said there stays there
        assert ModelCall.objects.filter(task="customer-summary").count() == 1

    def test_it_is_told_no_longer_than_it_is_so_and_to_nobody_who_may_not_see_all_of_it(
        self, ticket: Ticket, before: list[Ticket], maya: User, tomasz: User, model: ModelServer
    ) -> None:
        self.worded(ticket, model)
        assert history.told(*_past(ticket), ticket, maya) and not history.told(*_past(ticket), ticket, tomasz)
        before[0].resolve(by=maya)
        assert not history.told(*_past(ticket), ticket, maya)
        assert summaries.of(ticket, viewer=maya).customer[1].startswith("2 other tickets, 1 open")

    def test_one_ticket_is_no_past(self, ticket: Ticket, model: ModelServer) -> None:
        self.worded(ticket, model)
        assert len(model.asked) == 1


def _past(ticket: Ticket) -> tuple[Any, str]:
    row = TicketSummary.objects.get(ticket=ticket, engine="model")
    return row.customer, row.customer_digest


class TestApi:
    def test_partners_read_it_and_have_it_made_anew(self, answered: Ticket, api: Client) -> None:
        path = f"/api/v1/tickets/{answered.number}/summary/"
        found = api.get(path).json()
        assert found["ticket"] == answered.number
        assert [(one["engine"], one["stale"]) for one in found["summaries"]] == [("local", False)]
        assert {"part": "promised", "text": "I will send you the log tomorrow.", "message": str(_last(answered).pk)} in found["summaries"][
            0
        ]["lines"]
        assert "Promised: I will send you the log tomorrow." in found["text"]
        again = api.post(path).json()
        assert again["refused"] == ""
        assert again["summaries"][0]["made_at"] > found["summaries"][0]["made_at"]

    @pytest.mark.usefixtures("clean_cache")
    def test_a_model_that_is_away_is_said(self, answered: Ticket, api: Client, model: ModelServer) -> None:
        model.does(status(401))
        found = api.post(f"/api/v1/tickets/{answered.number}/summary/").json()
        assert found["refused"] and found["summaries"][0]["engine"] == "local"


def _last(ticket: Ticket) -> Message:
    return ticket.messages.filter(author_kind="agent", visibility="public").order_by("-created_at")[0]


def _last_id(ticket: Ticket) -> str:
    return str(_last(ticket).external_id)


@pytest.mark.usefixtures("clean_cache")
def test_an_experiment_says_how_a_ticket_is_summed_up_and_reads_how_it_ended(answered: Ticket, priya: User, model: ModelServer) -> None:
    arms = [{"name": name, "engine": engine, "model": "", "prompt_number": None, "weight": 50} for name, engine in ARMS]
    given = {
        "name": "x",
        "feature": "ticket-summary",
        "unit": "ticket",
        "metric": "resolution",
        "minimum": 30,
        "guards": {"low_ratings": 0.5},
    }
    experiment = running.save(given, arms, by=priya)
    running.start(experiment, by=priya)
    control, local = experiment.arms.all()
    held = ExperimentAssignment.objects.create(experiment=experiment, arm=local, unit=answered.pk)
    model.says(GOOD)
    assert summaries.renew(answered) == "" and not model.asked
    ExperimentAssignment.objects.update(arm=control)
    assert summaries.renew(answered) == "" and ModelCall.objects.get().arm_ref == control.pk
    held.refresh_from_db()
    assert (held.answers, held.ungrounded) == (1, 0)
    Ticket.objects.update(resolved_at=held.created_at + timedelta(hours=3))
    rated = {"customer": answered.customer, "score": 1, "source": "mail", "created_at": held.created_at + timedelta(hours=4)}
    Rating.objects.create(ticket=answered, **rated)
    line = judging.read(experiment).control
    assert (line.sample.n, line.value) == (1, 3.0)
    assert [(one.sample.n, one.sample.mean) for one in guarding.look(experiment) if one.arm == control] == [(1, 1.0)]
    Experiment.objects.update(metric="satisfaction")
    experiment.refresh_from_db()
    assert judging.read(experiment).control.value == 1.0
