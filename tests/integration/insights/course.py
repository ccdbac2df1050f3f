"""A course: discovery and figures as the service wires them, on simulated time, with a store in PostgreSQL and a witness beside it."""

import random
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, date, datetime, timedelta

import msgspec

from tablewire.engine.rollups import Rollups
from tablewire.providers.calls import Request
from tablewire.providers.http import Caller
from tablewire.providers.protocol import Seats
from tablewire.providers.resy.client import ResyProvider
from tablewire.providers.verdict import Answered
from tablewire.settings import Settings
from tablewire.simulator.server import Simulator, SimulatorOptions
from tablewire.storage.store import PostgresStore
from tests.database import TestServer
from tests.integration.detection.virtual_time import VirtualClock, VirtualLoop
from tests.integration.insights.held_store import held
from tests.integration.insights.living import Living
from tests.integration.insights.witness import Witness

USER_AGENT = "tablewire-test"
SIZES = (2, 4)


class Course(msgspec.Struct, frozen=True, kw_only=True):
    """What is lived through. Hours are counted from the start."""

    seed: int
    venues: int
    days: int
    """Dates that are watched."""
    interval: int
    """Minutes between two looks."""
    lives: Sequence[tuple[float, float]]
    """From when to when a service runs; each is another process on the same store."""
    outage: tuple[float, float] | None = None
    """When the provider answers nothing but errors."""
    start: datetime
    speed: float = 1.0
    gap: int = 15
    """RESUME_GAP in minutes."""
    afterwards: float = 0.0
    """Days for which the city goes on alone, so that the truth knows how long tables lasted."""


class Still:
    """A clock that stands."""

    def __init__(self, at: datetime) -> None:
        self._at = at

    def now(self) -> datetime:
        return self._at

    def not_before(self, at: datetime) -> None:
        assert at <= self._at

    def monotonic(self) -> float:
        return 0.0

    async def sleep(self, seconds: float) -> None:
        raise AssertionError("nobody sleeps on a clock that stands")


class Lived(msgspec.Struct, kw_only=True):
    """What a course left behind; its store is open."""

    course: Course
    witness: Witness
    settings: Settings
    store: PostgresStore
    dsn: str
    now: datetime
    service: Living
    saves: list[float]
    """When the rows of buckets' days were stored."""
    calls: int

    def rollups(self) -> Rollups:
        """Roll-ups as the service has them, on a clock that stands at the end."""
        return Rollups(
            self.store.figures.rolled,
            self.settings.markets,
            self.settings.discovery.time_slots[-1],
            Still(self.now),
            after=[self.service.figures.market_rollups.after],
        )


async def live_through(
    loop: VirtualLoop,
    server: TestServer,
    course: Course,
    then: Callable[[Lived], Awaitable[None]],
) -> None:
    """Live through a course, and do something with what it left behind."""
    loop.expect_no_sockets()
    with loop.held():
        dsn = await server.create()
        store = await PostgresStore.open(dsn)
    try:
        lived = await _live(loop, course, store, dsn)
        with loop.held():
            await then(lived)
    finally:
        with loop.held():
            await store.close()
            await server.drop(dsn)


async def _live(loop: VirtualLoop, course: Course, store: PostgresStore, dsn: str) -> Lived:
    clock = VirtualClock(course.start, loop)
    simulator = _city(course, clock)
    witness = Witness(simulator.city, course.gap * 60.0)
    settings = _settings(course)
    saves: list[float] = []

    def heard(method: str) -> None:
        if method == "save_days":
            saves.append(clock.now().timestamp())

    processes = []
    for begin, end in course.lives:
        await _until(clock, course.start + timedelta(hours=begin), witness)
        provider = _provider(course, simulator, clock, witness)
        service = Living(settings, held(store, loop, heard), provider, clock)
        processes.append(service)
        async with service.at_work():
            await _until(clock, course.start + timedelta(hours=end), witness)
    now = clock.now()
    simulator.city.advance(now)
    witness.follow()
    witness.finish(now.timestamp())
    for hour in range(round(course.afterwards * 24)):
        simulator.city.advance(now + timedelta(hours=hour + 1))
        witness.follow()
    return Lived(
        course=course, witness=witness, settings=settings, store=store, dsn=dsn, now=now,
        service=processes[-1], saves=saves, calls=simulator.requests.count,
    )  # fmt: skip


async def _until(clock: VirtualClock, at: datetime, witness: Witness) -> None:
    """Let time pass, and the truth be read now and then: its log is short."""
    while clock.now() < at:
        await clock.sleep(min(3600.0, (at - clock.now()).total_seconds() + 1e-3))
        witness.city.advance(clock.now())
        witness.follow()


def _city(course: Course, clock: VirtualClock) -> Simulator:
    simulator = Simulator(
        SimulatorOptions(
            seed=course.seed,
            venues=course.venues,
            neighbourhoods=5,
            days=course.days + 1,
            speed=course.speed,
            clock=clock.now,
            requests_limit=2,
            truth_limit=20_000,
        )
    )
    if course.outage is not None:
        since, until = (course.start + timedelta(hours=hours) for hours in course.outage)
        rule = {"route": "*", "kind": "error_503", "share": 1.0, "from": since, "until": until}
        simulator.faults.set((rule,))
    return simulator


def _settings(course: Course) -> Settings:
    return Settings.load(
        {
            "TABLEWIRE_WINDOW_DAYS": str(course.days),
            "TABLEWIRE_POLL_INTERVAL": f"{course.interval}m",
            "TABLEWIRE_RESUME_GAP": f"{course.gap}m",
            "TABLEWIRE_RESY_BASE_URL": "http://city.invalid",
        }
    )


def _provider(course: Course, simulator: Simulator, clock: VirtualClock, witness: Witness) -> ResyProvider:
    dice = random.Random(course.seed)

    async def exchange(request: Request) -> Answered:
        path = request.url.removeprefix("http://city.invalid")
        headers = {**request.headers, "User-Agent": USER_AGENT}
        reply = await simulator.exchange(request.method, path, headers, request.body)
        record = simulator.requests.records[-1]
        if record.status == 200 and record.fault is None and record.day and record.party_size:
            assert record.finished is not None
            witness.look(record.finished, date.fromisoformat(record.day), record.party_size)
        return Answered(
            status=reply.status,
            content_type=reply.content_type,
            retry_after=reply.retry_after,
            body=reply.body,
        )

    caller = Caller(
        "resy",
        seats=Seats(8),
        rate=20.0,
        timeout=12.0,
        user_agent=USER_AGENT,
        now=clock.now,
        jitter=lambda longest: dice.uniform(0.0, longest),
        exchange=exchange,
    )
    return ResyProvider(base_url="http://city.invalid", api_key="any", auth_token=None, caller=caller)


def local_midnight(year: int, month: int, day: int) -> datetime:
    """Midnight in New York in winter."""
    return datetime(year, month, day, 5, tzinfo=UTC)
