"""One run: a make-believe city behind real HTTP, the engine's own loops in front of it, and a record of all that happened."""

import asyncio
import random
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import date, datetime, timedelta
from typing import Any

import msgspec

from tablewire.domain.buckets import BucketKey
from tablewire.domain.events import Event
from tablewire.domain.filters import EVENT_TYPES, EventFilter
from tablewire.domain.markets import NYC, Market
from tablewire.domain.rules import Rules
from tablewire.domain.snapshots import Snapshot
from tablewire.domain.state import BucketState
from tablewire.engine.discovery import Discovery
from tablewire.engine.polling import PollSettings
from tablewire.engine.supervisor import Loop
from tablewire.engine.sweep import SweepPlan
from tablewire.providers.http import Caller
from tablewire.providers.protocol import ProviderStatus, Seats
from tablewire.providers.resy.client import ResyProvider
from tablewire.simulator.requests import RequestRecord
from tablewire.simulator.run import running_simulator
from tablewire.simulator.server import Simulator, SimulatorOptions
from tablewire.simulator.truth import Happening
from tablewire.simulator.truth import OpenSlot as TrueSlot
from tablewire.storage.memory import MemoryStore
from tablewire.storage.protocol import Store
from tablewire.telemetry import Metrics
from tests.integration.detection.virtual_time import MIDDAY, VirtualClock, VirtualLoop

Fault = Mapping[str, Any]
LATENCY = 0.08


class Schedule(msgspec.Struct, frozen=True, kw_only=True):
    """What a run is made of. Times are in seconds, shares of calls from 0 to 1."""

    seed: int = 1
    venues: int = 100
    days: int = 2
    cycles: int = 200
    speed: float = 8.0
    rate: float = 20.0
    interval: float = 30.0
    start: datetime = MIDDAY
    faults: tuple[Fault, ...] = ()
    quiet_end: int = 2
    """Cycles at the end in which the provider behaves: what memory holds then has no excuse."""
    killed_after: int | None = None
    """After so many cycles the engine is gone in the middle of what it does, and another starts on the same store."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """One poll of one date, as seen from the provider's door."""

    day: date
    began: float
    finished: float
    """What the service takes for the upper bound of all that the poll changes."""
    revisits: Mapping[tuple[int, int], float]
    """Planned seconds between two looks, by party size and page."""


class Told(msgspec.Struct, frozen=True):
    """One event, and when clients heard of it."""

    at: float
    event: Event


class Held(msgspec.Struct, frozen=True):
    """One slot that memory holds open at the end, and its party sizes."""

    venue_id: str
    actual_time: str
    sizes: tuple[int, ...]


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """All that one run left behind."""

    schedule: Schedule
    names: Mapping[str, str]
    """The city's venues: name by id."""
    found: Sequence[TrueSlot]
    """What was open when the city began."""
    truth: Sequence[Happening]
    requests: Sequence[RequestRecord]
    polls: Sequence[Asked]
    told: Sequence[Told]
    stored: Sequence[Event]
    memory: Sequence[Held]
    dates: Sequence[date]
    """The dates that were watched at the end."""
    ended: float
    skipped: int
    """Bucket polls that were left out since the one before was still running."""


class WatchedProvider:
    """Resy's adapter, with a note of each poll."""

    def __init__(self, inner: ResyProvider, clock: VirtualClock) -> None:
        self.polls: list[Asked] = []
        self.plan: SweepPlan | None = None
        """The engine's plan, to be asked how often it means to come back."""
        self._inner = inner
        self._clock = clock

    @property
    def provider_id(self) -> str:
        return self._inner.provider_id

    async def search_availability(
        self,
        market: Market,
        service_date: date,
        time_slot: str | None,
        party_sizes: tuple[int, ...],
        *,
        pages: Mapping[int, tuple[int, ...]] | None = None,
        until: float | None = None,
    ) -> Snapshot:
        began = self._clock.now().timestamp()
        snapshot = await self._inner.search_availability(
            market, service_date, time_slot, party_sizes, pages=pages, until=until
        )
        assert self.plan is not None
        revisits = {
            (size, page): self.plan.revisit(service_date, size, page).total_seconds()
            for size, asked in (pages or {}).items()
            for page in asked
        }
        finished = snapshot.finished_at.timestamp()
        self.polls.append(Asked(day=service_date, began=began, finished=finished, revisits=revisits))
        return snapshot

    def status(self) -> ProviderStatus:
        return self._inner.status()

    async def probe(self) -> str | None:
        return await self._inner.probe()

    async def aclose(self) -> None:
        await self._inner.aclose()


class _Listener:
    """A client that hears everything."""

    def __init__(self, clock: VirtualClock) -> None:
        self.told: list[Told] = []
        self._clock = clock

    async def publish(self, events: Sequence[Event]) -> None:
        at = self._clock.now().timestamp()
        self.told.extend(Told(at, event) for event in events)

    def remembered(self, state: BucketState) -> None:
        """Nothing is shown here."""

    def forgotten(self, key: BucketKey, provider: str) -> None:
        """Nothing is shown here."""


