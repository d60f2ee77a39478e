"""An experiment takes effect on drafts, is judged by what agents did, is stopped by its guards, and is decided with a way back."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from assist import copilot
from assist.experiments import guarding, judging, running
from assist.models import Draft, Experiment, ExperimentAssignment, TriageRun
from helpdesk.core.errors import Conflict, Invalid
from helpdesk.core.llm import prompts, providers
from helpdesk.core.models import Event, ModelCall, User
from knowledge import publishing
from knowledge.models import Article
from tests.plugins.model_server import ModelServer
from tickets.models import Notice, Rating, Ticket

from .conftest import IN_USE, LOCAL, SMALL, Make

GOOD = json.dumps({"can_answer": True, "sentences": [{"kind": "answer", "text": "Press Resend in Settings.", "sources": [1]}]})
EMPTY = json.dumps({"can_answer": False, "sentences": []})


@pytest.fixture
def run(ticket: Ticket, maya: User) -> TriageRun:
    """A ticket with an article that answers it, and the local engine's draft."""
    article = Article.objects.create(slug="retry", title="Retry", body="Press Resend in Settings.", audience="public", owner=maya)
    publishing.publish(article, by=maya)
    message = ticket.messages.get()
    Draft.objects.create(ticket=ticket, answers=message, text="The local draft", confidence=0.7)
    return TriageRun.objects.create(ticket=ticket, message=message, result={"knowledge": [{"id": str(article.pk)}]})


def started(experiment: Experiment, by: User, ticket: Ticket, place: int) -> Experiment:
    """Running, with this ticket in the arm at `place`."""
    running.start(experiment, by=by)
    ExperimentAssignment.objects.create(experiment=experiment, arm=experiment.arms.get(position=place), unit=ticket.pk)
    experiment.refresh_from_db()
    return experiment


class TestEffect:
    def test_a_draft_is_written_as_the_arm_says_and_says_whose_it_is(
        self, make: Make, priya: User, run: TriageRun, model: ModelServer
    ) -> None:
        prompts.find("reply").save("Be brief.", note="", after=0, by=priya)
        experiment = make(IN_USE, SMALL | {"prompt_number": 0})
        started(experiment, priya, run.ticket, 1)
        model.says(GOOD)
        assert copilot.write(run.pk) is not None
        arm = experiment.arms.get(position=1)
        assert model.asked[0]["model"] == "small-1" and "Be brief." not in model.received
        call = ModelCall.objects.get()
        assert (call.model, call.prompt, call.experiment_ref, call.arm_ref) == ("small-1", "reply@0", experiment.pk, arm.pk)
        draft = Draft.objects.get()
        assert (draft.arm, draft.engine) == (arm, "model")
        assert ExperimentAssignment.objects.values_list("answers", "ungrounded").get() == (1, 0)

    def test_in_the_arm_of_the_local_engine_no_model_is_asked(self, make: Make, priya: User, run: TriageRun, model: ModelServer) -> None:
        started(make(IN_USE, LOCAL), priya, run.ticket, 1)
        assert copilot.write(run.pk) is None and not model.asked
        draft = Draft.objects.get()
        assert draft.text == "The local draft" and draft.arm is not None and draft.arm.name == "No model"

    def test_an_answer_that_cannot_stand_is_counted(self, make: Make, priya: User, run: TriageRun, model: ModelServer) -> None:
        started(make(), priya, run.ticket, 0)
        model.says(EMPTY)
        assert copilot.write(run.pk) is None
        assert ExperimentAssignment.objects.values_list("answers", "ungrounded").get() == (1, 1)

    def test_what_is_in_use_is_written_into_the_arms_at_the_start(self, make: Make, priya: User, model: ModelServer) -> None:
        experiment = make()
        running.start(experiment, by=priya)
        prompts.find("reply").save("Be brief.", note="", after=0, by=priya)
        control = experiment.arms.get(position=0)
        assert (control.model, control.prompt_number) == ("test-1", 0)

    def test_a_changed_draft_stays_with_its_arm(self, make: Make, priya: User, run: TriageRun, model: ModelServer) -> None:
        experiment = started(make(), priya, run.ticket, 1)
        model.says(GOOD)
        draft = copilot.write(run.pk)
        assert draft is not None
        draft.refresh_from_db()
        assert copilot.rewrite(draft, "shorter", by=priya).arm == experiment.arms.get(position=1)


