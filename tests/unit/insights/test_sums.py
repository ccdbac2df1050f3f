"""Days of a venue added up: in any order, within the window only."""

from datetime import timedelta

from tablewire.domain.events import CloseReason
from tablewire.insights.lifetimes import open_for, taken_after
from tablewire.insights.local_time import DAY, SECOND
from tablewire.insights.sums import NO_DAYS, sums_of
from tests.insights_days import MONDAY, at, row, stay

TUESDAY = MONDAY + timedelta(days=1)


def test_a_day_is_counted_in_whole_numbers() -> None:
    found = sums_of(
        [row(stay(at(9), 100), stay(at(10), 60, reason=CloseReason.EXPIRED, prime=False))], MONDAY
    )

    assert (found.observed, found.looked_at, found.drops, found.prime) == (DAY, 1, 2, 1)
    assert (found.taken, found.taken_time) == (1, 100 * SECOND)
    assert list(found.lasted) == [open_for(60 * SECOND), taken_after(100 * SECOND)]
    assert (found.judged, found.booked) == (1, 1)
    assert (found.dates.bit_count(), found.dates_observed, found.prime_open) == (1, DAY, 100 * SECOND)
    assert (found.whole_days, found.whole_drops, found.whole_squares) == (1, 2, 4)


def test_days_add_up_in_any_order_and_dates_that_are_on_several_count_once() -> None:
    days = [
        row(stay(at(9), 100), dates=2),
        row(stay(at(9, 0, TUESDAY), 50, on=TUESDAY), day=TUESDAY, dates=2),
    ]
    one, other = (sums_of([day], MONDAY) for day in days)

    assert one + other == other + one == sums_of(days, MONDAY)
    assert (one + other).dates.bit_count() == 3


def test_what_opened_before_the_window_counts_for_the_mean_only() -> None:
    long = stay(at(20), 8 * 3600)
    found = sums_of([row(long), row(long, day=TUESDAY)], TUESDAY)

    assert (found.taken, list(found.lasted)) == (1, [])


def test_no_days_are_nothing() -> None:
    assert sums_of([row(stay(at(9)))], TUESDAY) == sums_of([], MONDAY) == NO_DAYS


def test_dates_long_before_the_window_do_no_harm() -> None:
    old = row(stay(at(9)))
    early = sums_of([old], MONDAY - timedelta(days=500))

    assert early.dates.bit_count() == 1
