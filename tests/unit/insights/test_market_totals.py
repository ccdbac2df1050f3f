"""A market's day in totals: what they say without cells, and where they cannot do without."""

import msgspec

from tablewire.insights.local_time import local_day
from tablewire.insights.market import market_figures
from tablewire.insights.market_days import MarketCut, MarketDrop, roll_up_market
from tablewire.insights.market_totals import SLICES, DayTotals, MarketWindow, slices_of, totals_of
from tests.insights_days import HOUR, MONDAY, NEW_YORK, at

DAY = local_day(MONDAY, NEW_YORK)
ROW = roll_up_market(
    MONDAY,
    NEW_YORK,
    [
        MarketDrop(at(9), 4, True, "SoHo", 3),
        MarketDrop(at(9), 5, False, "SoHo"),
        MarketDrop(at(20), 4, True, None, 2),
        MarketDrop(at(20), 4, True, ""),
    ],
    ((DAY.start, DAY.end),),
)
WHOLE = MarketWindow(zone=NEW_YORK, since=DAY.start, until=DAY.end)


def test_totals_are_of_hours_and_of_neighborhoods_by_weekday_and_prime() -> None:
    totals = totals_of(ROW)

    assert totals.by_hour([SLICES.index((4, True))])[9] == 3
    assert totals.by_hour(range(len(SLICES)))[9] == 4
    assert {name: sum(parts) for name, parts in totals.places.items()} == {"SoHo": 4, "": 3}


def test_of_some_hours_only_neighborhoods_are_cut() -> None:
    evening = totals_of(ROW, [hour >= 12 for hour in range(24)])

    assert set(evening.places) == {""}
    assert evening.hours == totals_of(ROW).hours


def test_totals_are_the_same_after_they_were_stored() -> None:
    totals = totals_of(ROW)

    assert msgspec.msgpack.decode(msgspec.msgpack.encode(totals), type=DayTotals) == totals


def test_a_cut_by_weekday_and_prime_needs_no_cells() -> None:
    cut = MarketCut(weekdays=frozenset({5}), prime=False)

    assert market_figures([totals_of(ROW)], WHOLE, cut) == market_figures([totals_of(cut.of(ROW))], WHOLE)
    assert slices_of(cut) == (SLICES.index((5, False)),)


def test_a_window_cuts_a_day_where_it_has_some_of_its_hours_only() -> None:
    some = MarketWindow(zone=NEW_YORK, since=DAY.start + HOUR, until=DAY.end)
    of_less_than_an_hour = MarketWindow(zone=NEW_YORK, since=DAY.start + 1, until=DAY.start + HOUR)

    assert (WHOLE.cut_days, of_less_than_an_hour.cut_days) == (frozenset(), frozenset())
    assert some.cut_days == {MONDAY}
