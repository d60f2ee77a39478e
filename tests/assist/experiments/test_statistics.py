"""Intervals against published values and against scipy; the one that may be looked at every day against thousands of looks."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assist.experiments.statistics import Range, Sample, always, difference, interval, wilson


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    # R. G. Newcombe, "Two-sided confidence intervals for the single proportion", Statistics in Medicine 17 (1998), table I, method 3
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilsons_interval_is_the_published_one(hits: int, n: int, low: float, high: float) -> None:
    found = wilson(hits, n)
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


@pytest.mark.parametrize(
    ("first", "second", "low", "high"),
    # the same, "Interval estimation for the difference between independent proportions", table II, method 10
    [
        ((48, 80), (56, 70), 0.0524, 0.3339),
        ((3, 10), (9, 10), 0.1705, 0.8090),
        ((2, 7), (6, 7), 0.0582, 0.8062),
        ((0, 29), (5, 56), -0.0381, 0.1926),
        ((0, 10), (10, 10), 0.6075, 1.0),
    ],
)
def test_newcombes_interval_is_the_published_one(first: tuple[int, int], second: tuple[int, int], low: float, high: float) -> None:
    found = difference(Sample.of_share(*first), Sample.of_share(*second))
    assert found is not None
    assert (found.once.low, found.once.high) == (pytest.approx(low, abs=6e-4), pytest.approx(high, abs=6e-4))


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.integers(-50, 50), min_size=3, max_size=40),
    st.lists(st.integers(-50, 50), min_size=3, max_size=40),
)
def test_welchs_interval_is_that_of_scipy(first: list[int], second: list[int]) -> None:
    from scipy import stats

    one, two = Sample.of(first), Sample.of(second)
    if not one.variance + two.variance:
        return
    found, theirs = difference(one, two), stats.ttest_ind(second, first, equal_var=False)
    wanted = theirs.confidence_interval(0.95)
    assert found is not None
    assert found.p == pytest.approx(theirs.pvalue, rel=1e-6, abs=1e-9)
    assert (found.once.low, found.once.high) == (
        pytest.approx(wanted.low, rel=1e-6, abs=1e-6),
        pytest.approx(wanted.high, rel=1e-6, abs=1e-6),
    )


def test_one_mean_has_the_interval_of_students_t() -> None:
    found = interval(Sample.of([2.0, 4.0, 6.0, 8.0]))  # t of 3 degrees at 97.5 %: 3.1824
    assert found is not None and found.low == pytest.approx(5 - 3.1824 * 2.5820 / 2, abs=1e-3)


def test_too_little_is_no_interval() -> None:
    assert interval(Sample(0, 0.0, share=True)) is None and interval(Sample.of([3.0])) is None
    assert difference(Sample.of([1.0]), Sample.of([1.0, 2.0])) is None and difference(Sample.of_share(0, 0), Sample.of_share(1, 2)) is None
    assert always(Sample.of_share(1, 1), Sample.of_share(1, 90), planned=100) is None


def test_two_arms_that_never_vary_differ_surely_or_not_at_all() -> None:
    same, other = Sample.of([1.0, 1.0]), Sample.of([2.0, 2.0])
    assert difference(same, same) is not None and difference(same, same).p == 1.0  # type: ignore[union-attr]
    assert difference(same, other).p == 0.0  # type: ignore[union-attr]


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 400), st.integers(2, 400), st.data())
def test_what_may_be_looked_at_daily_is_wider_than_one_look(n: int, m: int, data: st.DataObject) -> None:
    one = Sample.of_share(data.draw(st.integers(0, n)), n)
    two = Sample.of_share(data.draw(st.integers(0, m)), m)
    once, daily = difference(one, two), always(one, two, planned=200)
    assert once is not None and daily is not None
    assert daily.holds(once.change) and daily.high - daily.low > (once.once.high - once.once.low) * 0.9
    if min(n, m) >= 30:
        assert daily.high - daily.low > once.once.high - once.once.low


def test_the_daily_range_is_theorem_2_2_of_its_paper() -> None:
    """For one variance of 1: σ̂ √(2(tρ²+1)/(t²ρ²) · log(√(tρ²+1)/α))."""
    first, second = Sample(500, 0.0, 0.5), Sample(500, 0.25, 0.5)  # the difference has a variance of 2/1000: σ̂² = 2 at t = 1000
    rho = math.sqrt((-2 * math.log(0.05) + math.log(-2 * math.log(0.05)) + 1) / 1000)
    margin = math.sqrt(2) * math.sqrt(2 * (1000 * rho**2 + 1) / (1000**2 * rho**2) * math.log(math.sqrt(1000 * rho**2 + 1) / 0.05))
    found = always(first, second, planned=1000)
    assert found is not None and found.high == pytest.approx(0.25 + margin)


def test_looking_every_day_is_wrong_in_five_of_a_hundred_at_most() -> None:
    """400 experiments without any difference, looked at after each of 100 days: a single look's interval fails, the daily one holds."""
    random = np.random.default_rng(11)
    days = np.arange(1, 101) * 10
    first, second = (np.cumsum(random.random((400, 1000)) < 0.4, axis=1)[:, days - 1] for _ in range(2))
    once = daily = 0
    for one, two in zip(first, second, strict=True):
        looks = [
            (Sample.of_share(int(a), int(n)), Sample.of_share(int(b), int(n))) for a, b, n in zip(one, two, days, strict=True) if n >= 100
        ]
        once += any(not _range(difference(*pair)).holds(0) for pair in looks)
        daily += any(not (always(*pair, planned=400) or Range(0, 0)).holds(0) for pair in looks)
    assert once / 400 > 0.15, "that is why one must not stop at the first good day"
    assert daily / 400 <= 0.05


def test_a_difference_is_found() -> None:
    found = always(Sample.of_share(200, 500), Sample.of_share(300, 500), planned=400)
    assert found is not None and found.low > 0


def _range(found: object) -> Range:
    return found.once  # type: ignore[attr-defined, no-any-return]
