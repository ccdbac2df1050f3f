"""The figures of a market: series, groups and volatility, null where nobody looked."""

from datetime import timedelta

import pytest

from tablewire.insights.figures import Count, Figure
from tablewire.insights.market import MarketFigures, market_figures
from tablewire.insights.market_days import MarketDay, MarketDrop, roll_up_market
from tablewire.insights.market_totals import MarketWindow, totals_of
from tests.insights_days import HOUR, MONDAY, NEW_YORK, at

TUESDAY = MONDAY + timedelta(days=1)


def monday(*drops: MarketDrop, seen: tuple[int, int] = (0, 24)) -> MarketDay:
    observed = ((at(0) + seen[0] * HOUR, at(0) + seen[1] * HOUR),)
    return roll_up_market(MONDAY, NEW_YORK, drops, observed)


def figures_of(days: list[MarketDay], since: int, until: int) -> MarketFigures:
    window = MarketWindow(zone=NEW_YORK, since=since, until=until)
    return market_figures([totals_of(day, window.hours_of(day.day)) for day in days], window)


def test_hours_that_nobody_looked_at_are_null_in_the_series() -> None:
    figures = figures_of([monday(MarketDrop(at(9), 4, True), seen=(9, 11))], at(8), at(12))

    assert [hour.drops for hour in figures.drops_per_hour] == [None, 1, 0, None]
    assert figures.drops_total == Count(1, 2)
    assert figures.drops_per_observed_hour == Figure(0.5, 2)


def test_without_any_look_every_figure_is_null() -> None:
    figures = figures_of([], at(8), at(12))

    assert figures.drops_total == Count(None, 0)
    assert figures.drops_per_observed_hour == Figure(None, 0)
    assert figures.prime_time_volatility_index == Figure(None, 0)


def test_drops_are_grouped_by_place_and_by_both_weekdays() -> None:
    drops = [MarketDrop(at(9), 4, True, "SoHo"), MarketDrop(at(9, 30), 5, False, "SoHo")]

    figures = figures_of([monday(*drops, MarketDrop(at(10), 5, True))], at(0), at(0, 0, TUESDAY))

    assert figures.drops_by_neighborhood == {"SoHo": 2, "": 1}
    assert figures.drops_by_day_of_week == {4: 1, 5: 2}
    (opening,) = figures.drops_by_day_of_opening
    assert (opening.key, opening.drops, opening.drops_per_hour) == (0, 3, 0.125)


def test_volatility_is_the_spread_of_hourly_prime_drops_over_their_mean() -> None:
    drops = [MarketDrop(at(9), 4, True)] * 4 + [MarketDrop(at(10), 4, False)] * 9

    figures = figures_of([monday(*drops)], at(9), at(11))

    assert figures.prime_time_volatility_index == Figure(1, 2)


@pytest.mark.parametrize("drops", [(), (MarketDrop(at(10), 4, False),)])
def test_without_prime_drops_there_is_no_volatility(drops: tuple[MarketDrop, ...]) -> None:
    figures = figures_of([monday(*drops)], at(9), at(11))

    assert figures.prime_time_volatility_index == Figure(None, 2)


def test_an_hour_hardly_looked_at_is_no_sample_of_volatility() -> None:
    observed = ((at(9), at(10, 29)),)
    row = roll_up_market(MONDAY, NEW_YORK, [MarketDrop(at(9), 4, True)], observed)

    assert figures_of([row], at(9), at(11)).prime_time_volatility_index == Figure(0, 1)
