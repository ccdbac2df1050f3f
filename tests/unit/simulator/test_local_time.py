"""The wall clock of the city, over midnight and over the change of the clocks."""

from datetime import UTC, date, datetime

from tablewire.simulator.local_time import LocalTime

DAY = date(2026, 11, 21).toordinal()
NEW_YORK = "America/New_York"


def test_a_minute_past_the_days_end_is_on_the_next_day() -> None:
    assert LocalTime(NEW_YORK).wall(DAY, 24 * 60 + 15) == "2026-11-22 00:15:00"


def test_a_negative_minute_is_on_the_day_before() -> None:
    assert LocalTime(NEW_YORK).wall(DAY, -60) == "2026-11-20 23:00:00"


def test_an_instant_is_local() -> None:
    expected = datetime(2026, 11, 22, 0, 0, tzinfo=UTC).timestamp()
    assert LocalTime(NEW_YORK).instant(DAY, 19 * 60) == expected


def test_a_wall_time_that_comes_twice_means_the_first() -> None:
    autumn = date(2026, 11, 1).toordinal()
    expected = datetime(2026, 11, 1, 5, 30, tzinfo=UTC).timestamp()
    assert LocalTime(NEW_YORK).instant(autumn, 90) == expected


def test_forgetting_changes_nothing_but_memory() -> None:
    clock = LocalTime(NEW_YORK)
    before = clock.instant(DAY, 600)
    clock.forget_before(DAY + 1)
    assert clock.instant(DAY, 600) == before
