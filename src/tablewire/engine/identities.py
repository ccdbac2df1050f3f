"""Keeping up which venues are one restaurant: new and changed ones are matched with those nearby, beside the polling."""

import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Protocol

import anyio
import anyio.lowlevel

from tablewire.domain.restaurants import Link, Listing, Pair, resolve, restaurant_id
from tablewire.domain.slots import Venue
from tablewire.engine.clock import Clock
from tablewire.engine.evidence import Evidence
from tablewire.engine.supervisor import Loop
from tablewire.errors import StoreError
from tablewire.live.restaurants import Restaurant, Restaurants
from tablewire.storage.protocol import IdentityBook, KnownVenue, VenueBook
from tablewire.storage.venue_pages import all_venues
from tablewire.telemetry import LogEvent, get_logger

log = get_logger("engine.identities")

TURN = 2.0
"""Seconds between looks at what is new."""
DECISIONS_EVERY = timedelta(seconds=30)
"""How often people's decisions are read: they are made by a command, in another process."""
VENUES_EVERY = timedelta(minutes=10)
"""How often all venues are read: another process may have learned some."""
SLICE = 0.002
"""Seconds of matching after which everything else gets a turn."""


class Book(VenueBook, IdentityBook, Protocol):
    """What is asked of the store."""


class _Outcome:
    """What is to be held of some listings from now on."""

    def __init__(self) -> None:
        self.listings: set[Listing] = set()
        self.links: dict[Listing, dict[Pair, Link]] = {}
        """Under both their listings."""
        self.ids: dict[Listing, str] = {}
        self.restaurants: list[Restaurant] = []


