"""The one place where everything comes together: a service, put together from its rooms, started and stopped."""

import asyncio
import gc
from collections.abc import Callable, Mapping
from importlib.metadata import version

from tablewire.api.routes import Route
from tablewire.engine.clock import Clock, SystemClock
from tablewire.engine.discovery import Progress
from tablewire.engine.revocations import Revocations
from tablewire.engine.supervisor import BeyondSaving, Loop, Supervisor
from tablewire.errors import StoreError
from tablewire.figures import FigureCore, Figures, figure_routes
from tablewire.insight_routes import insight_routes
from tablewire.live.audience import StreamLimits
from tablewire.live.board import Board
from tablewire.live.hub import Hub
from tablewire.live.restaurants import Restaurants
from tablewire.people import Core, People
from tablewire.people_routes import people_routes
from tablewire.providers.protocol import AvailabilityProvider
from tablewire.services.accounts import Accounts
from tablewire.settings import Settings
from tablewire.storage.protocol import Store
from tablewire.storage.store import PostgresStore
from tablewire.telemetry import LogEvent, Metrics, get_logger
from tablewire.watching import WatchCore, Watching, day_parts
from tablewire.web_app import make_application

log = get_logger("app")

VERSION = version("tablewire")

TRANSACTIONS_IN_GRACE = 0.4
"""Share of the grace that running transactions get to finish; the rest is for streams, and for closing connections."""

GC_THRESHOLDS = (20_000, 50, 100)
"""The collector's: nearly all that comes and goes here is freed by its last reference, and thousands of streams stay."""


class _Lifespan:
    """The engine lives as long as the application does; a class, since a task must not be started inside a generator."""

    def __init__(self, service: "Service") -> None:
        self._service = service

    async def __aenter__(self) -> None:
        await self._service.start()

    async def __aexit__(self, *_: object) -> None:
        await self._service.stop()


