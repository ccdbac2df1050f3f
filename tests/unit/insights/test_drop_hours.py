"""The drops of a window: known by the hour, and looked up where they are not."""

from datetime import timedelta

from tablewire.insights.drop_hours import HourlyDrops, KnownDay, drops_of_hours
from tablewire.insights.local_time import MINUTE, local_day
from tablewire.insights.market_days import SETTLED, MarketDrop, roll_up_market
from tablewire.insights.market_totals import MarketWindow, totals_of
from tests.insights_days import HOUR, MONDAY, NEW_YORK, at

TUESDAY = MONDAY + timedelta(days=1)
DAY = local_day(MONDAY, NEW_YORK)
DROPS = [MarketDrop(at(9, 30), 4, True), MarketDrop(at(10), 4, False), MarketDrop(at(11, 59), 5, True)]


def window(since: int, until: int) -> MarketWindow:
    return MarketWindow(zone=NEW_YORK, since=since, until=until)


def counted(since: int, until: int, *, counted_at: int = DAY.end + HOUR) -> HourlyDrops:
    totals = totals_of(roll_up_market(MONDAY, NEW_YORK, DROPS, ()))
    return drops_of_hours([KnownDay(totals, counted_at)], window(since, until))


def test_whole_hours_are_known() -> None:
    assert counted(DAY.start, DAY.end) == HourlyDrops(drops=3, rest=())
    assert counted(at(10), at(12)) == HourlyDrops(drops=2, rest=())


def test_what_is_cut_of_an_hour_is_looked_up() -> None:
    found = counted(at(9, 15), at(11, 30))

    assert found == HourlyDrops(drops=1, rest=((at(9, 15), at(10)), (at(11), at(11, 30))))


def test_a_window_within_an_hour_is_looked_up_whole() -> None:
    assert counted(at(9, 15), at(9, 45)) == HourlyDrops(drops=0, rest=((at(9, 15), at(9, 45)),))


def test_an_hour_that_had_just_ended_is_not_known_yet() -> None:
    end = at(12) + SETTLED

    assert counted(at(9), at(14), counted_at=end).rest == ((at(12), at(14)),)
    assert counted(at(9), at(14), counted_at=end - MINUTE).rest == ((at(11), at(14)),)


def test_days_without_a_row_are_looked_up() -> None:
    assert counted(at(20), at(1, 0, TUESDAY)).rest == ((DAY.end, at(1, 0, TUESDAY)),)
    assert drops_of_hours([], window(at(9), at(12))) == HourlyDrops(drops=0, rest=((at(9), at(12)),))


def test_a_window_without_length_has_nothing() -> None:
    assert counted(at(9), at(9)) == HourlyDrops(drops=0, rest=())
