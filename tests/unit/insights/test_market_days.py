"""A market's rolled-up days: what is counted together, and cut apart again."""

from datetime import date
from zoneinfo import ZoneInfo

from tablewire.insights.local_time import HOUR, local_day
from tablewire.insights.market_days import MarketCut, MarketDay, MarketDrop, roll_up_market

NEW_YORK = ZoneInfo("America/New_York")
DAY = date(2026, 2, 16)
START = local_day(DAY, NEW_YORK).start


def rolled(*drops: MarketDrop) -> MarketDay:
    return roll_up_market(DAY, NEW_YORK, drops, ((START, START + HOUR),))


NOON = START + 12 * HOUR
MIXED = rolled(
    MarketDrop(NOON, 4, True, "SoHo", 3),
    MarketDrop(NOON, 4, False, "NoHo"),
    MarketDrop(NOON, 5, True, None, 2),
)


def total(row: MarketDay) -> int:
    return sum(row.cells.drops)


def test_drops_that_come_counted_together_are_as_many_single_ones() -> None:
    assert rolled(MarketDrop(NOON, 4, True, "SoHo", 3)) == rolled(*[MarketDrop(NOON, 4, True, "SoHo")] * 3)


def test_a_cut_keeps_its_drops_and_all_of_the_observed_time() -> None:
    prime = MarketCut(prime=True).of(MIXED)

    assert (total(prime), prime.observed) == (5, MIXED.observed)


def test_cuts_by_weekday_and_neighborhood_go_together() -> None:
    assert total(MarketCut(weekdays=frozenset({4}), neighborhoods=frozenset({"soho"})).of(MIXED)) == 3
    assert total(MarketCut(neighborhoods=frozenset({"soho", "noho"})).of(MIXED)) == 4


def test_a_cut_can_leave_nothing() -> None:
    assert total(MarketCut(weekdays=frozenset({0})).of(MIXED)) == 0
