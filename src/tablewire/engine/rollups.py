"""The loop `rollups`: once an hour, and on demand, what is new is rolled up, and figures are made of it."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import date, datetime, timedelta

import anyio
import msgspec

from tablewire.domain.events import microseconds
from tablewire.domain.markets import Market
from tablewire.engine.clock import Clock
from tablewire.engine.finished_days import FinishedDays
from tablewire.engine.rolling import DayRoller, Plan
from tablewire.engine.supervisor import Loop
from tablewire.engine.venue_metrics import MetricsMaker
from tablewire.errors import Conflict, StoreError
from tablewire.insights.daily import redone_from
from tablewire.insights.local_time import local_date
from tablewire.storage.figure_door import Head, LogView, Remembered, RolledBook
from tablewire.telemetry import LogEvent, get_logger

log = get_logger("engine.rollups")

EVERY = timedelta(hours=1)
WHOLE_EVERY = timedelta(hours=6)
"""How often venues without news are done, too: their observed time goes on."""
FIRST_AFTER = timedelta(minutes=1)
"""After a start what is polled first comes first."""
AGAIN_AFTER = timedelta(minutes=5)
"""After a try that the store did not take, or while another process does it."""
TURN = 5.0
"""Seconds between looks at the clock."""
OVERLAP = timedelta(minutes=15)
"""Observed time that was added so long before the last roll-up is looked at again: clocks of processes differ."""

Show = Callable[[int, int], None]
"""Told how many venues are done, of how many."""


class RolledUp(msgspec.Struct, frozen=True, kw_only=True):
    """What rolling up a market came to."""

    market: Market
    at: datetime
    venues: int
    days: int
    """Days of venues that were rolled up."""
    first_day: date
    """The earliest of them."""
    finished: bool
    """Whether a local day has ended since the last time."""
    changed: tuple[date, ...]
    """Days to which observed time was added since."""
    everything: bool
    """Whether all days were done anew."""


After = Callable[[LogView, RolledUp], Awaitable[None]]
"""What is done with what has been rolled up, while its view of the log is open."""


class Rollups:
    """Rolls up markets, one after the other; one process at a time does so."""

    def __init__(
        self,
        book: RolledBook,
        markets: Sequence[Market],
        prime_slot: str,
        clock: Clock,
        *,
        store_observed: Callable[[], Awaitable[None]] | None = None,
        remembered: Remembered = lambda _, __: None,
        after: Sequence[After] = (),
    ) -> None:
        self.computed_at: datetime | None = None
        """When everything was last rolled up by this process."""
        self._book = book
        self._markets = tuple(markets)
        self._prime_slot = prime_slot
        self._clock = clock
        self._store_observed = store_observed
        self._remembered = remembered
        self._after = tuple(after)
        self._one_refresh = anyio.Lock()
        self._due_at = clock.now() + FIRST_AFTER
        self._whole_at: dict[str, datetime] = {}
        self._finished = {market.id: FinishedDays() for market in self._markets}

    async def run(self, loop: Loop) -> None:
        """Roll up for ever; while the store is away everything waits."""
        while True:
            loop.beat()
            if self._clock.now() >= self._due_at:
                self._due_at = self._clock.now() + EVERY
                try:
                    await self._refresh_beating(loop)
                except (StoreError, Conflict) as error:
                    self._due_at = self._clock.now() + AGAIN_AFTER
                    log.debug(LogEvent.STORE_AWAY, message=f"figures have to wait: {error}")
            await self._clock.sleep(TURN)

    @asynccontextmanager
    async def still(self) -> AsyncIterator[None]:
        """Within it nothing is rolled up."""
        async with self._one_refresh:
            yield

    def forget(self) -> None:
        """The store has been emptied."""
        self._whole_at = {}
        for finished in self._finished.values():
            finished.forget()
        self._due_at = self._clock.now() + FIRST_AFTER

    async def refresh(
        self, *, everything: bool = False, whole: bool = True, show: Show = lambda _, __: None
    ) -> list[RolledUp]:
        """Roll up what is new, for every market: of all venues where `whole`; with `everything` all days that can be, anew.

        Raises `Conflict` while another process does so, `StoreError`.
        """
        async with self._one_refresh:
            if self._store_observed is not None:
                await self._store_observed()
            async with self._book.reading(self._prime_slot, self._remembered) as view:
                done = [
                    await self._roll_up(view, market, everything=everything, whole=whole, show=show)
                    for market in self._markets
                ]
            self.computed_at = self._clock.now()
            return done

    async def _refresh_beating(self, loop: Loop) -> None:
        await self.refresh(whole=False, show=lambda _, __: loop.beat())

    async def _roll_up(
        self, view: LogView, market: Market, *, everything: bool, whole: bool, show: Show
    ) -> RolledUp:
        at = self._clock.now()
        head = None if everything else await view.head(market.id)
        today = local_date(microseconds(at), market.zone)
        finished = head is None or head.finished_day < today - timedelta(days=1)
        whole = whole or finished or self._is_whole_due(market, at)
        floor = await self._first_kept(view, market, today)
        changed = () if head is None else await view.changed_days(market.id, head.rolled_at - OVERLAP)
        first_day = floor if head is None else max(floor, min(today, _after_day(head.finished_day), *changed))
        plan = Plan(market=market, now=microseconds(at), today=today, all_from=first_day if whole else None)
        touched = await view.touched(market.id, 0 if head is None else head.event_id)
        for one in touched:
            plan.since[one.listing] = max(floor, redone_from(one.since, plan.now, market.zone))
        over = self._finished[market.id]
        over.begin(head, today)
        roller = DayRoller(self._book, view, plan, over, at)
        venues = await roller.roll(show)
        await MetricsMaker(self._book, plan, over, roller, at).make(venues)
        rolled = RolledUp(
            market=market,
            at=at,
            venues=len(venues),
            days=roller.days,
            first_day=min([first_day, *plan.since.values()]),
            finished=finished,
            changed=tuple(changed),
            everything=everything,
        )
        for after in self._after:
            await after(view, rolled)
        head = Head(event_id=view.newest, finished_day=today - timedelta(days=1), rolled_at=at)
        await self._book.keep_head(market.id, head)
        over.end(head)
        if whole:
            self._whole_at[market.id] = at
        self._say(rolled)
        return rolled

    def _is_whole_due(self, market: Market, at: datetime) -> bool:
        done_at = self._whole_at.get(market.id)
        return done_at is None or at - done_at >= WHOLE_EVERY

    @staticmethod
    async def _first_kept(view: LogView, market: Market, today: date) -> date:
        """The first day that is kept whole."""
        first = (await view.kept(market.id)).first_day(market.zone)
        return today if first is None else min(today, first)

    @staticmethod
    def _say(rolled: RolledUp) -> None:
        message = f"{rolled.market.id}: {rolled.days} days of {rolled.venues} venues are rolled up"
        log.info(
            LogEvent.ROLLED_UP,
            message=message,
            market=rolled.market.id,
            venues=rolled.venues,
            days=rolled.days,
        )


def _after_day(day: date) -> date:
    return day + timedelta(days=1)
