"""One run: a make-believe city behind real HTTP, the engine's own loops in front of it, and a record of all that happened."""

import asyncio
import random
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import date, datetime, timedelta
from typing import Any, Protocol
from urllib.parse import urlsplit

import msgspec

from tablewire.domain.buckets import BucketKey, DayParts
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
from tablewire.providers.calls import Request
from tablewire.providers.http import Caller, Exchange
from tablewire.providers.opentable.client import OpenTableProvider
from tablewire.providers.opentable.hours import Hours
from tablewire.providers.opentable.queries import Operation, Queries
from tablewire.providers.protocol import AvailabilityProvider, ProviderStatus, Seats, VenueLooks
from tablewire.providers.resy.client import ResyProvider
from tablewire.providers.verdict import Answered
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
USER_AGENT = "tablewire-test"


class Schedule(msgspec.Struct, frozen=True, kw_only=True):
    """What a run is made of. Times are in seconds, shares of calls from 0 to 1."""

    seed: int = 1
    venues: int = 100
    opentable_venues: int = 0
    """OpenTable's; with none it is not polled."""
    days: int = 2
    cycles: int = 200
    speed: float = 8.0
    rate: float = 20.0
    """Calls a second, to each provider."""
    interval: float = 30.0
    start: datetime = MIDDAY
    faults: tuple[Fault, ...] = ()
    in_process: bool = False
    """Without sockets: the same wire, the same adapters, but no HTTP between them."""
    sample_every: float | None = None
    """Seconds between two looks at how much of the city is covered."""
    quiet_end: int = 2
    """Cycles at the end in which the provider behaves: what memory holds then has no excuse."""
    killed_after: int | None = None
    """After so many cycles the engine is gone in the middle of what it does, and another starts on the same store."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """One poll of one date, or the part of one that the provider was asked for by itself, as seen from its door."""

    provider: str
    day: date
    began: float
    finished: float
    """What the service takes for the upper bound of all that the poll changes."""
    revisits: Mapping[tuple[int, int], float]
    """What was asked for, by party size and page: planned seconds between two looks."""


class Told(msgspec.Struct, frozen=True):
    """One event, and when clients heard of it."""

    at: float
    event: Event


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """How much of one provider's city was covered at a moment."""

    at: float
    """Seconds since the start."""
    provider: str
    pairs: int
    """(venue, party size, bucket) observed ever."""
    within_2_minutes: int
    within_10_minutes: int


class Held(msgspec.Struct, frozen=True):
    """One slot that memory holds open at the end, and its party sizes."""

    provider: str
    venue_id: str
    actual_time: str
    sizes: tuple[int, ...]
    missed_sizes: tuple[int, ...]
    """Those of them that an answer did not show which is not believed yet."""


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """All that one run left behind."""

    schedule: Schedule
    provider: str = "resy"
    """Whose part of it this is, once it is narrowed down to one provider."""
    names: Mapping[tuple[str, str], str]
    """The city's venues: name by provider and id."""
    found: Sequence[TrueSlot]
    """What was open when the city began."""
    truth: Sequence[Happening]
    requests: Sequence[RequestRecord]
    polls: Sequence[Asked]
    told: Sequence[Told]
    stored: Sequence[Event]
    pages_of: Mapping[tuple[str, str], int]
    """Which page of OpenTable's sweep a venue and a part of the day are on, where calls do not say it themselves."""
    samples: Sequence[Sample]
    memory: Sequence[Held]
    dates: Sequence[date]
    """The dates that were watched at the end."""
    ended: float
    skipped: int
    """Bucket polls that were left out since the one before was still running."""

    def of(self, provider: str) -> "Run":
        """What one of the providers has to do with."""
        return msgspec.structs.replace(
            self,
            provider=provider,
            found=[slot for slot in self.found if slot.provider == provider],
            truth=[happening for happening in self.truth if happening.provider == provider],
            requests=[record for record in self.requests if record.provider == provider],
            polls=[poll for poll in self.polls if poll.provider == provider],
            told=[told for told in self.told if told.event.provider == provider],
            stored=[event for event in self.stored if event.provider == provider],
            samples=[sample for sample in self.samples if sample.provider == provider],
            memory=[held for held in self.memory if held.provider == provider],
        )


