"""The loop `retention`: once a day, what is older than it has to be kept goes in small batches."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import partial

import anyio
import msgspec

from tablewire.domain.markets import Market, instant
from tablewire.engine.clock import Clock
from tablewire.engine.supervisor import Loop, beating
from tablewire.errors import RetentionBusy, StoreError
from tablewire.storage.retention_door import Bound, RetentionStore, RolledUp
from tablewire.telemetry import LogEvent, get_logger

log = get_logger("engine.retention")

BATCH = 500
"""Rows that are removed at once: a few milliseconds' work."""
SPANS_BATCH = 4
"""Rows of observed time that are removed at once: one has a city's day in it."""
PAUSE = 0.05
"""Seconds between two batches, so that polls come in between."""
FIRST_AFTER = 600.0
"""Seconds after the start: it has enough to do without this."""
EVERY = 86_400.0
AGAIN_AFTER = 3_600.0
"""Seconds after which it is tried again where the store was away."""
NEVER = datetime(1970, 1, 1, tzinfo=UTC)
"""Nothing happened before."""


class Ages(msgspec.Struct, frozen=True, kw_only=True):
    """How long rows are kept."""

    events: timedelta
    notifications: timedelta


class Removed(msgspec.Struct, frozen=True, kw_only=True):
    """What a run has taken away."""

    events: int = 0
    notifications: int = 0
    observed_spans: int = 0
    waiting: tuple[str, ...] = ()
    """Markets that have days which are old enough, and not rolled up: their events stay."""
    busy: bool = False
    """Whether another process was at it, so that this one left it to it."""

    @property
    def total(self) -> int:
        """All rows."""
        return self.events + self.notifications + self.observed_spans


class Retention:
    """Removes rows of old events, notifications and observed time; figures made of them stay for ever."""

    def __init__(
        self,
        store: RetentionStore,
        markets: Sequence[Market],
        ages: Ages,
        clock: Clock,
        *,
        pause: float = PAUSE,
    ) -> None:
        self._store = store
        self._markets = tuple(markets)
        self._ages = ages
        self._clock = clock
        self._pause = pause
        self._one_at_a_time = anyio.Lock()

    async def run(self, loop: Loop) -> None:
        """Once a day, for ever."""
        await beating(loop, self._run_daily)

    async def remove(self, tell: Callable[[int], None] = lambda _: None) -> Removed:
        """Remove all that may go now, telling how many rows went so far. Raises `StoreError`."""
        async with self._one_at_a_time:
            run = _Run(self._store, self._clock, self._pause, tell)
            await run.remove(self._markets, self._ages)
        removed = run.removed
        message = f"{removed.events} old events and {removed.notifications} notifications were removed"
        log.info(LogEvent.RETENTION, message=message, **msgspec.structs.asdict(removed))
        return removed

    async def _run_daily(self) -> None:
        pause = FIRST_AFTER
        while True:
            await self._clock.sleep(pause)
            try:
                await self.remove()
                pause = EVERY
            except StoreError as error:
                log.warning(LogEvent.STORE_AWAY, message=f"nothing old was removed: {error}")
                pause = AGAIN_AFTER


class _Run:
    """One run over everything that has an age."""

    def __init__(
        self, store: RetentionStore, clock: Clock, pause: float, tell: Callable[[int], None]
    ) -> None:
        self.removed = Removed()
        self._store = store
        self._clock = clock
        self._pause = pause
        self._tell = tell

    async def remove(self, markets: Sequence[Market], ages: Ages) -> None:
        now = self._clock.now()
        rolled = await self._store.rolled_up()
        old = now - ages.events
        bounds = {market.id: bound_of(market, rolled.get(market.id), old) for market in markets}
        self._note(waiting=tuple(one.id for one in markets if _waits(one, bounds[one.id], old)))
        try:
            await self._all("events", lambda: self._store.remove_events(bounds, old, BATCH))
            notified = now - ages.notifications
            await self._all("notifications", lambda: self._store.remove_notifications(notified, BATCH))
            for market in markets:
                day = _local_date(market, bounds[market.id].before)
                spans = partial(self._store.remove_spans, market.id, day, SPANS_BATCH)
                await self._all("observed_spans", spans)
        except RetentionBusy:
            self._note(busy=True)

    async def _all(self, what: str, batch: Callable[[], Awaitable[int]]) -> None:
        while count := await batch():
            self._note(**{what: getattr(self.removed, what) + count})
            self._tell(self.removed.total)
            await self._clock.sleep(self._pause)

    def _note(self, **fields: object) -> None:
        self.removed = msgspec.structs.replace(self.removed, **fields)


def bound_of(market: Market, rolled: RolledUp | None, old: datetime) -> Bound:
    """What of a market's events may go: what happened on local days that are old, over, and rolled up.

    Whole days go, so that the first one that is kept can be rolled up again.
    """
    if rolled is None:
        return Bound(NEVER, 0)
    first_kept = min(_local_date(market, old), rolled.finished_day + timedelta(days=1))
    return Bound(_midnight(market, first_kept), rolled.event_id)


def _waits(market: Market, bound: Bound, old: datetime) -> bool:
    return bound.before < _midnight(market, _local_date(market, old))


def _local_date(market: Market, at: datetime) -> date:
    return at.astimezone(market.zone).date()


def _midnight(market: Market, day: date) -> datetime:
    return instant(datetime.combine(day, time()), market.zone)
