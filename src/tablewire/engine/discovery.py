"""Discovery: the owners of every date in the window, kept in step with the calendar, and polled in cycles."""

from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import date, datetime, timedelta

import anyio
import msgspec

from tablewire.domain.buckets import BucketKey
from tablewire.domain.markets import Market, service_today, window
from tablewire.domain.rules import Rules
from tablewire.domain.snapshots import Snapshot
from tablewire.domain.state import Change
from tablewire.engine.cadence import Cadence
from tablewire.engine.clock import Clock
from tablewire.engine.coverage import Coverage
from tablewire.engine.owner import Audience, DayOwner, Stored
from tablewire.engine.polling import Hooks, PollSettings, ProviderPolling
from tablewire.engine.supervisor import Loop
from tablewire.engine.venues import Learned, VenueLearner
from tablewire.engine.wanted import Wanted
from tablewire.errors import PollConflict, StoreError
from tablewire.providers.protocol import AvailabilityProvider
from tablewire.storage.protocol import BucketDay, Store
from tablewire.telemetry import LogEvent, Metrics, get_logger

log = get_logger("engine.discovery")

WINDOW_TURN = 2.0
"""Seconds between looks at the clock: for slots that expire, and dates that enter and leave."""
SAVE_EVERY = timedelta(seconds=60)
"""How often the times of observations are stored."""
DAYS_EVERY = timedelta(hours=1)
"""How often the day's row of each bucket is stored."""


class Progress(msgspec.Struct, frozen=True):
    """How many buckets of the window have their baseline."""

    built: int
    total: int