class TestWriting:
    def test_arms_that_are_the_same_are_refused(self, make: Make) -> None:
        for arms in (
            (IN_USE, IN_USE | {"name": "Again"}),
            (LOCAL, LOCAL),
            (IN_USE,),
            (IN_USE, *[SMALL | {"model": str(n)} for n in range(5)]),
        ):
            with pytest.raises(Invalid):
                make(*arms)

    def test_only_one_runs_on_a_feature(self, make: Make, priya: User, model: ModelServer) -> None:
        running.start(make(), by=priya)
        with pytest.raises(Conflict):
            running.start(make(), by=priya)

    def test_without_a_model_there_is_nothing_to_try(self, make: Make, priya: User) -> None:
        with pytest.raises(Conflict):
            running.start(make(IN_USE, LOCAL), by=priya)

    def test_what_runs_is_not_rewritten(self, make: Make, priya: User, model: ModelServer) -> None:
        experiment = make()
        running.start(experiment, by=priya)
        with pytest.raises(Conflict):
            make(name="Another name", experiment=experiment)
        with pytest.raises(Conflict):
            running.remove(experiment, by=priya)


class TestJudging:
    def test_below_the_minimum_nothing_is_said(self, make: Make, priya: User, model: ModelServer, outcomes: Callable[..., Any]) -> None:
        experiment = make(minimum=30)
        running.start(experiment, by=priya)
        control, other = experiment.arms.all()
        outcomes(control, 29, 0)
        outcomes(other, 29, 29)
        assert judging.read(experiment).lines[1].verdict == judging.FEW
        outcomes(control, 1, 0)
        outcomes(other, 1, 1)
        reading = judging.read(experiment)
        assert reading.lines[1].verdict == judging.BETTER and reading.best is not None and reading.best.arm == other

    def test_a_smaller_edit_distance_is_the_better_one(self, make: Make, outcomes: Callable[..., Any]) -> None:
        experiment = make(metric="edit")
        control, other = experiment.arms.all()
        for arm, edits in ((control, (0.5, 0.6)), (other, (0.1, 0.2))):
            for edit in edits:
                outcomes(arm, 20, 20, edit=edit)
        line = judging.read(experiment).lines[1]
        assert line.verdict == judging.BETTER and line.value == pytest.approx(0.15)

    def test_no_difference_is_open(self, make: Make, outcomes: Callable[..., Any]) -> None:
        experiment = make()
        for arm in experiment.arms.all():
            outcomes(arm, 40, 20)
        assert judging.read(experiment).lines[1].verdict == judging.OPEN

    def test_a_unit_counts_once_by_the_first_draft_that_was_seen(self, make: Make, outcomes: Callable[..., Any]) -> None:
        experiment = make()
        control = experiment.arms.first()
        assert control is not None
        (ticket,) = outcomes(control, 1, 0)
        Draft.objects.create(
            ticket=ticket, answers=ticket.messages.get(), arm=control, state="used", created_at=timezone.now() + timedelta(hours=1)
        )
        assert judging.read(experiment).control.sample.n == 1 and judging.read(experiment).control.value == 0

    def test_satisfaction_and_time_are_those_of_the_tickets(self, make: Make, outcomes: Callable[..., Any]) -> None:
        experiment, now = make(metric="satisfaction"), timezone.now()
        control = experiment.arms.first()
        assert control is not None
        for score, hours in ((5, 2), (3, 4)):
            (ticket,) = outcomes(control, 1, created_at=now - timedelta(hours=hours), resolved_at=now + timedelta(minutes=1))
            Rating.objects.create(ticket=ticket, customer=ticket.customer, queue=ticket.queue, score=score, source="mail")
        assert judging.read(experiment).control.value == 4
        Experiment.objects.update(metric="resolution")
        experiment.refresh_from_db()
        assert judging.read(experiment).control.value == pytest.approx(3 + 1 / 60)

    def test_it_costs_as_many_statements_however_much_was_seen(
        self, make: Make, outcomes: Callable[..., Any], django_assert_num_queries: Any
    ) -> None:
        experiment = make()
        for arm in experiment.arms.all():
            outcomes(arm, 50, 20)
        with django_assert_num_queries(3):
            judging.read(experiment)


