"""Curated lists, with what is known of each of their restaurants now."""

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final, Literal, Protocol

import msgspec

from tablewire.domain.curated import CuratedList, meant
from tablewire.domain.markets import Market
from tablewire.domain.places import metres_between, point_of
from tablewire.domain.restaurants import Listing
from tablewire.domain.slots import Venue
from tablewire.domain.venue_names import NamedVenue
from tablewire.errors import NotFound
from tablewire.live.board import OpenRow
from tablewire.live.protocol import ListingsDoor
from tablewire.storage.protocol import VenueBook
from tablewire.storage.venue_pages import all_venues

FRESH: Final = timedelta(minutes=10)
"""So long the venues of a list are remembered: new ones are rare."""
SOONEST: Final = 5
"""Open tables that are told of each restaurant."""


class OpenDoor(Protocol):
    """What is open now."""

    def at_venue(self, provider: str, venue_id: str) -> list[OpenRow]:
        """What is open at one venue, by start."""
        ...


class FiguresDoor(Protocol):
    """What is counted of venues."""

    async def figures_of(self, listings: Collection[Listing]) -> Mapping[Listing, Any]:
        """The kept figures of the last 14 days of those venues that have some."""
        ...


class ListSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A curated list."""

    id: str
    title: str
    market: str
    source: str
    url: str | None
    as_of: date
    restaurants: int


class CuratedVenue(msgspec.Struct, frozen=True, kw_only=True):
    """One listing that a name of a list means."""

    provider: str
    venue_id: str
    name: str
    open_slots: int
    figures: dict[str, Any] | None
    """Its kept figures of the last 14 days, null where there are none yet."""


class CuratedRestaurant(msgspec.Struct, frozen=True, kw_only=True):
    """A name of a list, and what is known of it."""

    name: str
    found: Literal["one", "several", "none"]
    """Whether it means one restaurant of those that were ever seen, could mean several, or none."""
    restaurant_ids: list[str]
    listings: list[CuratedVenue]
    """At every provider."""
    open_slots: int | None
    """Null where none was found."""
    soonest: list[OpenRow]
    """The open tables that come first."""


class OneList(ListSummary, frozen=True, kw_only=True):
    """A curated list with its restaurants, in its own order."""

    entries: list[CuratedRestaurant]


class _Matched(msgspec.Struct, frozen=True):
    venues: Mapping[str, Sequence[NamedVenue]]
    names: Mapping[Listing, str]
    at: datetime


class Curated:
    """Names are matched with venues, and the rest is read from memory and from the kept figures."""

    def __init__(
        self,
        lists: Mapping[str, CuratedList],
        markets: Sequence[Market],
        *,
        book: VenueBook,
        listings: ListingsDoor,
        open_now: OpenDoor,
        figures: FiguresDoor | None,
        now: Callable[[], datetime],
    ) -> None:
        self._lists = lists
        self._markets = {market.id: market for market in markets}
        self._book = book
        self._listings = listings
        self._open = open_now
        self._figures = figures
        self._now = now
        self._known: dict[str, _Matched] = {}

    def forget(self) -> None:
        """The store has been emptied: names are matched anew."""
        self._known = {}

    def lists(self) -> list[ListSummary]:
        """All lists."""
        return [_summary(name, one) for name, one in self._lists.items()]

    async def one(self, name: str) -> OneList:
        """One list. Raises `NotFound`."""
        wanted = self._lists.get(name)
        if wanted is None:
            raise NotFound(f"There is no such list; there are: {', '.join(self._lists)}.")
        matched = await self._matched(name, wanted)
        listings = {listing for venues in matched.venues.values() for listing in self._all_of(venues)}
        figures = {} if self._figures is None else await self._figures.figures_of(listings)
        entries = [
            self._entry(entry, matched.venues[entry], matched.names, figures) for entry in wanted.names
        ]
        return OneList(**msgspec.structs.asdict(_summary(name, wanted)), entries=entries)

    def _entry(
        self,
        name: str,
        venues: Sequence[NamedVenue],
        names: Mapping[Listing, str],
        figures: Mapping[Listing, Any],
    ) -> CuratedRestaurant:
        listings = self._all_of(venues)
        rows = {listing: self._open.at_venue(listing.provider, listing.venue_id) for listing in listings}
        soonest = sorted(
            (row for found in rows.values() for row in found), key=lambda row: (row.slot_date, row.slot_time)
        )
        return CuratedRestaurant(
            name=name,
            found="none" if not venues else "one" if len(venues) == 1 else "several",
            restaurant_ids=[venue.restaurant for venue in venues],
            listings=[
                CuratedVenue(
                    provider=listing.provider,
                    venue_id=listing.venue_id,
                    name=names.get(listing, name),
                    open_slots=len(rows[listing]),
                    figures=figures.get(listing),
                )
                for listing in listings
            ],
            open_slots=sum(map(len, rows.values())) if venues else None,
            soonest=soonest[:SOONEST],
        )

    def _all_of(self, venues: Iterable[NamedVenue]) -> list[Listing]:
        return [
            listing
            for venue in venues
            for listing in self._listings.listings_of(venue.provider, venue.venue_id)
        ]

    async def _matched(self, name: str, wanted: CuratedList) -> _Matched:
        now, known = self._now(), self._known.get(name)
        if known is None or now - known.at >= FRESH:
            known = self._known[name] = await self._match(wanted, now)
        return known

    async def _match(self, wanted: CuratedList, now: datetime) -> _Matched:
        venues = await self._venues(self._markets.get(wanted.market))
        names = {Listing(venue.provider, venue.venue_id): venue.name for venue in venues}
        found: dict[str, Sequence[NamedVenue]] = {}
        for name in wanted.names:
            found[name] = meant(name, venues)
            await asyncio.sleep(0)  # a name is compared with thousands: others get their turns in between
        return _Matched(found, names, now)

    async def _venues(self, market: Market | None) -> list[NamedVenue]:
        """All venues of a market; none where it is not watched."""
        if market is None:
            return []
        every = all_venues(self._book)
        return [self._named(known.venue) async for known in every if _is_in(known.venue, market)]

    def _named(self, venue: Venue) -> NamedVenue:
        restaurant = self._listings.id_of(venue.provider, venue.venue_id)
        return NamedVenue(venue.provider, venue.venue_id, venue.name, restaurant)


def _is_in(venue: Venue, market: Market) -> bool:
    """Whether a venue can be of a market: one that does not say where it is can."""
    point = point_of(venue.latitude, venue.longitude)
    centre = (market.latitude, market.longitude)
    return point is None or metres_between(point, centre) <= 2 * market.radius_m


def _summary(name: str, one: CuratedList) -> ListSummary:
    return ListSummary(
        id=name,
        title=one.title,
        market=one.market,
        source=one.source,
        url=one.url,
        as_of=one.as_of,
        restaurants=len(one.names),
    )