class Discovery:
    """All that is watched: markets, providers, and an owner for each of their dates."""

    def __init__(
        self,
        *,
        markets: Sequence[Market],
        providers: Mapping[str, AvailabilityProvider],
        rules: Mapping[str, Rules],
        window_days: int,
        settings: PollSettings,
        store: Store,
        audience: Audience,
        clock: Clock,
        metrics: Metrics,
        on_stored: Callable[[Stored], None],
        on_progress: Callable[[Progress], None],
        on_learned: Learned = lambda _, __: None,
        on_observed: Callable[[Change], None] = lambda _: None,
    ) -> None:
        self.markets = tuple(markets)
        self.owners: dict[tuple[str, str, date], DayOwner] = {}
        self.coverage = {provider: Coverage() for provider in providers}
        self.cadence = Cadence(settings.interval.total_seconds(), clock)
        self.wanted = Wanted()
        self.wanted.set_wanted("settings", settings.wanted)
        self.pollings = [
            ProviderPolling(
                market,
                provider,
                settings,
                clock=clock,
                metrics=metrics,
                hooks=self._hooks(),
                wanted=self.wanted,
            )
            for market in markets
            for provider in providers.values()
            if provider.status().enabled
        ]
        self.store_trouble: str | None = None
        """Why the store does not take polls now, if it does not."""
        self._rules = rules
        self._days = window_days
        self._settings = settings
        self._store = store
        self._audience = audience
        self._clock = clock
        self._metrics = metrics
        self._on_stored = on_stored
        self._on_progress = on_progress
        self._on_learned = on_learned
        self._on_observed = on_observed
        self._learner = VenueLearner(store, on_learned)
        self._one_writer = anyio.Lock()
        self._paused = False
        self._progress = Progress(0, 0)
        self._saved_at = self._days_saved_at = clock.now()

    # --- the start

    async def load(self) -> None:
        """Read memory from the store, and put right what changed settings left behind. Raises `StoreError`."""
        if (newest := await self._store.newest_scan()) is not None:
            self._clock.not_before(newest)
        for market in self.markets:
            await self._start_over_if_changed(market)
        for polling in self.pollings:
            await self._remove_strangers(polling.market, polling.provider.provider_id)
            await self._enter(polling, window(self._clock.now(), polling.market.zone, self._days))
        now = self._clock.now()
        for (_, provider, _), owner in self.owners.items():
            await owner.withdraw(
                now, sizes=frozenset(self._settings.party_sizes), opted_out=self._opted_out(provider)
            )
        self._count_progress()

    async def _start_over_if_changed(self, market: Market) -> None:
        """Where settings decide otherwise what belongs where, every pair is first again: changed settings announce nothing."""
        parts, wanted = self._rules[market.id].parts, self._settings
        opted_out = sorted(f"{provider}:{venue_id}" for provider, venue_id in wanted.opted_out)
        edges = [str(edge) for edge in parts.edges]
        mark = repr((parts.time_slots, edges, wanted.party_sizes, opted_out, wanted.sources))
        if await self._store.settings_mark(market.id) != mark:
            await self._store.forget_observations(market.id, mark)

    async def _remove_strangers(self, market: Market, provider: str) -> None:
        """Close and remove stored buckets that are not watched any more."""
        today = window(self._clock.now(), market.zone, self._days)
        slots = self._rules[market.id].parts.time_slots
        for stored in await self._store.stored_buckets(market.id, provider):
            if stored.key.service_date not in today or stored.key.time_slot not in slots:
                await self._leave_bucket(stored.key, provider)

    async def _leave_bucket(self, key: BucketKey, provider: str) -> None:
        owner = self._owner(self._market(key.market), key.service_date, provider)
        owner.adopt(await self._store.load([key], provider))
        await self._close_owner(owner)

    # --- the loops

    async def run_cycles(self, loop: Loop) -> None:
        """The loop `discovery_bucket`: every interval, every bucket is due."""
        for polling in self.pollings:
            await polling.remember(self._store)
        for owner in self.owners.values():
            owner.polling = False  # a poll that was cut off before it began could not say so itself
        async with anyio.create_task_group() as group:
            async for _ in self.cadence.ticks():
                loop.beat()
                if await self.store_is_back():
                    for polling in self.pollings:
                        group.start_soon(polling.cycle, self.owners_of(polling), name="cycle")

    async def run_window(self, loop: Loop) -> None:
        """The loop `discovery_window`: what the clock changes."""
        while True:
            loop.beat()
            try:
                await self.turn_window()
            except StoreError as error:
                self._store_failed(error)
            await self._clock.sleep(WINDOW_TURN)

    async def save(self) -> None:
        """Store what is stored lazily: observations' times and venues. Raises `StoreError`."""
        for owner in list(self.owners.values()):
            await owner.save_observations()
        await self._learner.write(self._clock.now())

    # --- standing still

    @asynccontextmanager
    async def still(self) -> AsyncIterator[None]:
        """Within it no poll is begun, and none is stored."""
        self._paused = True
        try:
            async with self._one_writer:
                yield
        finally:
            self._paused = False

    def forget(self) -> None:
        """The store has been emptied: everything is first again. A poll that is under way is thrown away, or begins the new memory."""
        for owner in self.owners.values():
            owner.forget()
        for polling in self.pollings:
            polling.forget()
        self.coverage = {provider: Coverage() for provider in self.coverage}
        # A new one: what the old one is writing at this moment would otherwise count as written.
        self._learner = VenueLearner(self._store, self._on_learned)
        self._count_progress()

    # --- the window

    async def turn_window(self) -> None:
        """Let dates enter and leave, slots expire, and store what is stored lazily. Raises `StoreError`."""
        now = self._clock.now()
        for polling in self.pollings:
            await self._slide(polling, window(now, polling.market.zone, self._days))
        for owner in list(self.owners.values()):
            try:
                self._tell_stored(await owner.let_expire(now))
            except PollConflict as error:
                self._store_failed(error)
        await self._learner.write(now)
        if now - self._saved_at >= SAVE_EVERY:
            self._saved_at = now
            await self.save()
        if now - self._days_saved_at >= DAYS_EVERY:
            self._days_saved_at = now
            await self._save_days(now)

    async def _slide(self, polling: ProviderPolling, days: Sequence[date]) -> None:
        market, provider = polling.market, polling.provider.provider_id
        mine = {
            day
            for owned_market, owned_by, day in self.owners
            if (owned_market, owned_by) == (market.id, provider)
        }
        gone, new = mine - set(days), [day for day in days if day not in mine]
        if not gone and not new:
            return
        for day in sorted(gone):
            owner = self.owners[market.id, provider, day]
            if not owner.polling:
                await self._save_days(self._clock.now(), [owner])
                await self._close_owner(owner)
                del self.owners[market.id, provider, day]
        await self._enter(polling, new)
        if new:
            message = f"the window of {market.id} is now {days[0]} to {days[-1]}"
            log.info(LogEvent.WINDOW_MOVED, message=message, market=market.id, provider=provider)

    async def _enter(self, polling: ProviderPolling, days: Sequence[date]) -> None:
        market, provider = polling.market, polling.provider.provider_id
        owners = {day: self._owner(market, day, provider) for day in days}
        keys = [key for owner in owners.values() for key in owner.keys]
        if not keys:
            return
        since = self._clock.now() - self._rules[market.id].drop_cooldown
        states = await self._store.load(keys, provider, drops_since=since)
        for day, owner in owners.items():
            owner.adopt({key: states[key] for key in owner.keys})
            self.owners[market.id, provider, day] = owner

    async def _close_owner(self, owner: DayOwner) -> None:
        """Close what is left open, and remove the rows: nothing is announced but that it is gone."""
        now = self._clock.now()
        await owner.let_expire(now)
        await owner.withdraw(now, sizes=frozenset())
        for state in owner.states.values():
            await self._store.leave(state.key, owner.provider, now)
        owner.close()

    def _owner(self, market: Market, day: date, provider: str) -> DayOwner:
        return DayOwner(
            market,
            day,
            provider,
            rules=self._rules[market.id],
            store=self._store,
            audience=self._audience,
            clock=self._clock,
            metrics=self._metrics,
            one_writer=self._one_writer,
            on_observed=self._on_observed,
        )

    def owners_of(self, polling: ProviderPolling) -> dict[date, DayOwner]:
        """The owners of one provider's dates in one market, in order."""
        mine = (polling.market.id, polling.provider.provider_id)
        return {
            day: owner
            for (market, provider, day), owner in sorted(self.owners.items())
            if (market, provider) == mine
        }

    def _market(self, market_id: str) -> Market:
        return next(market for market in self.markets if market.id == market_id)

    def _opted_out(self, provider: str) -> frozenset[str]:
        return frozenset(
            venue_id for of_provider, venue_id in self._settings.opted_out if of_provider == provider
        )

    async def _save_days(self, now: datetime, owners: Iterable[DayOwner] | None = None) -> None:
        for market in self.markets:
            today = service_today(now, market.zone)
            rows = [
                BucketDay(
                    key=state.key,
                    provider=owner.provider,
                    lead_days=(owner.day - today).days,
                    baseline_slots=len(state.baseline),
                    open_slots=len(state.open),
                    observed_venues=state.observed_venues(),
                )
                for owner in (self.owners.values() if owners is None else owners)
                if owner.market.id == market.id
                for state in owner.states.values()
            ]
            await self._store.save_days(today, rows)

    # --- what polls tell

    def _hooks(self) -> Hooks:
        return Hooks(
            seen=self._see,
            stored=self._tell_stored,
            store_failed=self._store_failed,
            holding=self._is_holding,
        )

    def _is_holding(self) -> bool:
        return self._paused or self.store_trouble is not None

    def _see(self, snapshot: Snapshot) -> None:
        self._learner.see(snapshot.venues.values(), snapshot.finished_at)
        self.coverage[snapshot.provider].see(snapshot.answers)

    def _tell_stored(self, stored: Sequence[Stored]) -> None:
        for one in stored:
            self._on_stored(one)
        self._count_progress()

    def _count_progress(self) -> None:
        states = [state for owner in self.owners.values() for state in owner.states.values()]
        progress = Progress(sum(state.row.baseline_built_at is not None for state in states), len(states))
        if progress != self._progress:
            self._progress = progress
            self._on_progress(progress)

    def _store_failed(self, error: StoreError) -> None:
        if isinstance(error, PollConflict):
            return
        if self.store_trouble is None:
            log.error(LogEvent.STORE_AWAY, message=f"the store is away, polling holds: {error}")
        self.store_trouble = str(error)

    async def store_is_back(self) -> bool:
        """Whether the store takes polls; where it was away, it is asked first."""
        if self.store_trouble is None:
            return True
        try:
            await self._store.ping()
        except StoreError as error:
            self.store_trouble = str(error)
            return False
        self.store_trouble = None
        log.info(LogEvent.STORE_BACK, message="the store is back, polling goes on")
        return True
