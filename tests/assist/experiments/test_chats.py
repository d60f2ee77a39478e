"""Answers in chat are tried as drafts are: who gets what, and what became of their conversations."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from assist import experiments
from assist.experiments import features, guarding, judging, running
from assist.experiments.chats import QUIET
from assist.models import ChatMessage, ChatSession, Experiment, ExperimentArm, ExperimentAssignment
from customers import erasure, merging
from customers.models import Customer
from helpdesk.core.errors import Invalid
from helpdesk.core.llm import providers
from helpdesk.core.models import ModelCall, User
from tests.cast import make_customer, signed_in
from tests.plugins.model_server import ModelServer

from .conftest import IN_USE, LOCAL, Make

CHAT = {"feature": "chat", "unit": "chat", "metric": "answered"}
Talk = Callable[..., ChatSession]


@pytest.fixture
def talk(ingrid: Customer) -> Talk:
    """A conversation of a unit of this arm, an hour ago."""

    def made(arm: ExperimentArm, customer: Customer = ingrid, **session: Any) -> ChatSession:
        began = timezone.now() - timedelta(hours=1)
        name = f"s{ChatSession.objects.count()}"
        given = {"started_at": began, "last_message_at": began + timedelta(minutes=5)} | session
        one = ChatSession.objects.create(customer=customer, session_id=name, **given)
        unit = customer.pk if arm.experiment.unit == "customer" else one.pk
        ExperimentAssignment.objects.get_or_create(
            experiment=arm.experiment, unit=unit, defaults={"arm": arm, "created_at": began + timedelta(minutes=1)}
        )
        return one

    return made


class TestWhoGetsWhat:
    def test_a_visitor_has_one_arm_in_all_their_conversations(self, make: Make, priya: User, talk: Talk, model: ModelServer) -> None:
        experiment = make(**CHAT | {"unit": "customer"})
        running.start(experiment, by=priya)
        one, other = (talk(experiment.arms.get(position=1)) for _ in range(2))
        first, second = experiments.choose("chat", one), experiments.choose("chat", other)
        assert first is not None and second is not None and first.assignment == second.assignment and first.arm.name == "Small model"

    def test_who_turns_out_to_be_somebody_keeps_what_they_had(self, make: Make, priya: User, talk: Talk, model: ModelServer) -> None:
        experiment = make(**CHAT | {"unit": "customer"})
        running.start(experiment, by=priya)
        stranger, known, other = (make_customer(name, f"{name}@canary.example") for name in ("stranger", "known", "other"))
        small = experiment.arms.get(position=1)
        talk(small, stranger)
        experiments.follow(stranger.pk, known.pk)
        assert ExperimentAssignment.objects.get(unit=known.pk).arm == small
        talk(experiment.arms.get(position=0), other)
        experiments.follow(stranger.pk, other.pk)
        assert ExperimentAssignment.objects.get(unit=other.pk).arm.is_control  # what they have, they keep

    def test_of_two_customers_made_one_the_kept_one_has_the_arm(
        self, make: Make, priya: User, talk: Talk, model: ModelServer, drain: Callable[[], int]
    ) -> None:
        experiment = make(**CHAT | {"unit": "customer"})
        running.start(experiment, by=priya)
        kept, merged = make_customer("Kept", "kept@canary.example"), make_customer("Merged", "merged@canary.example")
        talk(experiment.arms.get(position=1), merged)
        merging.merge(kept=kept, merged=merged, by=priya)
        drain()
        assert ExperimentAssignment.objects.get(unit=kept.pk).arm.name == "Small model"

    def test_it_runs_beside_one_on_drafts_but_not_beside_another_on_chats(self, make: Make, priya: User, model: ModelServer) -> None:
        running.start(make(), by=priya)
        running.start(make(**CHAT), by=priya)
        assert Experiment.objects.running().count() == 2

    @pytest.mark.parametrize("wrong", [{"unit": "ticket"}, {"metric": "edit"}, {"guards": {"dismissed": 0.1}}])
    def test_what_a_chat_does_not_have_is_not_measured(self, make: Make, wrong: dict[str, Any]) -> None:
        with pytest.raises(Invalid):
            make(**CHAT | wrong)

    def test_the_winner_is_what_everybody_gets(self, make: Make, priya: User, model: ModelServer) -> None:
        experiment = make(IN_USE, LOCAL, **CHAT)
        running.start(experiment, by=priya)
        running.decide(experiment, experiment.arms.get(position=1), by=priya)
        assert not providers.current().asks("chat") and providers.current().asks("reply")


def test_who_is_erased_leaves_no_arm_behind(make: Make, talk: Talk, priya: User) -> None:
    stranger = make_customer("stranger", "stranger@canary.example")
    talk(make(**CHAT).arms.get(position=0), stranger)
    talk(make(**CHAT | {"unit": "customer"}).arms.get(position=0), stranger)
    assert ExperimentAssignment.objects.count() == 2
    erasure.erase(stranger.pk, by=priya)
    assert not ExperimentAssignment.objects.exists()


class TestMeasuring:
    def value(self, experiment: Experiment) -> tuple[int, float | None]:
        line = judging.read(experiment).control
        return line.sample.n, line.value

    def test_answered_without_a_person(self, make: Make, talk: Talk) -> None:
        experiment = make(**CHAT)
        control = experiment.arms.get(position=0)
        now = timezone.now()
        talk(control)  # fell silent
        talk(control, state="ended", ended_at=now)
        talk(control, last_message_at=now)  # it goes on: nobody knows yet
        talk(control, handed_over_at=now)
        joined = talk(control)  # nobody was asked for, and somebody came
        ChatMessage.objects.create(session=joined, n=1, role="agent", content="Hello")
        assert self.value(experiment) == (4, 0.5)
        Experiment.objects.update(metric="handed_over")
        experiment.refresh_from_db()
        assert self.value(experiment) == (4, 0.25)

    def test_what_was_before_the_arm_does_not_count(self, make: Make, talk: Talk) -> None:
        experiment = make(**CHAT)
        control = experiment.arms.get(position=0)
        before = timezone.now() - timedelta(hours=2)
        talk(control, handed_over_at=before, rating=1, rated_at=before)
        assert self.value(experiment) == (1, 1.0)
        Experiment.objects.update(metric="satisfaction")
        experiment.refresh_from_db()
        assert self.value(experiment) == (0, None)

    def test_a_visitor_counts_once_by_their_first_conversation(self, make: Make, talk: Talk) -> None:
        experiment = make(**CHAT | {"unit": "customer"})
        control = experiment.arms.get(position=0)
        talk(control)
        talk(control, started_at=timezone.now() - QUIET, handed_over_at=timezone.now())
        assert self.value(experiment) == (1, 1.0)

    def test_a_smaller_share_handed_over_is_the_better_one(self, make: Make, talk: Talk) -> None:
        experiment = make(**CHAT | {"metric": "handed_over"})
        control, other = experiment.arms.all()
        now = timezone.now()
        for n in range(35):
            talk(control, handed_over_at=now if n < 30 else None)
            talk(other, handed_over_at=now if n < 2 else None)
        assert judging.read(experiment).lines[1].verdict == judging.BETTER

    def test_its_guards(self, make: Make, talk: Talk, priya: User, model: ModelServer) -> None:
        experiment = make(**CHAT | {"guards": dict.fromkeys(features.FEATURES["chat"].guards, 0.5)})
        running.start(experiment, by=priya)
        control, bad = experiment.arms.all()
        now = timezone.now()
        first = talk(control, rating=2, rated_at=now)
        for _ in range(guarding.FEWEST):
            talk(bad, handed_over_at=now)
        ModelCall.objects.create(
            task="chat", model="x", payload_hash="x", outcome="done", cost="0.50", about=f"chat:{first.pk}",
            experiment_ref=experiment.pk, arm_ref=control.pk,
        )  # fmt: skip
        found = {one.name: (one.sample.n, one.sample.mean) for one in guarding.look(experiment) if one.arm == control}
        assert found == {"errors": (1, 0.0), "ungrounded": (0, 0.0), "handed_over": (1, 0.0), "low_ratings": (1, 1.0), "cost": (1, 0.5)}
        guarding.watch()
        experiment.refresh_from_db()
        assert "Small model" in experiment.stopped_why and "Chats handed over" in experiment.stopped_why


def test_the_form_offers_what_a_chat_has(priya: User) -> None:
    as_priya = signed_in(priya)
    page = as_priya.get("/evaluation/experiments/new/?feature=chat").content.decode()
    assert "Chats answered without a person" in page and "guard-handed_over" in page and "guard-dismissed" not in page
    assert "Drafts accepted" not in page and as_priya.get("/evaluation/experiments/new/?feature=tea").status_code == 400
    form = CHAT | {"name": "Chat", "minimum": "40", "guard-handed_over": "30"}
    for n, (name, named) in enumerate((("In use", ""), ("Small", "small-1"))):
        form |= {f"arm{n}-name": name, f"arm{n}-engine": "model", f"arm{n}-model": named, f"arm{n}-weight": "50"}
    as_priya.post("/evaluation/experiments/new/", form)
    made = Experiment.objects.get()
    assert (made.feature, made.unit, made.metric, made.guards) == ("chat", "chat", "answered", {"handed_over": 0.3})
