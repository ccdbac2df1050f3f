"""When venues were looked at: a day's part of it, found once for all that share it."""

from datetime import timedelta

from tablewire.insights.local_time import local_day
from tablewire.insights.looks import NOBODY, Looks
from tests.insights_days import HOUR, MONDAY, NEW_YORK, at

TUESDAY = MONDAY + timedelta(days=1)
DAY = local_day(MONDAY, NEW_YORK)


def test_a_day_takes_its_own_part() -> None:
    looks = Looks({TUESDAY: ((at(23), at(1, 0, TUESDAY)),), MONDAY: ((at(8), at(9)), (at(23), at(23, 30)))})

    found = looks.on(DAY, DAY.end)

    assert list(found.dates) == [MONDAY, TUESDAY]
    assert (found.leads, found.lengths) == ((0, 1), (HOUR + HOUR // 2, HOUR))
    assert (sum(found.observed), found.observed[8], found.observed[23]) == (2 * HOUR, HOUR, HOUR)


def test_a_day_that_is_not_over_ends_now() -> None:
    looks = Looks({MONDAY: ((at(8), at(10)),)})

    assert looks.on(DAY, at(9)).lengths == (HOUR,)
    assert looks.on(DAY, at(8)).dates == {}


def test_it_is_found_once() -> None:
    looks = Looks({MONDAY: ((at(8), at(10)),)})

    assert looks.on(DAY, DAY.end) is looks.on(DAY, DAY.end)


def test_where_nobody_looked_nothing_was_observed() -> None:
    found = NOBODY.on(DAY, DAY.end)

    assert (found.dates, found.leads, set(found.observed)) == ({}, (), {0})
