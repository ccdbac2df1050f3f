"""The loop `watch`: checks the watches that are due, once a minute."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Protocol

import msgspec

from tablewire.domain.notifications import Notification
from tablewire.domain.polled import Polled
from tablewire.domain.wanted import WantedVenue
from tablewire.domain.watches import Watch, due_after_failure, filter_of
from tablewire.engine.clock import Clock
from tablewire.engine.supervisor import Loop
from tablewire.engine.watch_checks import Checked
from tablewire.errors import BadInput, StoreError
from tablewire.live.protocol import ListingsDoor
from tablewire.storage.notification_door import NotificationWriter
from tablewire.storage.watch_door import Followed, WatchBook
from tablewire.telemetry import LogEvent, get_logger

log = get_logger("engine.watch")

TURN = 60.0
"""Seconds between two looks at what is due."""
LEASE = timedelta(minutes=2)
"""How long a watch that was taken is left alone, should whoever took it die."""
AT_ONCE = 20

SOURCE = "watches"
Wants = Callable[[str, Iterable[WantedVenue]], None]
"""Takes all that a source wants to have looked at."""
OnTold = Callable[[Sequence[Notification]], None]
"""Called with notifications that were stored."""


class Checks(Protocol):
    """Checks one watch."""

    async def check(self, watch: Watch, now: datetime) -> Checked:
        """What it finds now."""
        ...


class WatchLoop:
    """Takes watches by a lease, checks them, tells what is news, and then stores how far each has looked.

    A crash between telling and storing repeats the check, and its tellings with the same names: they are dropped.
    """

    def __init__(
        self,
        *,
        book: WatchBook,
        checks: Checks,
        writer: NotificationWriter,
        listings: ListingsDoor,
        polled: Polled,
        clock: Clock,
        wants: Wants,
        on_told: OnTold = lambda _: None,
    ) -> None:
        self._book = book
        self._checks = checks
        self._writer = writer
        self._listings = listings
        self._polled = polled
        self._clock = clock
        self._wants = wants
        self._on_told = on_told
        self._store_is_away = False

    async def run(self, loop: Loop) -> None:
        """Once a minute."""
        while True:
            began = self._clock.monotonic()
            loop.beat()
            try:
                await self.turn(loop)
                self._store_is_away = False
            except StoreError as error:
                self._note_store(error)
            await self._clock.sleep(max(1.0, began + TURN - self._clock.monotonic()))

    async def turn(self, loop: Loop | None = None) -> int:
        """Check all that is due; answers how many watches that were. Raises `StoreError`."""
        self._wants(SOURCE, self._wanted(await self._book.followed()))
        checked = 0
        while True:
            now = self._clock.now()
            taken = await self._book.claim(now, now + LEASE, AT_ONCE)
            for watch in taken:
                await self._check(watch)
            if loop is not None:
                loop.beat()
            checked += len(taken)
            if len(taken) < AT_ONCE:
                return checked

    async def run_now(self, user_id: int, watch_id: int) -> Watch | None:
        """Check one of a user's watches, due or paused or not; None where it is being checked already, or gone."""
        now = self._clock.now()
        watch = await self._book.claim_one(user_id, watch_id, now, now + LEASE)
        return None if watch is None else await self._check(watch)

    async def _check(self, watch: Watch) -> Watch | None:
        now = self._clock.now()
        try:
            found = await self._checks.check(watch, now)
            told = await self._writer.tell(found.tellings, now) if found.tellings else ()
        except StoreError as error:
            log.warning(LogEvent.CHECK_FAILED, message=f"watch {watch.id}: {error}", watch=watch.id)
            return await self._failed(watch, "the store did not answer")
        except BadInput as error:
            return await self._failed(watch, f"its filters are not understood any more: {error}")
        except Exception as error:  # the edge of one watch: it must not take all others with it
            message = f"the check of watch {watch.id} failed: {type(error).__name__}: {error}"
            log.exception(LogEvent.CHECK_FAILED, message=message, watch=watch.id)
            return await self._failed(watch, "the check failed, by a fault of the service; its log has more")
        if told:
            self._on_told(told)
        result = msgspec.structs.replace(found.outcome.result, told=len(told))
        return await self._book.checked(watch, msgspec.structs.replace(found.outcome, result=result))

    async def _failed(self, watch: Watch, why: str) -> Watch | None:
        return await self._book.failed(watch, why, due_after_failure(watch, self._clock.now()))

    def _wanted(self, followed: Iterable[Followed]) -> list[WantedVenue]:
        """What the sweep should look at out of turn, each venue once for the same dates and sizes."""
        wanted: dict[WantedVenue, None] = {}
        for one in followed:
            wanted |= dict.fromkeys(self._wanted_by(one))
        return list(wanted)

    def _wanted_by(self, one: Followed) -> Iterator[WantedVenue]:
        try:
            wanted = filter_of(one.filters)
        except BadInput:
            return  # its check says so
        now = self._clock.now()
        span, whole = self._polled.span(wanted, now), self._polled.window(now, wanted)
        if not span.dates or not span.sizes:
            return
        dates = None if span.dates == whole else frozenset(span.dates)
        sizes = None if len(span.sizes) == len(self._polled.party_sizes) else frozenset(span.sizes)
        for venue in one.venues:
            for listing in self._listings.listings_of(venue.provider, venue.venue_id):
                yield WantedVenue(
                    provider=listing.provider, venue_id=listing.venue_id, dates=dates, sizes=sizes
                )

    def _note_store(self, error: StoreError) -> None:
        if not self._store_is_away:
            log.warning(LogEvent.STORE_AWAY, message=f"watches wait for the store: {error}")
        self._store_is_away = True
