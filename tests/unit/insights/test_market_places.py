"""A market's day by neighbourhood: some of them alone are what a cut leaves of the cells."""

import pytest

from tablewire.insights.local_time import local_day
from tablewire.insights.market_days import MarketCut, MarketDrop, roll_up_market
from tablewire.insights.market_places import places_of, totals_of_some
from tablewire.insights.market_totals import totals_of
from tests.insights_days import MONDAY, NEW_YORK, at

DAY = local_day(MONDAY, NEW_YORK)
ROW = roll_up_market(
    MONDAY,
    NEW_YORK,
    [
        MarketDrop(at(9), 4, True, "SoHo", 3),
        MarketDrop(at(9), 5, False, "So-Ho"),
        MarketDrop(at(20), 4, True, None, 2),
        MarketDrop(at(20), 4, True, ""),
        MarketDrop(at(23), 6, False, "Harlem", 300),
    ],
    ((DAY.start, DAY.end),),
)
WHOLE, PLACES = totals_of(ROW), places_of(ROW)
ALL_DAY = (True,) * 24
EVENING = tuple(hour >= 12 for hour in range(24))


@pytest.mark.parametrize("within", [ALL_DAY, EVENING])
@pytest.mark.parametrize("names", [{"soho"}, {"harlem", "soho"}, {""}, {"nowhere"}])
def test_some_neighborhoods_alone_are_what_a_cut_leaves(names: set[str], within: tuple[bool, ...]) -> None:
    cut = MarketCut(neighborhoods=frozenset(names))

    some, left = totals_of_some(WHOLE, PLACES, cut.has_place, within), totals_of(cut.of(ROW), within)

    assert (some.hours, some.observed) == (left.hours, left.observed)
    assert {name: parts for name, parts in some.places.items() if any(parts)} == left.places


def test_of_a_neighborhood_that_is_not_wanted_nothing_is_read() -> None:
    found = totals_of_some(WHOLE, PLACES | {"Harlem": b"no cells"}, lambda name: name == "SoHo", ALL_DAY)

    assert set(found.places) == {"SoHo"}
