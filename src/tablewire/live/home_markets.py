"""Which market a venue is in, as the board knows it."""

from collections.abc import Sequence

from tablewire.domain.markets import Market
from tablewire.domain.restaurants import Listing
from tablewire.live.board import Board


class BoardMarkets:
    """A venue is in the market in whose buckets it was observed; one that was not yet is taken to be in the first."""

    def __init__(self, board: Board, markets: Sequence[Market]) -> None:
        self._board = board
        self._markets = {market.id: market for market in markets}
        self._first = markets[0]
        self._known: dict[Listing, Market] = {}

    def market_of(self, listing: Listing) -> Market:
        """Its market."""
        if len(self._markets) == 1:
            return self._first
        known = self._known.get(listing)
        if known is None:
            known = self._observed_in(listing)
            if known is None:
                return self._first
            self._known[listing] = known
        return known

    def _observed_in(self, listing: Listing) -> Market | None:
        for place in self._board.places():
            state = place.state
            if state.provider == listing.provider and any(
                listing.venue_id in of_size for of_size in state.pairs.values()
            ):
                return self._markets.get(state.key.market)
        return None
