"""Open tables as standing searches see them, from the board."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from typing import cast

from tablewire.domain.events import Event, Origin
from tablewire.domain.filters import EventFilter
from tablewire.domain.restaurants import Listing
from tablewire.domain.sightings import Sighting, sighting_of_slot
from tablewire.domain.slots import OpenSlot, local_start
from tablewire.domain.watch_news import VenueTables
from tablewire.live.board import Board, Place

_AT_ONCE = 200
"""After so many venues looked at the loop gets a turn."""


class BoardSightings:
    """Nothing of what is made here is kept: a search may be as wide as the city."""

    def __init__(self, board: Board) -> None:
        self._board = board

    def at(self, listings: Iterable[Listing], wanted: EventFilter) -> list[Sighting]:
        """What is open at some venues and passes a filter, all at one instant."""
        listings = list(listings)
        found = (
            _sighting(place, slot)
            for place in self._board.places()
            for listing in listings
            if listing.provider == place.state.provider
            for slot in place.state.by_venue.get(listing.venue_id, ())
        )
        return [one for one in found if one.fits(wanted)]

    async def everywhere(self, wanted: EventFilter) -> AsyncIterator[Sighting]:
        """What is open and passes a filter, bucket by bucket."""
        for place, venues in self._places(wanted):
            for number, slots in enumerate(venues, start=1):
                if number % _AT_ONCE == 0:
                    await asyncio.sleep(0)
                for slot in slots:
                    one = _sighting(place, slot)
                    if one.fits(wanted):
                        yield one
            await asyncio.sleep(0)

    async def venues(self, wanted: EventFilter) -> AsyncIterator[VenueTables]:
        """What is open and passes a filter, by venue and bucket: far less to make than all of it."""
        of_slot = EventFilter(tuple(term for term in wanted.terms if term.field in _OF_SLOT))
        of_venue = EventFilter(tuple(term for term in wanted.terms if term.field not in _OF_SLOT))
        for place, venues in self._places(wanted):
            for number, slots in enumerate(venues, start=1):
                if number % _AT_ONCE == 0:
                    await asyncio.sleep(0)
                found = _tables(place, slots, of_slot)
                if found is not None and found.first.fits(of_venue):
                    yield found
            await asyncio.sleep(0)

    def _places(self, wanted: EventFilter) -> Iterator[tuple[Place, Sequence[Sequence[OpenSlot]]]]:
        """The buckets that a filter can want, each with the open slots of its venues."""
        of_place = EventFilter(tuple(term for term in wanted.terms if term.field in _OF_PLACE))
        for place in self._board.places():
            venues = tuple(place.state.by_venue.values())
            if venues and _sighting(place, venues[0][0]).fits(of_place):
                yield place, venues


def _tables(place: Place, slots: Sequence[OpenSlot], of_slot: EventFilter) -> VenueTables | None:
    """Those of a venue's slots that pass a filter of single slots, in short."""
    passing = [slot for slot in slots if of_slot.matches(_as_event(slot))] if of_slot.terms else slots
    if not passing:
        return None
    first = _sighting(place, min(passing, key=_start))
    return VenueTables(first, len(passing), all(slot.origin == Origin.BASELINE for slot in passing))


class _SlotFields:
    """What the filters of single slots look at."""

    __slots__ = ("party_sizes", "slot_time")

    def __init__(self, slot: OpenSlot) -> None:
        self.party_sizes = slot.sizes
        self.slot_time = local_start(slot.actual_time).time()


_OF_SLOT = frozenset(_SlotFields.__slots__)
_OF_PLACE = frozenset({"market", "provider", "service_date", "time_bucket"})


def _as_event(slot: OpenSlot) -> Event:
    return cast("Event", _SlotFields(slot))  # it has every field that the terms of slots name


def _start(slot: OpenSlot) -> str:
    return slot.actual_time


def _sighting(place: Place, slot: OpenSlot) -> Sighting:
    return sighting_of_slot(slot, place.state.key, place.time_bucket)