class Polled(AvailabilityProvider, VenueLooks, Protocol):
    """A provider of ours: it can be swept, and asked for venues by name."""


class WatchedProvider:
    """A provider's own adapter, with a note of each poll."""

    def __init__(self, inner: Polled, clock: VirtualClock) -> None:
        self.polls: list[Asked] = []
        self.pages_of: dict[tuple[str, str], int] = {}
        self.plan: SweepPlan | None = None
        """The engine's plan, to be asked how often it means to come back."""
        self._inner = inner
        self._clock = clock

    @property
    def provider_id(self) -> str:
        return self._inner.provider_id

    @property
    def venues_per_call(self) -> int:
        return self._inner.venues_per_call

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
        asked = {(size, page) for size, of_size in (pages or {}).items() for page in of_size}
        self._note(snapshot, began, asked)
        return snapshot

    async def look_at(
        self,
        market: Market,
        service_date: date,
        venues: Mapping[int, tuple[str, ...]],
        *,
        until: float | None = None,
    ) -> Snapshot:
        return await self._inner.look_at(market, service_date, venues, until=until)

    def _note(self, snapshot: Snapshot, began: float, asked: Iterable[tuple[int, int]]) -> None:
        assert self.plan is not None
        day = snapshot.service_date
        for answer in snapshot.answers:
            for part in answer.time_slots or ():
                self.pages_of.update({(part, said.venue_id): answer.page for said in answer.venues})
        self.polls.append(
            Asked(
                provider=snapshot.provider,
                day=day,
                began=began,
                finished=snapshot.finished_at.timestamp(),
                revisits={
                    (size, page): self.plan.revisit(day, size, page).total_seconds() for size, page in asked
                },
            )
        )

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
        opentable_venues=schedule.opentable_venues,
        neighbourhoods=8,
        days=schedule.days + 1,
        speed=schedule.speed,
        clock=clock.now,
        latency=LATENCY,
        keep_served=True,
        requests_limit=2_000_000,
        truth_limit=5_000_000,
    )
    async with AsyncExitStack() as stack:
        if schedule.in_process:
            loop.expect_no_sockets()
            simulator = Simulator(options)
        else:
            simulator = await stack.enter_async_context(running_simulator(options))
        found = simulator.city.open_slots()
        simulator.faults.set(schedule.faults)
        world = _World(schedule, simulator, clock, MemoryStore() if store is None else store)
        try:
            discovery = await world.live()
            return await world.record(found, discovery)
        finally:
            for provider in world.providers.values():
                await provider.aclose()


