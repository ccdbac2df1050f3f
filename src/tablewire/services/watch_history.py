"""What watches would have told lately, and why one is silent."""

from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Protocol

import msgspec

from tablewire.domain.events import Event
from tablewire.domain.filters import EVENT_TYPES, EventFilter, Op, Term
from tablewire.domain.looked import LookedAt
from tablewire.domain.polled import Polled
from tablewire.domain.restaurants import Listing
from tablewire.domain.sightings import Sighting, sighting_of
from tablewire.domain.users import User
from tablewire.domain.venue_names import ChosenVenue
from tablewire.domain.watch_limits import limits_of, ruled_out
from tablewire.domain.watch_preview import (
    MOST_DAYS,
    MOST_TOLD,
    WouldTell,
    lives_of,
    names_told,
    tables_told,
)
from tablewire.domain.watch_silence import Silence, VenueLooks
from tablewire.domain.watch_span import Span
from tablewire.domain.watches import Filters, Mode, filter_of
from tablewire.errors import BadInput
from tablewire.live.protocol import EventReader, ListingsDoor
from tablewire.services.watches import Watches, WatchWish

MOST_EVENTS = 20_000
"""Events of the log that one answer is made of."""
_PAGE = 1_000
LATELY = timedelta(days=7)
"""How far back openings are looked for that a limit ruled out."""
MOST_OPENINGS = 1_000
LOOKED_WITHIN = timedelta(minutes=10)
_ALL = frozenset(EVENT_TYPES)
_OPENINGS = frozenset({"drop", "reopened"})


class Sightings(Protocol):
    """What is open, from memory."""

    def at(self, listings: Iterable[Listing], wanted: EventFilter) -> list[Sighting]:
        """At some venues."""
        ...

    def everywhere(self, wanted: EventFilter) -> AsyncIterator[Sighting]:
        """Everywhere."""
        ...


class Houses(ListingsDoor, Protocol):
    """Which listings are one restaurant."""

    def widened(self, wanted: EventFilter) -> EventFilter:
        """A filter that names all listings of the restaurants that it names."""
        ...


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """What a watch would have told, newest first."""

    since: datetime
    """From when on it is known: less far back than asked for where the log has more than one answer looks through."""
    tellings: tuple[WouldTell, ...]
    has_more: bool


