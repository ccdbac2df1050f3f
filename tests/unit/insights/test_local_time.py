"""Local days and their hours, also of 23, 25 and half hours."""

from datetime import date, time
from zoneinfo import ZoneInfo

import pytest

from tablewire.insights.local_time import HOUR, at_wall, local_date, local_day, second_of_day

NEW_YORK, LORD_HOWE, KOLKATA = (
    ZoneInfo(name) for name in ("America/New_York", "Australia/Lord_Howe", "Asia/Kolkata")
)


@pytest.mark.parametrize(
    ("day", "hours", "twice", "never"),
    [(date(2026, 3, 8), 23, None, 2), (date(2026, 11, 1), 25, 1, None), (date(2026, 6, 1), 24, None, None)],
)
def test_a_day_has_the_hours_that_its_clocks_show(
    day: date, hours: int, twice: int | None, never: int | None
) -> None:
    local = local_day(day, NEW_YORK)

    assert (local.end - local.start) // HOUR == len(local.clock) == hours
    assert [hour for hour in range(24) if local.clock.count(hour) == 2] == ([] if twice is None else [twice])
    assert [hour for hour in range(24) if hour not in local.clock] == ([] if never is None else [never])


def test_a_shift_of_half_an_hour_makes_one_half_hour() -> None:
    back, forth = local_day(date(2026, 4, 5), LORD_HOWE), local_day(date(2026, 10, 4), LORD_HOWE)

    assert sorted(back.clock) == sorted([*range(24), 1])
    assert [b - a for a, b in zip(back.edges[:4], back.edges[1:5], strict=True)] == [
        HOUR,
        HOUR,
        HOUR // 2,
        HOUR,
    ]
    assert forth.clock == tuple(range(24))
    assert forth.edges[3] - forth.edges[2] == HOUR // 2


def test_hours_begin_where_the_local_clock_says_so() -> None:
    local = local_day(date(2026, 6, 1), KOLKATA)

    assert local.start % HOUR == HOUR // 2
    assert local.clock == tuple(range(24))


def test_instants_are_told_by_the_local_clock() -> None:
    at = at_wall(date(2026, 3, 8), time(23, 30, 15), NEW_YORK)

    assert local_date(at, NEW_YORK) == date(2026, 3, 8)
    assert second_of_day(at, NEW_YORK) == 84_615