class Identities:
    """All listings, and the restaurants that they make."""

    def __init__(self, book: Book, restaurants: Restaurants, clock: Clock) -> None:
        self._book = book
        self._restaurants = restaurants
        self._clock = clock
        self._one_turn = anyio.Lock()
        self.forget()

    def forget(self) -> None:
        """Know of no venue, as at the start; between two turns only."""
        self._evidence = Evidence()
        self._venues: dict[Listing, Venue] = {}
        self._first_seen: dict[Listing, datetime] = {}
        self._new: dict[Listing, Venue] = {}
        self._stored: _Outcome | None = None
        """What the store holds; None until it has been read."""
        self._venues_at: datetime | None = None
        self._decisions_at: datetime | None = None
        self._restaurants.forget()

    @asynccontextmanager
    async def still(self) -> AsyncIterator[None]:
        """Within it no turn is taken."""
        async with self._one_turn:
            yield

    def see(self, venues: Iterable[Venue], at: datetime) -> None:
        """Note venues that have just been stored; cheap, and nothing for those that are as they were."""
        for seen in venues:
            listing = Listing(seen.provider, seen.venue_id)
            self._first_seen.setdefault(listing, at)
            known = self._new.get(listing) or self._venues.get(listing)
            venue = seen if known is None else seen.completed_by(known)
            if self._venues.get(listing) == venue:
                self._venues[listing] = venue  # equal values are kept once
            else:
                self._new[listing] = venue

    async def run(self, loop: Loop) -> None:
        """The loop `venue_identities`: match for ever; while the store is away everything waits."""
        while True:
            loop.beat()
            try:
                await self.turn()
            except StoreError as error:
                log.debug(
                    LogEvent.STORE_AWAY, message=f"which venues are one restaurant has to wait: {error}"
                )
            await self._clock.sleep(TURN)

    async def turn(self) -> None:
        """Take over what is new, match it, and store what comes of it. Raises `StoreError`; the next turn goes on there."""
        async with self._one_turn:
            await self._turn()

    async def _turn(self) -> None:
        now = self._clock.now()
        if self._stored is None:
            self._stored = await self._read_stored()
        if self._venues_at is None or now - self._venues_at >= VENUES_EVERY:
            await self._read_venues()
            self._venues_at = now
        learned = bool(self._new)
        await self._match_new()
        if learned or self._decisions_at is None or now - self._decisions_at >= DECISIONS_EVERY:
            self._evidence.decide(await self._book.decisions())
            self._decisions_at = now
        if self._evidence.unsettled:
            await self._settle(self._stored)

    # --- reading

    async def _read_stored(self) -> _Outcome:
        stored, outcome = await self._book.identities(), _Outcome()
        outcome.ids.update(stored.restaurants)
        for link in stored.links:
            _keep(link, outcome)
        return outcome

    async def _read_venues(self) -> None:
        async for known in all_venues(self._book):
            self._read(known)

    def _read(self, known: KnownVenue) -> None:
        listing = Listing(known.venue.provider, known.venue.venue_id)
        self._first_seen[listing] = known.first_seen_at
        if listing not in self._new and self._venues.get(listing) != known.venue:
            self._new[listing] = known.venue

    # --- matching

    async def _match_new(self) -> None:
        """All that is new gets its place first, so that each pair is judged by what is true of both now."""
        new, turns = dict(self._new), _Turns()
        for listing, venue in new.items():
            self._venues[listing] = venue
            self._evidence.put(listing, venue)
            await turns.take()
        for listing, venue in new.items():
            self._evidence.judge(listing)
            if self._new.get(listing) is venue:
                del self._new[listing]
            await turns.take()

    async def _settle(self, stored: _Outcome) -> None:
        """Decide on everything that hangs together with a change. Store what is different, and then remember it."""
        outcome, turns = _Outcome(), _Turns()
        for listing in sorted(self._evidence.unsettled):
            if listing not in outcome.listings:
                self._resolve(self._evidence.hanging_together(listing), outcome)
                await turns.take()
        changed = {
            listing
            for listing in outcome.listings
            if outcome.ids.get(listing) != stored.ids.get(listing)
            or outcome.links.get(listing, {}) != stored.links.get(listing, {})
        }
        if changed:
            links = {
                link.pair: link for listing in changed for link in outcome.links.get(listing, {}).values()
            }
            ids = {listing: outcome.ids[listing] for listing in changed if listing in outcome.ids}
            await self._book.relink(changed, list(links.values()), ids)
            _take_over(changed, outcome, stored)
        alone = [listing for listing in outcome.listings if listing not in outcome.ids]
        self._restaurants.remember(outcome.restaurants, alone)
        self._evidence.unsettled -= outcome.listings

    def _resolve(self, listings: set[Listing], outcome: _Outcome) -> None:
        judgements, decisions = self._evidence.on(listings)
        resolution = resolve(judgements, decisions)
        outcome.listings |= listings
        for link in resolution.links:
            _keep(link, outcome)
        for group in resolution.groups:
            restaurant = Restaurant(
                id=restaurant_id(group, self._first_seen),
                venues=tuple(self._venues[listing] for listing in sorted(group)),
                links=tuple(link for link in resolution.links if group.issuperset(link.pair)),
                decisions=tuple(one for one in decisions if group.issuperset(one.pair)),
            )
            outcome.restaurants.append(restaurant)
            outcome.ids |= dict.fromkeys(group, restaurant.id)


class _Turns:
    """Work in small turns: everything else goes on in between."""

    def __init__(self, stopwatch: Callable[[], float] = time.perf_counter) -> None:
        self._stopwatch = stopwatch
        self._since = stopwatch()

    async def take(self) -> None:
        """Let everything else have its turn, where it is due."""
        if self._stopwatch() - self._since >= SLICE:
            await anyio.lowlevel.checkpoint()
            self._since = self._stopwatch()


def _keep(link: Link, outcome: _Outcome) -> None:
    for listing in link.pair:
        outcome.links.setdefault(listing, {})[link.pair] = link


def _take_over(changed: Iterable[Listing], outcome: _Outcome, stored: _Outcome) -> None:
    for listing in changed:
        stored.ids.pop(listing, None)
        if listing in outcome.ids:
            stored.ids[listing] = outcome.ids[listing]
        stored.links[listing] = outcome.links.get(listing, {})