class WatchHistory:
    """Everything is answered from the log and from memory."""

    def __init__(
        self,
        *,
        watches: Watches,
        log: EventReader,
        sightings: Sightings,
        houses: Houses,
        polled: Polled,
        looked: LookedAt,
        now: Callable[[], datetime],
    ) -> None:
        self._watches = watches
        self._log = log
        self._sightings = sightings
        self._houses = houses
        self._polled = polled
        self._looked = looked
        self._now = now

    # --- what it would have told

    async def preview(self, wish: WatchWish, days: int) -> Preview:
        """What a watch that is not made yet would have told. Raises `BadInput`."""
        venues = await self._watches.checked(wish)
        return await self._preview(wish.mode, venues, wish.filters, wish.every_minutes, days)

    async def preview_of(self, user: User, watch_id: int, days: int) -> Preview:
        """What a user's watch would have told, had it been there. Raises `NotFound`."""
        watch = await self._watches.get(user, watch_id)
        return await self._preview(watch.mode, watch.venues, watch.filters, watch.every_minutes, days)

    async def _preview(
        self, mode: Mode, venues: Sequence[ChosenVenue], filters: Filters, every_minutes: int, days: int
    ) -> Preview:
        if not 1 <= days <= MOST_DAYS:
            raise BadInput.of("days", f"1 to {MOST_DAYS} are allowed")
        now, every = self._now(), timedelta(minutes=every_minutes)
        wanted = self._houses.widened(filter_of(filters))
        listings = [listing for venue in venues for listing in self._listings(venue)]
        events, since = await self._events(
            _at(wanted, listings), _ALL, now - timedelta(days=days), MOST_EVENTS
        )
        table = await self._open_now(mode, listings, wanted)
        lives = lives_of(events, table.values())
        if mode is Mode.NEW:
            told = names_told(lives, table, self._name_of(lives_tables=[one.table for one in lives]), since=since, now=now, every=every)  # fmt: skip
        else:
            told = tables_told(lives, table, since=since, now=now, every=every)
        return Preview(since=since, tellings=tuple(told[:MOST_TOLD]), has_more=len(told) > MOST_TOLD)

    async def _open_now(
        self, mode: Mode, listings: Sequence[Listing], wanted: EventFilter
    ) -> Mapping[tuple[str, str], Sighting]:
        found = (
            [one async for one in self._sightings.everywhere(wanted)]
            if mode is Mode.NEW
            else self._sightings.at(listings, wanted)
        )
        return {(one.slot_key, one.opening): one for one in found}

    def _name_of(self, lives_tables: Sequence[Sighting]) -> Callable[[Sighting], str]:
        """One name for each restaurant, whichever listing a table is of."""
        names: dict[str, str] = {}
        for one in lives_tables:
            names.setdefault(self._houses.id_of(one.provider, one.venue_id), one.venue_name)
        return lambda one: names.get(self._houses.id_of(one.provider, one.venue_id), one.venue_name)

    async def _events(
        self, wanted: EventFilter, types: frozenset[str], since: datetime, most: int
    ) -> tuple[list[Event], datetime]:
        """The newest events back to an instant, and back to when they reach."""
        events: list[Event] = []
        cursor: int | None = None
        while len(events) < most:
            page = await self._log.before(cursor, _PAGE, wanted=wanted, types=types)
            events += (event for event in page if event.happened_at >= since)
            if len(page) < _PAGE or page[0].happened_at < since:
                return events, since
            cursor = page[0].id
        return events, min((event.happened_at for event in events), default=since)

    # --- why it is silent

    async def explain(self, user: User, watch_id: int) -> Silence:
        """Why a user's watch may be silent. Raises `NotFound`."""
        watch, now = await self._watches.get(user, watch_id), self._now()
        wanted = self._houses.widened(filter_of(watch.filters))
        span = self._polled.span(wanted, now)
        listings = [listing for venue in watch.venues for listing in self._listings(venue)]
        events, since = await self._events(
            _at(EventFilter(), listings), _OPENINGS, now - LATELY, MOST_OPENINGS
        )
        openings = [sighting_of(event) for event in events]
        limits = {name: self._houses.widened(limit) for name, limit in limits_of(watch.filters).items()}
        return Silence(
            watch=watch,
            span=span,
            venues=tuple(self._looks(venue, wanted, span, now) for venue in watch.venues),
            since=since,
            openings=len(openings),
            fitting=sum(one.fits(wanted) for one in openings),
            ruled_out=ruled_out(openings, limits),
        )

    def _looks(self, venue: ChosenVenue, wanted: EventFilter, span: Span, now: datetime) -> VenueLooks:
        listings = self._listings(venue)
        shares = [
            share
            for one in listings
            if (share := self._looked.share_observed(one.provider, one.venue_id, now - LOOKED_WITHIN))
            is not None
        ]
        pairs: list[tuple[date, int]] = [(day, size) for day in span.dates for size in span.sizes]
        looks = (
            self._looked.last_looked(one.provider, one.venue_id, day, size)
            for one in listings
            for day, size in pairs
        )
        open_now = self._sightings.at(listings, EventFilter())
        return VenueLooks(
            venue=venue,
            listings=tuple(map(str, listings)),
            last_looked_at=max((at for at in looks if at is not None), default=None),
            looked_share=max(shares, default=None),
            open_now=len(open_now),
            fitting_now=sum(one.fits(wanted) for one in open_now),
        )

    def _listings(self, venue: ChosenVenue) -> tuple[Listing, ...]:
        return self._houses.listings_of(venue.provider, venue.venue_id)


def _at(wanted: EventFilter, listings: Sequence[Listing]) -> EventFilter:
    """The same filter, at some venues only where there are any."""
    if not listings:
        return wanted
    return EventFilter((*wanted.terms, Term("listing", Op.ANY, tuple(sorted(map(str, listings))))))
