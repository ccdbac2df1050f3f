"""How long tables last, by weekday, slot time and party size."""

from datetime import timedelta

from tablewire.insights.durations import Cut, cuts, lasting_of
from tests.insights_days import MONDAY, at, row, stay, window_of

FRIDAY = MONDAY + timedelta(days=4)
ROWS = window_of(
    row(
        stay(at(9), 142, on=FRIDAY, sizes=(2, 4)),
        stay(at(10), 200, on=FRIDAY, minute=1200, sizes=(2,)),
        stay(at(11), 60),
    ),
    still_open=(stay(at(20), None, on=FRIDAY, sizes=(4,)),),
)


def test_friday_at_seven_lasts_as_long_as_fridays_at_seven_did() -> None:
    found = lasting_of(ROWS, Cut(weekday=4, minute=1140))

    assert (found.mean, found.count) == (142, 1)
    assert (found.median.value, found.median.samples) == (142, 2)


def test_a_table_for_two_and_four_counts_for_both_sizes() -> None:
    by_size = cuts(ROWS, weekday=False, minute=False, party_size=True)

    assert {cut.party_size: found.count for cut, found in by_size.items()} == {2: 3, 4: 1}


def test_cuts_are_those_that_occur_each_as_if_asked_for_alone() -> None:
    found = cuts(ROWS, weekday=True, minute=True, party_size=False)

    assert list(found) == [
        Cut(weekday=0, minute=1140),
        Cut(weekday=4, minute=1140),
        Cut(weekday=4, minute=1200),
    ]
    assert all(lasting == lasting_of(ROWS, cut) for cut, lasting in found.items())


def test_a_cut_without_tables_says_nothing() -> None:
    found = lasting_of(ROWS, Cut(weekday=2))

    assert (found.count, found.mean, found.median.value, found.median.samples) == (0, None, None, 0)
    assert set(found.quantiles.values()) == {None}
