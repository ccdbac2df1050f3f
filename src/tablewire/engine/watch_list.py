"""The loop `resy_hourly`: looks at each entry of the watch list once an hour."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from tablewire.domain.filters import EventFilter, Op, Term
from tablewire.domain.wanted import WantedVenue
from tablewire.domain.watch_list import EVERY, ListEntry, ListResult
from tablewire.domain.watch_span import Span
from tablewire.domain.watches import shown
from tablewire.engine.clock import Clock
from tablewire.engine.sight import Sight
from tablewire.engine.supervisor import Loop
from tablewire.engine.watch import Wants
from tablewire.errors import StoreError
from tablewire.live.protocol import ListingsDoor
from tablewire.storage.watch_door import ListBook
from tablewire.telemetry import LogEvent, get_logger

log = get_logger("engine.watch_list")

TURN = 60.0
"""Seconds between two looks at which entries are due."""
LEASE = timedelta(minutes=2)
RETRY = timedelta(minutes=5)
AT_ONCE = 50
SOURCE = "watch_list"


class WatchListLoop:
    """What is free is known from memory; what is outside of what is polled, from the providers' last answers."""

    def __init__(
        self, *, book: ListBook, sight: Sight, listings: ListingsDoor, clock: Clock, wants: Wants
    ) -> None:
        self._book = book
        self._sight = sight
        self._listings = listings
        self._clock = clock
        self._wants = wants
        self._store_is_away = False

    async def run(self, loop: Loop) -> None:
        """Once a minute, whatever is due."""
        while True:
            loop.beat()
            try:
                await self.turn()
                self._store_is_away = False
            except StoreError as error:
                if not self._store_is_away:
                    log.warning(LogEvent.STORE_AWAY, message=f"the watch list waits for the store: {error}")
                self._store_is_away = True
            await self._clock.sleep(TURN)

    async def turn(self) -> int:
        """Look at all that is due; answers how many entries that were. Raises `StoreError`."""
        now = self._clock.now()
        # Dates are local: whatever the market, yesterday in UTC has the first that can matter.
        yesterday = now.date() - timedelta(days=1)
        self._wants(SOURCE, self._wanted(await self._book.followed(yesterday), now))
        looked_at = 0
        while True:
            now = self._clock.now()
            taken = await self._book.claim(now, now + LEASE, AT_ONCE)
            for entry in taken:
                await self._check(entry)
            looked_at += len(taken)
            if len(taken) < AT_ONCE:
                return looked_at

    async def run_now(self, user_id: int, entry_id: int) -> ListEntry | None:
        """Look at one of a user's entries, due or not; None where somebody does already, or it is gone."""
        now = self._clock.now()
        taken = await self._book.claim(now, now + LEASE, 1, only=(user_id, entry_id))
        return await self._check(taken[0]) if taken else None

    async def _check(self, entry: ListEntry) -> ListEntry | None:
        now = self._clock.now()
        try:
            result = self._look(entry, now)
        except Exception as error:  # the edge of one entry: it must not take all others with it
            message = f"the check of entry {entry.id} failed: {type(error).__name__}: {error}"
            log.exception(LogEvent.CHECK_FAILED, message=message, entry=entry.id)
            why = "the check failed, by a fault of the service; its log has more"
            await self._book.failed(entry, why, now + RETRY)
            return None
        return await self._book.checked(entry, now, now + EVERY, result)

    def _look(self, entry: ListEntry, now: datetime) -> ListResult:
        wanted = filter_of_entry(entry)
        listings = self._listings.listings_of(entry.provider, entry.venue_id)
        span = self._span(entry, now)
        answered = self._sight.outside(listings, wanted, span, good_for=EVERY, opening="")
        tables = {slot: one for slot, (one, _) in answered.tables.items()}
        tables |= {one.slot_key: one for one in self._sight.sightings.at(listings, wanted)}
        return ListResult(open_now=len(tables), tables=shown(tables.values()), notes=answered.notes)

    def _span(self, entry: ListEntry, now: datetime) -> Span:
        window, polled = self._sight.polled.window(now), self._sight.polled.party_sizes
        inside = entry.party_size in polled
        return Span(
            dates=tuple(day for day in entry.dates if day in window),
            later_dates=tuple(day for day in entry.dates if day > window[-1]),
            sizes=(entry.party_size,) if inside else (),
            other_sizes=() if inside else (entry.party_size,),
        )

    def _wanted(self, entries: Iterable[ListEntry], now: datetime) -> list[WantedVenue]:
        wanted: dict[WantedVenue, None] = {}
        for entry in entries:
            span = self._span(entry, now)
            if not span.dates or not span.sizes:
                continue
            for listing in self._listings.listings_of(entry.provider, entry.venue_id):
                one = WantedVenue(
                    provider=listing.provider,
                    venue_id=listing.venue_id,
                    dates=frozenset(span.dates),
                    sizes=frozenset(span.sizes),
                )
                wanted[one] = None
        return list(wanted)


def filter_of_entry(entry: ListEntry) -> EventFilter:
    """What an entry is for, beside its venue."""
    return EventFilter(
        (Term("service_date", Op.ANY, entry.dates), Term("party_sizes", Op.OVERLAPS, (entry.party_size,)))
    )