async def play(loop: VirtualLoop, schedule: Schedule, store: Store | None = None) -> Run:
    """Let the city and the engine live together for so many cycles."""
    clock = VirtualClock(schedule.start, loop)
    options = SimulatorOptions(
        seed=schedule.seed,
        venues=schedule.venues,
        neighbourhoods=8,
        days=schedule.days + 1,
        speed=schedule.speed,
        clock=clock.now,
        latency=LATENCY,
        keep_served=True,
        requests_limit=2_000_000,
        truth_limit=5_000_000,
    )
    async with running_simulator(options) as simulator:
        found = simulator.city.open_slots()
        simulator.faults.set(schedule.faults)
        world = _World(schedule, simulator, clock, MemoryStore() if store is None else store)
        try:
            discovery = await world.live()
            return await world.record(found, discovery)
        finally:
            await world.provider.aclose()


class _World:
    """One city, one store, and the engines that live on it one after the other."""

    def __init__(self, schedule: Schedule, simulator: Simulator, clock: VirtualClock, store: Store) -> None:
        dice = random.Random(schedule.seed)
        caller = Caller(
            "resy",
            seats=Seats(8),
            rate=schedule.rate,
            timeout=12.0,
            user_agent="tablewire-test",
            now=clock.now,
            jitter=lambda longest: dice.uniform(0.0, longest),
        )
        inner = ResyProvider(base_url=simulator.base_url, api_key="any", auth_token=None, caller=caller)
        self.provider = WatchedProvider(inner, clock)
        self._listener = _Listener(clock)
        self._schedule = schedule
        self._simulator = simulator
        self._clock = clock
        self._store = store
        self._skipped = 0

    async def live(self) -> Discovery:
        """Run the engine's own loops for all cycles of the schedule, the last of them without faults."""
        schedule, step = self._schedule, self._schedule.interval
        cycles = schedule.cycles - schedule.quiet_end
        if schedule.killed_after is not None:
            async with self._engine():
                await self._clock.sleep(schedule.killed_after * step + 0.2)
            cycles -= schedule.killed_after
        async with self._engine() as discovery:
            await self._clock.sleep(cycles * step - 0.5)
            self._simulator.faults.clear()
            await self._clock.sleep(schedule.quiet_end * step)
            while any(owner.polling for owner in discovery.owners.values()):
                await self._clock.sleep(0.01)
        return discovery

    @asynccontextmanager
    async def _engine(self) -> AsyncIterator[Discovery]:
        """An engine at work; at the end it is cancelled wherever it is, and saves nothing."""
        discovery = self._discovery()
        await discovery.load()
        [polling] = discovery.pollings
        self.provider.plan = polling.plan
        loops = {"discovery_bucket": discovery.run_cycles, "discovery_window": discovery.run_window}
        running = [
            asyncio.create_task(run(Loop(name, run, self._clock)), name=name) for name, run in loops.items()
        ]
        try:
            yield discovery
        finally:
            for task in running:
                task.cancel()
            ended = await asyncio.gather(*running, return_exceptions=True)
            self._skipped += sum(polling.skipped.total() for polling in discovery.pollings)
        assert all(isinstance(one, asyncio.CancelledError) for one in ended), ended

    def _discovery(self) -> Discovery:
        return Discovery(
            markets=[NYC],
            providers={"resy": self.provider},
            rules={"nyc": Rules(zone=NYC.zone)},
            window_days=self._schedule.days,
            settings=PollSettings(
                interval=timedelta(seconds=self._schedule.interval),
                bucket_timeout=timedelta(seconds=25),
                pages_per_cycle=3,
                party_sizes=(2, 4),
                resume_gap=timedelta(minutes=10),
                sources=("the city",),
            ),
            store=self._store,
            audience=self._listener,
            clock=self._clock,
            metrics=Metrics(version="0", demo=False),
            on_stored=lambda _: None,
            on_progress=lambda _: None,
        )

    async def record(self, found: Sequence[TrueSlot], discovery: Discovery) -> Run:
        """All that is left of it."""
        schedule, simulator = self._schedule, self._simulator
        [polling] = discovery.pollings
        open_slots = [
            slot
            for owner in discovery.owners.values()
            for state in owner.states.values()
            for slot in state.open.values()
        ]
        ended = self._clock.now()
        simulator.city.advance(ended)
        return Run(
            schedule=schedule,
            names={str(venue.id): venue.name for venue in simulator.city.venues},
            found=found,
            truth=simulator.truth.events,
            requests=simulator.requests.records,
            polls=self.provider.polls,
            told=self._listener.told,
            stored=await self._store.after(0, 10**7, wanted=EventFilter(), types=frozenset(EVENT_TYPES)),
            memory=[Held(slot.venue.venue_id, slot.actual_time, slot.sizes) for slot in open_slots],
            dates=list(discovery.owners_of(polling)),
            ended=ended.timestamp(),
            skipped=self._skipped,
        )