class Service:
    """One service: its rooms wired together, its engine a task of its own, its web application."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        providers: Mapping[str, AvailabilityProvider],
        metrics: Metrics,
        *,
        accounts: Accounts | None = None,
        clock: Clock | None = None,
        progress: Callable[[Progress], None] = lambda _: None,
    ) -> None:
        self.metrics = metrics
        self.failure: BaseException | None = None
        """Why the engine is beyond saving, if it is."""
        self._settings = settings
        self._store = store
        self._accounts = accounts
        self._providers = dict(providers)
        self._clock = clock or SystemClock()
        self.supervisor = Supervisor(self._clock, self._count_restart)
        self.board = Board(day_parts(settings))
        self.hub = Hub(store, limits=_stream_limits(settings))
        self.restaurants = Restaurants()
        self.figures = self._make_figures()
        self.watching = self._make_watching(progress)
        self.discovery, self.health = self.watching.discovery, self.watching.health
        self.watching.supervise(self.supervisor)
        if accounts is not None and settings.http.auth == "token":
            self.supervisor.add("revocations", Revocations(accounts, self.hub, self._clock).run)
        self.people = self.watching.audience.people = self._make_people()
        if self.people is not None:
            self.people.supervise(self.supervisor)
        if self.figures is not None:
            self.figures.supervise(self.supervisor)
        self.application = make_application(
            self.watching, accounts, self._more_routes(), lambda _: _Lifespan(self)
        )
        self._engine: asyncio.Task[None] | None = None
        self._stopped = False
        self._given_up = False

    @property
    def engine(self) -> "asyncio.Task[None]":
        """The task of the engine; it ends only where the service has to. Raises RuntimeError before the start."""
        if self._engine is None:
            raise RuntimeError("the service has not been started")
        return self._engine

    async def start(self) -> None:
        """Read memory from the store, and start the engine, where that has not been done. Raises `StoreError`."""
        if self._engine is not None:
            return
        if self._accounts is not None and self._settings.http.auth == "off":
            await self._accounts.local_user()
        await self.hub.start()
        if self.people is not None:
            await self.people.start()
        if self.figures is not None:
            await self.figures.start()
        await self.discovery.load()
        # What has been loaded stays: the collector need not look at it again and again.
        gc.collect()
        gc.freeze()
        gc.set_threshold(*GC_THRESHOLDS)
        self.health.down = None
        self._engine = asyncio.create_task(self._run_engine(), name="engine")
        log.info(
            LogEvent.STARTED,
            message=f"watching {', '.join(market.id for market in self._settings.markets)}",
            version=VERSION,
            demo=self._settings.demo,
            polled=[polling.provider.provider_id for polling in self.discovery.pollings],
            newest=self.hub.newest,
        )

    async def say_goodbye(self, seconds: float) -> None:
        """Take no new streams, tell those that are open goodbye, and give them some seconds to take it."""
        self.health.down = "the service is stopping"
        self.hub.close_all("shutdown")
        deadline = self._clock.monotonic() + seconds
        await self._stop_engine()
        # Streams end one by one, and nothing else waits for the last.
        while self.hub.stats().streams and self._clock.monotonic() < deadline:  # noqa: ASYNC110 - said above
            await asyncio.sleep(0.01)

    async def stop(self) -> None:
        """Take no new calls, let running transactions finish, and give everything back, where that has not been done."""
        if self._stopped:
            return
        self._stopped = True
        await self._stop_engine()
        if not self._given_up:
            await self._save()
        if self.people is not None:
            await self.people.aclose()
        for provider in self._providers.values():
            await provider.aclose()

    async def _stop_engine(self) -> None:
        """Take no new calls; running transactions get their share of the grace, and a store that hangs is given up."""
        if self._engine is None or self._given_up:
            return
        self._engine.cancel()
        ended, _ = await asyncio.wait({self._engine}, timeout=self._transactions_share)
        if ended:
            await asyncio.gather(self._engine, return_exceptions=True)
            return
        self._given_up = True
        message = (
            f"the store has not answered for {self._transactions_share:.1f} s: its transactions are given up"
        )
        log.warning(LogEvent.STORE_AWAY, message=message)

    async def _save(self) -> None:
        try:
            async with asyncio.timeout(self._transactions_share):
                await self.discovery.save()
                if self.figures is not None:
                    await self.figures.save()
        except (StoreError, TimeoutError) as error:
            log.warning(LogEvent.STORE_AWAY, message=f"the last observations were not stored: {error}")

    @property
    def _transactions_share(self) -> float:
        return TRANSACTIONS_IN_GRACE * self._settings.http.shutdown_grace.total_seconds()

    async def _run_engine(self) -> None:
        try:
            await self.supervisor.run()
        except BeyondSaving as lost:
            self.failure = lost
            self.health.down = str(lost)
            log.critical(LogEvent.LOOP_GIVEN_UP, message=str(lost))

    def _make_figures(self) -> Figures | None:
        """What is figured, where the store keeps figures; the one in memory keeps none."""
        if not isinstance(self._store, PostgresStore):
            return None
        return Figures(
            FigureCore(
                settings=self._settings,
                store=self._store,
                clock=self._clock,
                board=self.board,
                restaurants=self.restaurants,
            )
        )

    def _make_watching(self, progress: Callable[[Progress], None]) -> Watching:
        core = WatchCore(
            version=VERSION,
            settings=self._settings,
            store=self._store,
            providers=self._providers,
            clock=self._clock,
            metrics=self.metrics,
            board=self.board,
            hub=self.hub,
            restaurants=self.restaurants,
            supervisor=self.supervisor,
        )
        if self.figures is None:
            return Watching(core, progress=progress)
        return Watching(core, observed=self.figures.observed, progress=progress)

    def _make_people(self) -> People | None:
        """The users' side, where the store has users; the one in memory has none."""
        if not isinstance(self._store, PostgresStore) or self.figures is None:
            return None
        return People(
            Core(
                settings=self._settings,
                store=self._store,
                providers=self._providers,
                clock=self._clock,
                hub=self.hub,
                board=self.board,
                restaurants=self.restaurants,
                discovery=self.discovery,
                identities=self.watching.identities,
                figures=self.figures,
                metrics=self.metrics,
                user_agent=f"tablewire/{VERSION}",
            )
        )

    def _more_routes(self) -> tuple[Route, ...]:
        if self.people is None or self.figures is None:
            return ()
        return (
            *people_routes(self.people),
            *insight_routes(self.people.core),
            *figure_routes(self.figures),
        )

    def _count_restart(self, loop: Loop) -> None:
        self.metrics.loop_restarts_total.labels(loop.name).inc()


def _stream_limits(settings: Settings) -> StreamLimits:
    live = settings.live
    return StreamLimits(streams=live.max_streams, per_client=live.max_streams_per_client)
