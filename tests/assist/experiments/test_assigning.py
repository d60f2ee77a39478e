"""Who gets what: balanced by the shares, the same for ever, whatever happens to shares and arms later."""

from __future__ import annotations

import math
import uuid
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assist import experiments
from assist.experiments.assigning import place_of
from assist.models import Experiment, ExperimentArm, ExperimentAssignment
from helpdesk.core.models import User
from tests.cast import receive
from tickets.models import Ticket

WEIGHTS = st.lists(st.integers(0, 100), min_size=2, max_size=5).filter(any)


@settings(max_examples=100, deadline=None)
@given(st.uuids(), st.uuids(), WEIGHTS)
def test_a_unit_falls_into_one_arm_with_a_share_always_the_same(experiment: uuid.UUID, unit: uuid.UUID, weights: list[int]) -> None:
    place = place_of(experiment, unit, weights)
    assert weights[place] > 0 and place == place_of(experiment, unit, weights)


@pytest.mark.parametrize("weights", [[50, 50], [90, 10], [1, 1, 2]])
def test_arms_fill_by_their_shares(weights: list[int]) -> None:
    """Within five standard deviations of what is due; ids are counted up, as hostile to a hash as ids get."""
    n, experiment = 4000, uuid.UUID(int=7)
    filled = Counter(place_of(experiment, uuid.UUID(int=i), weights) for i in range(n))
    for place, weight in enumerate(weights):
        due = weight / sum(weights)
        assert abs(filled[place] - n * due) < 5 * math.sqrt(n * due * (1 - due))


def test_two_experiments_split_independently() -> None:
    one, two = uuid.UUID(int=1), uuid.UUID(int=2)
    same = sum(place_of(one, uuid.UUID(int=i), [1, 1]) == place_of(two, uuid.UUID(int=i), [1, 1]) for i in range(2000))
    assert 850 < same < 1150


def test_without_any_share_there_is_nowhere_to_go() -> None:
    with pytest.raises(ValueError, match="No arm"):
        place_of(uuid.UUID(int=1), uuid.UUID(int=2), [0, 0])


@pytest.fixture
def running(priya: User) -> Experiment:
    one = Experiment.objects.create(name="Wording", state="running", created_by=priya)
    one.arms.create(name="In use", position=0)
    one.arms.create(name="New", position=1)
    return one


def test_who_has_an_arm_keeps_it_when_the_shares_change(running: Experiment, ticket: Ticket) -> None:
    first = experiments.choose("reply", ticket)
    assert first is not None
    running.arms.exclude(pk=first.arm.pk).update(weight=1000)
    running.arms.filter(pk=first.arm.pk).update(weight=1)
    again = experiments.choose("reply", ticket)
    assert again is not None and again.arm == first.arm and ExperimentAssignment.objects.count() == 1


def test_a_customer_has_one_arm_in_all_their_tickets(running: Experiment, ticket: Ticket) -> None:
    Experiment.objects.update(unit="customer")
    other = receive(ticket.customer, "Another thing", "Words").ticket
    one, two = experiments.choose("reply", ticket), experiments.choose("reply", other)
    assert one is not None and two is not None and one.assignment == two.assignment


def test_whose_arm_was_stopped_gets_the_control_and_still_counts_for_it(running: Experiment, ticket: Ticket) -> None:
    control, new = running.arms.all()
    ExperimentAssignment.objects.create(experiment=running, arm=new, unit=ticket.pk)
    ExperimentArm.objects.filter(pk=new.pk).update(stopped_at=ticket.created_at)
    chosen = experiments.choose("reply", ticket)
    assert chosen is not None and (chosen.arm, chosen.way) == (new, control)


def test_nothing_is_asked_where_nothing_runs(running: Experiment, ticket: Ticket, django_assert_num_queries: object) -> None:
    Experiment.objects.update(state="stopped")
    with django_assert_num_queries(1):  # type: ignore[operator]
        assert experiments.choose("reply", ticket) is None
