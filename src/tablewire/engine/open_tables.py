"""What is open now, compared with notify requests: it covers what no event of the log tells them."""

from collections.abc import Collection, Iterator
from datetime import datetime

import anyio.lowlevel

from tablewire.domain.restaurants import Listing
from tablewire.domain.slots import OpenSlot
from tablewire.domain.wishes import opening_of_table
from tablewire.engine.telling import Composer, Found
from tablewire.engine.wishes import ActiveWishes
from tablewire.live.board import Board, Place
from tablewire.live.protocol import ListingsDoor

_Shape = tuple[datetime, tuple[int, ...]]
"""Since when a slot is open, and for which party sizes: what has this in common with the last look is no news."""


class OpenTables:
    """Tables that requests have not been compared with yet: open before the request was made, first seen open, or with a party size more."""

    def __init__(self, board: Board, listings: ListingsDoor, composer: Composer) -> None:
        self._board = board
        self._listings = listings
        self._composer = composer
        self._compared: dict[bytes, _Shape] = {}

    async def for_requests(self, wishes: ActiveWishes) -> Found:
        """What these requests have to be told of all that is open, whether others were compared with it or not."""
        found = Found()
        wanted = self._all_listings(wishes.by_request.listings())
        for place in self._board.places():
            for slot in _slots_at(place, wanted):
                self._compare(wishes, place, slot, found)
            await anyio.lowlevel.checkpoint()
        return found

    async def news(self, wishes: ActiveWishes, at: Collection[Listing] | None = None) -> "News":
        """What all requests have to be told of tables that are new or have gained a party size since they were compared last.

        `at`: of these listings only. `done` has to be called once it is stored.
        """
        news = News()
        named = self._all_listings(wishes.by_request.listings())
        wanted = named if at is None else named.intersection(at)
        for place in self._board.places():
            for slot in _slots_at(place, wanted):
                news.compared[slot.slot_id] = shape = (slot.first_seen_at, slot.sizes)
                if self._compared.get(slot.slot_id) != shape:
                    self._compare(wishes, place, slot, news.found)
            await anyio.lowlevel.checkpoint()
        return news

    def done(self, news: "News", *, whole: bool) -> None:
        """What was found has been stored. `whole`: everything was looked at, so what is not in it is not open any more."""
        if whole:
            self._compared = news.compared
        else:
            self._compared.update(news.compared)

    def forget(self) -> None:
        """Compare everything again."""
        self._compared = {}

    def _compare(self, wishes: ActiveWishes, place: Place, slot: OpenSlot, found: Found) -> None:
        row = place.row(slot)
        opening = opening_of_table(row, self._listings.listings_of(row.provider, row.venue_id))
        for request in wishes.requests_for(opening):
            found.add_request(request, self._composer.of_request(request, opening))

    def _all_listings(self, named: Collection[Listing]) -> set[Listing]:
        return {other for one in named for other in self._listings.listings_of(*one)}


class News:
    """Tables that were compared, and what is to be told of them."""

    def __init__(self) -> None:
        self.found = Found()
        self.compared: dict[bytes, _Shape] = {}


def _slots_at(place: Place, wanted: set[Listing]) -> Iterator[OpenSlot]:
    """The open slots of a bucket at some listings, the earliest first."""
    state = place.state
    for venue_id, slots in list(state.by_venue.items()):
        if Listing(state.provider, venue_id) in wanted:
            yield from sorted(slots, key=lambda slot: slot.actual_time)
