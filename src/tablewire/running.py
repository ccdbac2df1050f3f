"""Running the service: opens the database and the providers, serves, and closes them again."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import Protocol

from tablewire.allocator import give_back_large_blocks
from tablewire.app import VERSION, Service
from tablewire.engine.clock import SystemClock
from tablewire.engine.discovery import Progress
from tablewire.errors import StoreUnavailable
from tablewire.providers.opentable.client import OpenTableProvider
from tablewire.providers.opentable.hours import Hours
from tablewire.providers.opentable.queries import AVAILABILITY, SEARCH, Operation, Queries
from tablewire.providers.opentable.search import OpenTableSearch
from tablewire.providers.protocol import AvailabilityProvider, Seats
from tablewire.providers.recording import Recorder
from tablewire.providers.registry import Kit, Registry
from tablewire.providers.resy.client import ResyProvider
from tablewire.recording import recording
from tablewire.services.accounts import Accounts
from tablewire.serving import serve, stop_signals
from tablewire.settings import Settings
from tablewire.storage import migrate
from tablewire.storage.embedded import EmbeddedPostgres
from tablewire.storage.store import PostgresStore
from tablewire.telemetry import LogEvent, Metrics, get_logger
from tablewire.terminal import BuildProgress
from tablewire.watching import day_parts

log = get_logger("running")

PATIENCE = 30.0
"""Seconds that a database gets to answer at the start."""

Say = Callable[[str], None]


@asynccontextmanager
async def database(settings: Settings) -> AsyncIterator[str]:
    """The URL of the database to use: the operator's, or an embedded one for as long as the block lasts.

    The demo always has a database of its own. Raises `StoreUnavailable`.
    """
    if settings.database.url is not None and not settings.demo:
        yield settings.database.url.reveal()
        return
    embedded = EmbeddedPostgres(settings.database.data_dir, database=settings.database_name)
    dsn = await embedded.start()
    try:
        yield dsn
    finally:
        await embedded.stop()


async def run(
    settings: Settings, *, progress: BuildProgress, migrate_first: bool = True, say: Say = lambda _: None
) -> int:
    """Run the service until it is told to stop; answers the exit code. Raises `TablewireError` and OSError at the start."""
    give_back_large_blocks()
    log.info(LogEvent.STARTING, message=f"tablewire {VERSION}", version=VERSION, demo=settings.demo)
    metrics = Metrics(version=VERSION, demo=settings.demo)
    clock = SystemClock()
    with stop_signals() as stop:
        async with database(settings) as dsn:
            if migrate_first:
                await _when_it_answers(lambda: migrate.upgrade(dsn), stop)
            if stop.is_set():
                return 0
            store = await PostgresStore.open(dsn)
            try:
                await store.ping()
                async with recording(settings, clock.now) as recorder:
                    providers = make_providers(settings, clock, metrics, recorder)
                    service = Service(
                        settings,
                        store,
                        providers,
                        metrics,
                        accounts=Accounts(
                            store.people.accounts, clock.now, home_zone=settings.markets[0].time_zone
                        ),
                        clock=clock,
                        progress=_shown(progress),
                    )
                    return await serve(
                        settings, service, stop, lambda address: _announce(settings, address, say)
                    )
            finally:
                progress.close()
                await store.close()


class City(Protocol):
    """A make-believe city that answers as a provider."""

    base_url: str


async def run_demo(
    city: AbstractAsyncContextManager[City],
    settings_for: Callable[[str], Settings],
    *,
    progress: BuildProgress,
    say: Say,
) -> int:
    """Run a make-believe city, and the service pointed at it."""
    async with city as running:
        return await run(settings_for(running.base_url), progress=progress, say=say)


async def migrated(settings: Settings) -> tuple[str | None, str]:
    """Bring the database up to date; answers its revision before and after. Raises `StoreError`."""
    async with database(settings) as dsn:
        before = await migrate.current(dsn)
        await migrate.upgrade(dsn)
        return before, migrate.head()


def make_providers(
    settings: Settings, clock: SystemClock, metrics: Metrics, recorder: Recorder | None = None
) -> Mapping[str, AvailabilityProvider]:
    """The enabled providers, polled or not, their exchanges kept where there is a recorder.

    Raises `RegistryError` where one is unknown.
    """

    def observe(provider: str, kind: str, seconds: float) -> None:
        metrics.calls_total.labels(provider).inc()
        metrics.call_seconds.labels(provider).observe(seconds)
        if kind != "ok":
            metrics.errors_total.labels(provider, kind).inc()

    kit = Kit(
        seats=Seats(settings.discovery.poll_concurrency),
        call_timeout=settings.discovery.call_timeout.total_seconds(),
        user_agent=settings.providers.user_agent.replace("<version>", VERSION),
        environ=os.environ,
        now=clock.now,
        observe=observe,
        wrap=recorder.wrap if recorder is not None else lambda _provider: None,
        opted_out=settings.opt_out,
    )
    registry = Registry()
    registry.register("resy", lambda of: _resy(settings, of))
    registry.register("opentable", lambda of: _opentable(settings, of))
    registry.register_installed()
    return registry.make(settings.providers.enabled, kit)


def _resy(settings: Settings, kit: Kit) -> ResyProvider:
    secret, token = settings.resy.api_key, settings.resy.auth_token
    return ResyProvider(
        base_url=settings.resy.base_url,
        api_key=secret.reveal() if secret else None,
        auth_token=token.reveal() if token else None,
        caller=kit.caller("resy", rate=settings.resy.rate),
        home=settings.markets[0],
        opted_out=kit.opted_out("resy"),
    )


def _opentable(settings: Settings, kit: Kit) -> OpenTableProvider | OpenTableSearch:
    found = settings.opentable
    hashes: dict[Operation, str | None] = {SEARCH: found.search_hash, AVAILABILITY: found.availability_hash}
    caller = kit.caller("opentable", rate=found.rate)
    queries = Queries(base_url=found.base_url, hashes=hashes, caller=caller)
    opted_out = kit.opted_out("opentable")
    home, parts = settings.markets[0], day_parts(settings)
    if found.slots == "search":
        return OpenTableSearch(queries, day_parts=parts, home=home, opted_out=opted_out)
    return OpenTableProvider(
        queries, day_parts=parts, hours=Hours(*found.hours), home=home, opted_out=opted_out
    )


async def _when_it_answers(work: Callable[[], Awaitable[None]], stop: asyncio.Event) -> None:
    """Do what needs the database, again while it does not answer yet and nobody says stop.

    Raises `StoreUnavailable` when patience ends.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + PATIENCE
    pause = 0.2
    while not stop.is_set():
        try:
            await work()
            return
        except StoreUnavailable:
            if loop.time() + pause > deadline:
                raise
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), pause)
        pause = min(2.0, pause * 2)


def _shown(progress: BuildProgress) -> Callable[[Progress], None]:
    return lambda now: progress.show(now.built, now.total)


def _announce(settings: Settings, address: str, say: Say) -> None:
    if settings.demo:
        say("This is the demo: a make-believe city, nothing in it is real.")
    elif not settings.polled:
        say(
            "No provider is polled: set TABLEWIRE_RESY_API_KEY or the hashes of OpenTable, or run `tablewire demo`."
        )
    say(f"Tablewire listens at {address}")
    say(f"  the live feed:  curl -N {address}/feed/stream")
    say(f"  its health:     {address}/discovery/health")
    say(f"  the API:        {address}/docs")
    if settings.http.auth == "token":
        say("  who may ask:    users with a token; `tablewire users add NAME` makes one")