class _World:
    """One city, one store, and the engines that live on it one after the other."""

    def __init__(self, schedule: Schedule, simulator: Simulator, clock: VirtualClock, store: Store) -> None:
        self._listener = _Listener(clock)
        self._schedule = schedule
        self._simulator = simulator
        self._clock = clock
        self._store = store
        self._skipped = 0
        self._samples: list[Sample] = []
        self.providers = {
            provider: WatchedProvider(inner, clock)
            for provider, inner in providers_of(
                simulator, clock, seed=schedule.seed, rate=schedule.rate, in_process=schedule.in_process
            ).items()
        }

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
        for polling in discovery.pollings:
            self.providers[polling.provider.provider_id].plan = polling.plan
        loops = {"discovery_bucket": discovery.run_cycles, "discovery_window": discovery.run_window}
        running = [
            asyncio.create_task(run(Loop(name, run, self._clock)), name=name) for name, run in loops.items()
        ]
        if self._schedule.sample_every is not None:
            running.append(asyncio.create_task(self._sample(discovery, self._schedule.sample_every)))
        try:
            yield discovery
        finally:
            for task in running:
                task.cancel()
            ended = await asyncio.gather(*running, return_exceptions=True)
            self._skipped += sum(polling.skipped.total() for polling in discovery.pollings)
        assert all(isinstance(one, asyncio.CancelledError) for one in ended), ended

    async def _sample(self, discovery: Discovery, seconds: float) -> None:
        while True:
            await self._clock.sleep(seconds)
            now = self._clock.now()
            at = (now - self._schedule.start).total_seconds()
            for provider in self.providers:
                looks = [
                    now - pair.observed_at
                    for (_, owned_by, _), owner in discovery.owners.items()
                    if owned_by == provider
                    for state in owner.states.values()
                    for of_size in state.pairs.values()
                    for pair in of_size.values()
                    if pair.observed_at is not None
                ]
                self._samples.append(
                    Sample(
                        at=at,
                        provider=provider,
                        pairs=len(looks),
                        within_2_minutes=sum(age <= timedelta(minutes=2) for age in looks),
                        within_10_minutes=sum(age <= timedelta(minutes=10) for age in looks),
                    )
                )

    def _discovery(self) -> Discovery:
        return Discovery(
            markets=[NYC],
            providers=self.providers,
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
            names=_names(simulator),
            found=found,
            truth=simulator.truth.events,
            requests=simulator.requests.records,
            polls=[poll for provider in self.providers.values() for poll in provider.polls],
            told=self._listener.told,
            stored=await self._store.after(0, 10**7, wanted=EventFilter(), types=frozenset(EVENT_TYPES)),
            pages_of={
                place: page
                for provider in self.providers.values()
                for place, page in provider.pages_of.items()
            },
            samples=self._samples,
            memory=[
                Held(
                    slot.venue.provider,
                    slot.venue.venue_id,
                    slot.actual_time,
                    slot.sizes,
                    slot.missed_sizes,
                )
                for slot in open_slots
            ],
            dates=sorted({owner.day for owner in discovery.owners.values()}),
            ended=ended.timestamp(),
            skipped=self._skipped,
        )


def providers_of(
    simulator: Simulator, clock: VirtualClock, *, seed: int, rate: float, in_process: bool = True
) -> dict[str, Polled]:
    """The adapters for a city: Resy's, and OpenTable's where it has restaurants."""
    seats = Seats(8)
    base_url = simulator.base_url or "http://city.invalid"

    def caller(provider: str) -> Caller:
        dice = random.Random(f"{seed} {provider}")
        return Caller(
            provider,
            seats=seats,
            rate=rate,
            timeout=12.0,
            user_agent=USER_AGENT,
            now=clock.now,
            jitter=lambda longest: dice.uniform(0.0, longest),
            exchange=_through(simulator) if in_process else None,
        )

    providers: dict[str, Polled] = {
        "resy": ResyProvider(base_url=base_url, api_key="any", auth_token=None, caller=caller("resy"))
    }
    if simulator.options.opentable_venues:
        hashes: Mapping[Operation, str] = {
            "MultiSearchResults": "0" * 64,
            "RestaurantsAvailability": "1" * 64,
        }
        queries = Queries(base_url=base_url, hashes=hashes, caller=caller("opentable"))
        providers["opentable"] = OpenTableProvider(queries, day_parts=DayParts(), hours=Hours())
    return providers


def _through(simulator: Simulator) -> Exchange:
    """Calls that go to the city without sockets."""

    async def exchange(request: Request) -> Answered:
        parts = urlsplit(request.url)
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        headers = {**request.headers, "User-Agent": USER_AGENT}
        reply = await simulator.exchange(request.method, path, headers, request.body)
        return Answered(
            status=reply.status,
            content_type=reply.content_type,
            retry_after=reply.retry_after,
            body=reply.body,
        )

    return exchange


def _names(simulator: Simulator) -> dict[tuple[str, str], str]:
    city = simulator.city
    platforms = {"resy": city.by_id, "opentable": city.opentable_by_id}
    return {
        (provider, str(venue.id)): venue.name
        for provider, venues in platforms.items()
        for venue in venues.values()
    }
