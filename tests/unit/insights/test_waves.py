"""Cancellation waves: hours far above the same hour of other weeks."""

from tablewire.insights.market_days import MarketHour
from tablewire.insights.waves import waves

HOUR = 3600 * 1_000_000
WEEK = 7 * 24 * HOUR


def weeks(*counts: int, observed: int = HOUR) -> list[MarketHour]:
    return [
        MarketHour(at=week * WEEK, weekday=4, hour=16, observed=observed, drops=drops, prime=0)
        for week, drops in enumerate(counts)
    ]


def test_an_hour_three_deviations_above_its_other_weeks_is_a_wave() -> None:
    hours = weeks(10, 12, 8, 10, 60)

    (wave,) = waves(hours, hours)

    assert (wave.at, wave.drops, wave.usual, wave.samples) == (4 * WEEK, 60, 10, 4)


def test_an_hour_does_not_count_towards_what_is_usual_for_it() -> None:
    hours = weeks(10, 10, 60)

    assert [wave.drops for wave in waves(hours, hours)] == [60]


def test_chance_alone_is_no_wave_though_few_weeks_agreed() -> None:
    hours = weeks(10, 10, 10, 14)

    assert waves(hours, hours) == ()


def test_a_drop_in_a_dead_hour_is_no_wave() -> None:
    hours = weeks(0, 0, 0, 0, 1)

    assert waves(hours, hours) == ()


def test_one_other_week_tells_nothing() -> None:
    hours = weeks(1, 90)

    assert waves(hours, hours) == ()


def test_hours_that_nobody_looked_at_are_not_usual() -> None:
    assert waves(weeks(20)[:1], [*weeks(0, 0, 0, observed=0)[1:]]) == ()
