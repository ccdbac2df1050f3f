"""Which market a venue is in."""

import msgspec

from tablewire.domain.buckets import BucketKey
from tablewire.domain.markets import NYC
from tablewire.domain.restaurants import Listing
from tablewire.domain.state import BucketState, Pair
from tablewire.live.board import Board
from tablewire.live.home_markets import BoardMarkets
from tests.unit.domain.scenes import DAY

CHICAGO = msgspec.structs.replace(NYC, id="chicago", time_zone="America/Chicago")


def observed(market: str, *venues: str) -> BucketState:
    state = BucketState(BucketKey(market, DAY, "19:00"), "resy")
    state.pairs[2] = {venue: Pair() for venue in venues}
    return state


def test_a_venue_is_in_the_market_in_which_it_was_observed() -> None:
    board = Board()
    markets = BoardMarkets(board, [NYC, CHICAGO])
    girl = Listing("resy", "girl")
    assert markets.market_of(girl) is NYC  # nobody knows yet
    board.put(observed("nyc", "carbone"))
    board.put(observed("chicago", "girl"))
    assert markets.market_of(girl) is CHICAGO
    assert markets.market_of(Listing("resy", "carbone")) is NYC
    assert markets.market_of(Listing("opentable", "girl")) is NYC


def test_where_there_is_one_market_every_venue_is_in_it() -> None:
    assert BoardMarkets(Board(), [CHICAGO]).market_of(Listing("resy", "girl")) is CHICAGO
