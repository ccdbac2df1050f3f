"""Kaplan-Meier curves: by hand, and as lifelines draws them."""

from fractions import Fraction
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tablewire.insights.lifetimes import (
    crossings,
    curve,
    lasting,
    median,
    open_for,
    quantile,
    searched_crossings,
    taken_after,
)

SECOND = 1_000_000


def codes(taken: list[float], censored: tuple[float, ...] = ()) -> list[int]:
    known = [taken_after(round(seconds * SECOND)) for seconds in taken]
    return known + [open_for(round(seconds * SECOND)) for seconds in censored]


def test_without_samples_there_is_no_median() -> None:
    found = median([])

    assert (found.value, found.low, found.high, found.samples) == (None, None, None, 0)


@pytest.mark.parametrize(
    ("taken", "plain"),
    [([142], 142), ([100, 200], 150), ([3, 1, 2], 2), ([5, 5, 9, 9], 7), ([4, 1, 3, 2], 2.5)],
)
def test_with_nothing_censored_it_is_the_plain_median(taken: list[float], plain: float) -> None:
    assert median(codes(taken)).value == plain


def test_tables_that_are_still_open_move_the_median_up() -> None:
    found = median(codes([60, 120, 180], censored=(600, 600)))

    assert found.value == 180
    assert (found.samples, found.taken) == (5, 3)


def test_where_most_tables_are_still_open_there_is_no_median() -> None:
    assert median(codes([60], censored=(600, 600, 600))).value is None


def test_a_table_seen_until_then_counts_as_there_when_another_is_taken_at_the_same_age() -> None:
    (step,) = curve(sorted(codes([60], censored=(60,))))

    assert step[:2] == (60 * SECOND, 0.5)


def test_the_interval_is_that_of_greenwood_on_the_log_log_scale() -> None:
    found = median(codes([float(seconds) for seconds in range(10, 210, 10)]))

    assert (found.low, found.value, found.high) == (50, 105, 150)


def test_lasting_tells_the_mean_of_the_taken_and_the_quantiles_of_all() -> None:
    found = lasting(
        codes([10, 20, 30, 40], censored=(500,)), [10 * SECOND, 20 * SECOND, 30 * SECOND, 40 * SECOND]
    )

    assert (found.count, found.mean) == (4, 25)
    assert found.quantiles == {"0.1": 10, "0.25": 20, "0.5": 30, "0.75": 40, "0.9": None}


def test_curves_are_those_of_lifelines() -> None:
    from lifelines import KaplanMeierFitter
    from lifelines.utils import median_survival_times

    dice = Random(7)
    for samples in range(1, 60, 4):
        lengths = [dice.randint(1, 60) for _ in range(samples)]
        known = [dice.random() < 0.7 for _ in lengths]
        fitted = KaplanMeierFitter().fit(lengths, known)
        bounds = median_survival_times(fitted.confidence_interval_)
        theirs = (fitted.median_survival_time_, bounds.iloc[0, 0], bounds.iloc[0, 1])
        ours = median(
            (taken_after if taken else open_for)(length * SECOND)
            for length, taken in zip(lengths, known, strict=True)
        )
        low, value, high = (float("inf") if at is None else at for at in (ours.low, ours.value, ours.high))

        assert (low, high) == theirs[1:]
        if not all(known) and not touches_half(lengths, known):
            assert value == theirs[0]


def touches_half(lengths: list[int], known: list[bool]) -> bool:
    """Whether the curve is exactly one half somewhere: there lifelines' sum of logarithms may come out above it."""
    surviving = Fraction(1)
    for length in sorted(set(lengths)):
        at_risk = sum(1 for other in lengths if other >= length)
        taken = sum(1 for other, taken in zip(lengths, known, strict=True) if other == length and taken)
        surviving *= 1 - Fraction(taken, at_risk)
        if surviving == Fraction(1, 2):
            return True
    return False


def test_a_quantile_that_the_curve_reaches_exactly_is_reached() -> None:
    ordered = sorted(codes([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]))

    assert [quantile(ordered, gone) for gone in (0.1, 0.3, 0.7, 0.9)] == [1, 3, 7, 9]


@given(
    st.lists(
        st.integers(0, 30).map(taken_after)
        | st.integers(0, 30).map(taken_after)
        | st.integers(0, 90).map(open_for),
        max_size=60,
    ).map(sorted)
)
def test_the_short_way_to_the_crossings_is_the_long_one(ordered: list[int]) -> None:
    assert crossings(ordered) == searched_crossings(ordered)
