"""One run: a make-believe city behind real HTTP, the engine's own loops in front of it, and a record of all that happened."""

import random
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import date, datetime, timedelta
from typing import Any

import anyio
import msgspec

from tablewire.domain.buckets import BucketKey
from tablewire.domain.events import Event
from tablewire.domain.markets import NYC, Market
from tablewire.domain.rules import Rules
from tablewire.domain.snapshots import Snapshot
from tablewire.domain.state import BucketState
from tablewire.engine.discovery import Discovery
from tablewire.engine.polling import PollSettings
from tablewire.engine.supervisor import Loop
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


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """One poll of one date, as seen from the provider's door."""

    day: date
    began: float
    finished: float
    """What the service takes for the upper bound of all that the poll changes."""
    answers: int


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
    revisits: Mapping[tuple[str, int, int], float]
    """Planned seconds between two looks at a page, by date, party size and page, as of the end."""
    ended: float
    skipped: int
    """Bucket polls that were left out since the one before was still running."""


class WatchedProvider:
    """Resy's adapter, with a note of each poll."""

    def __init__(self, inner: ResyProvider, clock: VirtualClock) -> None:
        self.polls: list[Asked] = []
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
        finished = snapshot.finished_at.timestamp()
        self.polls.append(
            Asked(day=service_date, began=began, finished=finished, answers=len(snapshot.answers))
        )
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
        async with _provider(simulator, clock, schedule) as provider:
            listener = _Listener(clock)
            discovery = _discovery(schedule, provider, clock, listener, store or MemoryStore())
            await discovery.load()
            await _live(discovery, simulator, clock, schedule)
            return await _record(schedule, simulator, found, provider, listener, discovery, clock)


@asynccontextmanager
async def _provider(
    simulator: Simulator, clock: VirtualClock, schedule: Schedule
) -> AsyncIterator[WatchedProvider]:
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
    provider = ResyProvider(base_url=simulator.base_url, api_key="any", auth_token=None, caller=caller)
    try:
        yield WatchedProvider(provider, clock)
    finally:
        await provider.aclose()


def _discovery(
    schedule: Schedule, provider: WatchedProvider, clock: VirtualClock, listener: _Listener, store: Store
) -> Discovery:
    return Discovery(
        markets=[NYC],
        providers={"resy": provider},
        rules={"nyc": Rules(zone=NYC.zone)},
        window_days=schedule.days,
        settings=PollSettings(
            interval=timedelta(seconds=schedule.interval),
            bucket_timeout=timedelta(seconds=25),
            pages_per_cycle=3,
            party_sizes=(2, 4),
            resume_gap=timedelta(minutes=10),
            sources=("the city",),
        ),
        store=store,
        audience=listener,
        clock=clock,
        metrics=Metrics(version="0", demo=False),
        on_stored=lambda _: None,
        on_progress=lambda _: None,
    )


async def _live(
    discovery: Discovery, simulator: Simulator, clock: VirtualClock, schedule: Schedule
) -> None:
    """Run the engine's own loops for all cycles of the schedule, the last of them without faults."""
    async with anyio.create_task_group() as group:
        group.start_soon(discovery.run_cycles, Loop("discovery_bucket", discovery.run_cycles, clock))
        group.start_soon(discovery.run_window, Loop("discovery_window", discovery.run_window, clock))
        await clock.sleep((schedule.cycles - schedule.quiet_end) * schedule.interval - 0.5)
        simulator.faults.clear()
        await clock.sleep(schedule.quiet_end * schedule.interval)
        while any(owner.polling for owner in discovery.owners.values()):
            await clock.sleep(0.01)
        group.cancel_scope.cancel()


async def _record(
    schedule: Schedule,
    simulator: Simulator,
    found: Sequence[TrueSlot],
    provider: WatchedProvider,
    listener: _Listener,
    discovery: Discovery,
    clock: VirtualClock,
) -> Run:
    [polling] = discovery.pollings
    memory = [
        Held(slot.venue.venue_id, slot.actual_time, slot.sizes)
        for owner in discovery.owners.values()
        for state in owner.states.values()
        for slot in state.open.values()
    ]
    revisits = {
        (day.isoformat(), size, page): polling.plan.revisit(day, size, page).total_seconds()
        for day in discovery.owners_of(polling)
        for size in (2, 4)
        for page in range(1, schedule.venues // 75 + 3)
    }
    ended = clock.now()
    simulator.city.advance(ended)
    return Run(
        schedule=schedule,
        names={str(venue.id): venue.name for venue in simulator.city.venues},
        found=found,
        truth=simulator.truth.events,
        requests=simulator.requests.records,
        polls=provider.polls,
        told=listener.told,
        stored=[one.event for one in listener.told],
        memory=memory,
        revisits=revisits,
        ended=ended.timestamp(),
        skipped=polling.skipped.total(),
    )
