"""Forecasts of drops: what they lean on, and when they are worth showing."""

from datetime import date, timedelta
from random import Random

import pytest

from tablewire.insights.daily import Dates, Drops, Endings, VenueDay
from tablewire.insights.exposure import Exposure, exposure_of
from tablewire.insights.forecast import Wish, forecast, judge, prior_of
from tablewire.insights.local_time import HOUR, local_day
from tests.insights_days import MONDAY, NEW_YORK, at

TOMORROW = MONDAY + timedelta(days=1)


def day_of(day: date, drops: list[tuple[int, int]]) -> VenueDay:
    """A day watched throughout, with drops as (hour, days ahead), all for two at 19:00."""
    hours = len(local_day(day, NEW_YORK).clock)
    return VenueDay(
        day=day,
        finished=True,
        observed=(HOUR,) * hours,
        dates=Dates(leads=tuple(range(14)), observed=(hours * HOUR,) * 14, prime_open=(0,) * 14),
        fully_booked=None,
        drops=Drops(
            hours=tuple(hour for hour, _ in drops),
            leads=tuple(lead for _, lead in drops),
            minutes=(1140,) * len(drops),
            sizes=(0b100,) * len(drops),
            prime=(True,) * len(drops),
        ),
        endings=Endings(),
    )


def venue(*drops: tuple[int, int], days: int = 10) -> Exposure:
    return exposure_of(
        (day_of(MONDAY - timedelta(days=ahead + 1), list(drops)) for ahead in range(days)), NEW_YORK
    )


def chance(
    of: Exposure, wish: Wish, now: int, hours: float = 24, market: list[Exposure] | None = None
) -> float:
    return forecast(prior_of(market or [of]), of, wish, now, hours, NEW_YORK).chance


BUSY = venue((9, 1), (16, 2))


def test_a_venue_that_drops_more_has_the_higher_chance() -> None:
    never = venue()
    wish = Wish(dates=(TOMORROW,))

    found = [chance(one, wish, at(8), market=[BUSY, never]) for one in (BUSY, never)]

    assert found[0] > 0.5 > found[1] > 0


def test_a_venue_never_looked_at_is_taken_for_the_market() -> None:
    found = forecast(prior_of([BUSY] * 3), Exposure(), Wish(dates=(TOMORROW,)), at(0), 24, NEW_YORK)

    assert (found.samples, found.observed_hours) == (0, 0)
    assert found.expected == pytest.approx(1, rel=0.15)


def test_the_hour_of_day_matters() -> None:
    wish = Wish(dates=(TOMORROW,))

    assert chance(BUSY, wish, at(9), hours=1) > 5 * chance(BUSY, wish, at(13), hours=1)


def test_more_hours_and_more_dates_have_the_higher_chance() -> None:
    both = Wish(dates=(TOMORROW, TOMORROW + timedelta(days=1)))

    assert chance(BUSY, both, at(8)) > chance(BUSY, Wish(dates=(TOMORROW,)), at(8))
    assert chance(BUSY, both, at(8), hours=12) > chance(BUSY, both, at(8), hours=4)


def test_other_hours_and_sizes_than_those_that_drop_have_a_low_chance() -> None:
    fits = Wish(dates=(TOMORROW,), minute_from=1080, minute_to=1200, party_size=2)
    late, large = Wish(dates=(TOMORROW,), minute_from=1260), Wish(dates=(TOMORROW,), party_size=8)

    assert chance(BUSY, fits, at(8)) > 0.5
    assert chance(BUSY, late, at(8)) == chance(BUSY, large, at(8)) == 0


@pytest.mark.parametrize("on", [MONDAY - timedelta(days=1), MONDAY + timedelta(days=15)])
def test_dates_that_nobody_watches_then_have_no_chance(on: date) -> None:
    assert chance(BUSY, Wish(dates=(on,)), at(8)) == 0


def test_without_any_drop_anywhere_the_chance_is_0() -> None:
    assert chance(venue(), Wish(dates=(TOMORROW,)), at(8)) == 0
    assert chance(Exposure(), Wish(dates=(TOMORROW,)), at(8)) == 0


def test_twenty_tables_at_once_are_one_occasion() -> None:
    assert venue(*[(9, 1)] * 20).count == venue((9, 1)).count == 10


def test_a_clock_that_changes_within_the_hours_ahead_is_followed() -> None:
    eve = date(2026, 10, 31)

    long = chance(BUSY, Wish(dates=(date(2026, 11, 2),)), at(0, 0, date(2026, 11, 1)), hours=25)
    short = chance(BUSY, Wish(dates=(eve + timedelta(days=1),)), at(0, 0, eve), hours=24)

    assert long == pytest.approx(short, rel=0.05)


def city(dice: Random, *, alike: bool) -> list[list[VenueDay]]:
    venues = []
    for _ in range(60):
        tempo = 1.0 if alike else dice.gammavariate(0.7, 1 / 0.7)
        venues.append([day_of(MONDAY + timedelta(days=day), hourly(dice, tempo)) for day in range(9)])
    return venues


def hourly(dice: Random, tempo: float) -> list[tuple[int, int]]:
    cells = ((hour, lead) for hour in range(9, 19) for lead in range(14))
    return sorted(cell for cell in cells if dice.random() < 0.05 * tempo)


def test_where_venues_differ_the_forecast_beats_the_base_rate_and_is_reliable() -> None:
    found = judge(city(Random(5), alike=False), NEW_YORK, MONDAY + timedelta(days=6)).total

    assert found.shown
    assert all(abs(bin.mean_chance - bin.happened) < 0.1 for bin in found.reliability if bin.trials >= 100)


def test_where_all_days_are_alike_the_forecast_is_not_shown() -> None:
    found = judge(city(Random(5), alike=True), NEW_YORK, MONDAY + timedelta(days=6)).total

    assert found.trials > 1_000
    assert not found.shown
