"""Bars of confidence are chosen by what became of the guesses."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from assist import tasks
from assist.learning import bars, policy
from assist.learning.bars import NEVER, Settled, lowest
from assist.models import ActionPolicy, Prediction
from customers.models import Customer
from tickets.models import Queue, Ticket


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    policy.forget_here()
    yield
    policy.forget_here()


def guesses(*groups: tuple[float, int, int], weight: float = 1.0) -> list[Settled]:
    """(confidence, how many, how many of them right)."""
    return [Settled(sure, n < right, weight) for sure, many, right in groups for n in range(many)]


def test_the_lowest_bar_above_which_enough_were_right() -> None:
    settled = guesses((0.9, 50, 50), (0.6, 50, 45), (0.3, 50, 5))
    assert lowest(settled, 0.9) == 0.6
    assert lowest(settled, 0.97) == 0.9
    assert lowest(settled, 0.2) == 0.3


def test_what_was_never_right_often_enough_never_acts() -> None:
    assert lowest(guesses((0.99, 100, 50)), 0.8) == NEVER
    assert lowest(guesses((0.99, bars.FEWEST_ABOVE - 1, bars.FEWEST_ABOVE - 1)), 0.5) == NEVER, "too few to tell"


def test_an_agents_word_outweighs_tickets_that_nobody_touched() -> None:
    untouched, corrected = guesses((0.8, 60, 60)), guesses((0.8, 20, 0), weight=3.0)
    assert lowest(untouched, 0.7) == 0.8
    assert lowest([*untouched, *corrected], 0.7) == NEVER


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans(), st.sampled_from((1.0, 3.0))), max_size=80), st.floats(0.1, 0.99))
def test_above_a_chosen_bar_the_wanted_share_was_right(rows: list[tuple[float, bool, float]], wanted: float) -> None:
    settled = [Settled(*row) for row in rows]
    bar = lowest(settled, wanted)
    above = [one for one in settled if one.confidence >= bar]
    if bar < NEVER:
        assert len(above) >= bars.FEWEST_ABOVE
        assert sum(one.weight for one in above if one.right) / sum(one.weight for one in above) >= wanted


@pytest.mark.django_db
def test_a_job_chooses_the_bars_and_they_hold_unless_somebody_sets_their_own(support: Queue, ingrid: Customer) -> None:
    now = timezone.now()
    for n in range(80):
        sure, right = (0.5, True) if n < 60 else (0.2, False)
        ticket = Ticket.objects.create(number=f"TKT-20261102-{n:04}", subject="x", queue=support, customer=ingrid, channel="email")
        said = "confirmed" if right else "corrected"
        Prediction.objects.create(
            ticket=ticket, field="queue", label="support", confidence=sure, band="propose", correct=right, outcome=said, settled_at=now
        )
    assert policy.of("queue") == policy.default("queue")
    tasks.choose_bars()
    row = ActionPolicy.objects.get()
    assert (row.action, row.measured_act_from, row.measured_of) == ("queue", 0.5, 80)
    assert policy.of("queue").may_act(0.5) and not policy.of("queue").may_act(0.49)
    ActionPolicy.objects.update(by_measure=False)
    policy.forget_here()
    assert not policy.of("queue").may_act(0.5)


@pytest.mark.django_db
def test_choosing_anew_leaves_what_somebody_has_set_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    ActionPolicy.objects.create(action="queue", mode="on", act_from=0.7, propose_from=0.4)
    monkeypatch.setattr(bars, "settled_of", lambda action: guesses((0.5, 80, 80)) if action == "queue" else [])
    with CaptureQueriesContext(connection) as queries:
        tasks.choose_bars()
    [written] = [one["sql"] for one in queries.captured_queries if one["sql"].startswith("UPDATE")]
    assert "measured_act_from" in written
    assert '"mode"' not in written
    assert ActionPolicy.objects.get().measured_act_from == 0.5