class TestGuards:
    def test_an_arm_that_surely_passes_a_limit_is_stopped_and_people_hear_of_it(
        self, make: Make, priya: User, model: ModelServer, outcomes: Callable[..., Any], support: Any
    ) -> None:
        experiment = make(IN_USE, SMALL, SMALL | {"name": "Third", "model": "small-2"}, guards={"dismissed": 0.3})
        running.start(experiment, by=priya)
        control, bad, third = experiment.arms.all()
        outcomes(control, 25, 20)
        outcomes(bad, 25, 0, state="dismissed")
        guarding.watch()
        guarding.watch()
        bad.refresh_from_db()
        experiment.refresh_from_db()
        assert bad.stopped_at is not None and "100.0%" in bad.stopped_why and experiment.is_running
        assert Event.objects.filter(kind="experiment.arm_stopped").count() == 1
        notice = Notice.objects.get(user=priya)
        assert "Small model" in notice.text and str(experiment.pk) in notice.link
        outcomes(third, 25, 0, state="dismissed")
        guarding.watch()
        experiment.refresh_from_db()
        assert experiment.state == "stopped" and "Third" in experiment.stopped_why

    def test_a_few_bad_cases_stop_nothing(self, make: Make, priya: User, model: ModelServer, outcomes: Callable[..., Any]) -> None:
        experiment = make(guards={"dismissed": 0.3})
        running.start(experiment, by=priya)
        bad = experiment.arms.get(position=1)
        outcomes(bad, guarding.FEWEST - 1, 0, state="dismissed")
        guarding.watch()
        assert guarding.look(experiment)[1].state == "few"
        outcomes(bad, 20, 0)  # of forty, half were dismissed: above the limit, and surely so
        outcomes(bad, 20, 0)  # a third: above it, not surely
        guarding.watch()
        bad.refresh_from_db()
        assert bad.stopped_at is None and guarding.look(experiment)[1].state == "watch"

    def test_each_guard_counts_what_it_says(self, make: Make, outcomes: Callable[..., Any]) -> None:
        experiment = make(guards=dict.fromkeys(guarding.of("reply"), 0.5))
        control = experiment.arms.first()
        assert control is not None
        good, bad = outcomes(control, 2, 1)
        Rating.objects.create(ticket=bad, customer=bad.customer, queue=bad.queue, score=1, source="mail")
        ExperimentAssignment.objects.filter(unit=good.pk).update(answers=3, ungrounded=1)
        for outcome, cost in (("done", "0.20"), ("failed", "0.10")):
            ModelCall.objects.create(
                task="reply", model="x", payload_hash="x", outcome=outcome, cost=cost, about=f"ticket:{good.pk}",
                experiment_ref=experiment.pk, arm_ref=control.pk,
            )  # fmt: skip
        found = {one.name: (one.sample.n, round(one.sample.mean, 4)) for one in guarding.look(experiment) if one.arm == control}
        assert found == {
            "errors": (2, 0.5),
            "ungrounded": (3, round(1 / 3, 4)),
            "dismissed": (2, 0.0),
            "low_ratings": (1, 1.0),
            "cost": (2, 0.15),
        }


class TestDeciding:
    def test_the_winner_is_what_everybody_gets_and_undo_brings_the_old_back(self, make: Make, priya: User, model: ModelServer) -> None:
        prompt = prompts.find("reply")
        prompt.save("Be brief.", note="", after=0, by=priya)
        experiment = make(IN_USE, SMALL | {"prompt_number": 0})
        running.start(experiment, by=priya)
        running.decide(experiment, experiment.arms.get(position=1), by=priya, reason="Cheaper")
        assert prompt.current().text == prompt.text and providers.current().model_for("reply") == "small-1"
        assert providers.current().model == "test-1" and providers.current().on
        experiment.refresh_from_db()
        assert experiment.state == "decided" and Event.objects.get(kind="experiment.decided").data["reason"] == "Cheaper"
        running.undo(experiment, by=priya)
        assert prompt.current().text == "Be brief." and providers.current().model_for("reply") == "test-1"

    def test_the_local_engine_may_win(self, make: Make, priya: User, run: TriageRun, model: ModelServer) -> None:
        experiment = make(IN_USE, LOCAL)
        running.start(experiment, by=priya)
        running.decide(experiment, experiment.arms.get(position=1), by=priya)
        assert not providers.current().asks("reply") and providers.current().asks("chat")
        assert copilot.write(run.pk) is None and not model.asked
        running.undo(experiment, by=priya)
        assert providers.current().asks("reply")

    def test_what_was_changed_since_is_not_undone(self, make: Make, priya: User, model: ModelServer) -> None:
        experiment = make()
        running.start(experiment, by=priya)
        running.decide(experiment, experiment.arms.get(position=1), by=priya)
        prompts.find("reply").save("Be brief.", note="", after=0, by=priya)
        with pytest.raises(Conflict):
            running.undo(experiment, by=priya)

    def test_after_a_stop_it_may_go_on_with_everybody_where_they_were(
        self, make: Make, priya: User, ticket: Ticket, model: ModelServer
    ) -> None:
        experiment = started(make(), priya, ticket, 1)
        began = experiment.started_at
        running.stop(experiment, by=priya)
        running.start(experiment, by=priya)
        experiment.refresh_from_db()
        assert experiment.is_running and experiment.started_at == began and experiment.assignments.count() == 1

    def test_shares_may_change_while_it_runs(self, make: Make, priya: User, model: ModelServer) -> None:
        experiment = make()
        running.start(experiment, by=priya)
        arm = experiment.arms.get(position=1)
        running.weigh(experiment, {arm.pk: 5}, by=priya)
        arm.refresh_from_db()
        assert arm.weight == 5
        with pytest.raises(Invalid):
            running.weigh(experiment, {arm.pk: 0}, by=priya)
