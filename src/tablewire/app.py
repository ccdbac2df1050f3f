"""The one place that wires everything: settings, then rooms, then the web application over them."""

import asyncio
import gc
import os
import socket
from collections.abc import Callable, Mapping, Sequence
from datetime import time
from importlib.metadata import version

import uvicorn
from litestar import Litestar

from tablewire.api.addresses import Addresses
from tablewire.api.gate import Gate, LocalGate
from tablewire.api.rooms import HttpOptions, Rooms, local_gate
from tablewire.api.router import create_app
from tablewire.api.routes import Route
from tablewire.api.token_gate import TokenGate
from tablewire.api.wire import WireProtocol
from tablewire.domain.buckets import BucketKey, DayParts
from tablewire.domain.events import Event
from tablewire.domain.markets import Market
from tablewire.domain.rules import Rules
from tablewire.domain.snapshots import Outcome
from tablewire.domain.state import BucketState
from tablewire.engine.ask import LiveAsking
from tablewire.engine.clock import Clock, SystemClock
from tablewire.engine.discovery import Discovery, Progress
from tablewire.engine.health import About, EngineHealth
from tablewire.engine.identities import Identities
from tablewire.engine.owner import Stored
from tablewire.engine.polling import PollSettings
from tablewire.engine.revocations import Revocations
from tablewire.engine.supervisor import BeyondSaving, Loop, Supervisor, beating
from tablewire.engine.upkeep import Upkeep
from tablewire.errors import StoreError
from tablewire.figures import FigureCore, Figures, figure_routes
from tablewire.insight_routes import insight_routes
from tablewire.live.audience import StreamLimits
from tablewire.live.board import Board
from tablewire.live.feed import Feed
from tablewire.live.hub import Hub, Scan
from tablewire.live.restaurants import Restaurants
from tablewire.live.views import Views
from tablewire.people import Core, People
from tablewire.people_routes import people_routes
from tablewire.providers.protocol import AvailabilityProvider
from tablewire.services.accounts import Accounts
from tablewire.settings import Settings
from tablewire.storage.protocol import Store
from tablewire.storage.store import PostgresStore
from tablewire.telemetry import LogEvent, Metrics, get_logger

log = get_logger("app")

VERSION = version("tablewire")

TRANSACTIONS_IN_GRACE = 0.4
"""Share of the grace that running transactions get to finish; the rest is for streams, and for closing connections."""

GC_THRESHOLDS = (20_000, 50, 100)
"""The collector's: nearly all that comes and goes here is freed by its last reference, and thousands of streams stay."""


class LiveAudience:
    """Hands what has been stored to the board and to the hub."""

    def __init__(self, board: Board, hub: Hub, metrics: Metrics) -> None:
        self.people: People | None = None
        """Who matches events with what users wish, where there are users."""
        self._board = board
        self._hub = hub
        self._metrics = metrics

    async def publish(self, events: Sequence[Event]) -> None:
        """Announce stored events to every stream that wants them, and to those who match them."""
        if not events:
            return
        if self.people is not None:
            self.people.committed(events)
        with self._metrics.commit_to_stream_seconds.time():
            await self._hub.publish(events)
        if self.people is not None:
            self.people.announced()

    def remembered(self, state: BucketState) -> None:
        """Show a bucket's new state."""
        place = self._board.get(state.key, state.provider)
        if place is not None and place.state is state:
            self._board.touched(state)
        else:
            self._board.put(state)

    def forgotten(self, key: BucketKey, provider: str) -> None:
        """Show a bucket no more."""
        self._board.remove(key, provider)


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
        self._progress = progress
        parts = day_parts(settings)
        limits = StreamLimits(
            streams=settings.live.max_streams, per_client=settings.live.max_streams_per_client
        )
        self.board = Board(parts)
        self.hub = Hub(store, limits=limits)
        self.restaurants = Restaurants()
        self.identities = Identities(store, self.restaurants, self._clock)
        self.supervisor = Supervisor(self._clock, self._count_restart)
        audience = LiveAudience(self.board, self.hub, metrics)
        self.figures = self._make_figures()
        self.discovery = Discovery(
            markets=settings.markets,
            providers=self._providers,
            rules={market.id: rules_of(settings, market) for market in settings.markets},
            window_days=settings.discovery.window_days,
            settings=poll_settings(settings),
            store=store,
            audience=audience,
            clock=self._clock,
            metrics=metrics,
            on_stored=self._tell_scan,
            on_progress=self._show_progress,
            on_learned=self.identities.see,
            on_observed=(lambda _: None) if self.figures is None else self.figures.observed,
        )
        process = f"{socket.gethostname()}:{os.getpid()}"
        self.health = EngineHealth(
            About(
                version=VERSION,
                demo=settings.demo,
                process=process,
                interval=settings.discovery.poll_interval,
            ),
            discovery=self.discovery,
            supervisor=self.supervisor,
            providers=self._providers,
            parts=parts,
            hub=self.hub,
            store=store,
            clock=self._clock,
        )
        upkeep = Upkeep(
            process=process,
            discovery=self.discovery,
            supervisor=self.supervisor,
            hub=self.hub,
            store=store,
            clock=self._clock,
            metrics=metrics,
        )
        self.supervisor.add("discovery_bucket", self.discovery.run_cycles)
        self.supervisor.add("discovery_window", self.discovery.run_window)
        self.supervisor.add("venue_identities", self.identities.run)
        self.supervisor.add("live", self._run_hub)
        self.supervisor.add("metrics", upkeep.run)
        if accounts is not None and settings.http.auth == "token":
            self.supervisor.add("revocations", Revocations(accounts, self.hub, self._clock).run)
        self.people = audience.people = self._make_people()
        if self.people is not None:
            self.people.supervise(self.supervisor)
        if self.figures is not None:
            self.figures.supervise(self.supervisor)
        self.application = self._make_application()
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

    def server_config(self, grace: float) -> uvicorn.Config:
        """How uvicorn serves the application; `grace` in seconds is what open answers get at the end."""
        http = self._settings.http
        return uvicorn.Config(
            self.application,
            host=http.host,
            port=http.port,
            http=WireProtocol,
            ws="none",
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            # The gate reads what proxies say, and believes only those of TRUSTED_PROXIES.
            proxy_headers=False,
            date_header=False,
            backlog=4096,
            timeout_graceful_shutdown=max(1, round(grace)),
        )

    async def _run_engine(self) -> None:
        try:
            await self.supervisor.run()
        except BeyondSaving as lost:
            self.failure = lost
            self.health.down = str(lost)
            log.critical(LogEvent.LOOP_GIVEN_UP, message=str(lost))

    async def _run_hub(self, loop: Loop) -> None:
        await beating(loop, self.hub.run)

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
                identities=self.identities,
                figures=self.figures,
                user_agent=f"tablewire/{VERSION}",
            )
        )

    def _make_application(self) -> Litestar:
        settings = self._settings
        return create_app(
            Rooms(
                hub=self.hub,
                feed=Feed(self.hub),
                views=Views(self.board, self._clock.now),
                venues=self._store,
                restaurants=self.restaurants,
                health=self.health,
                polling=LiveAsking(self.discovery),
                metrics=self.metrics,
                markets=settings.markets,
                window_days=settings.discovery.window_days,
                accounts=self._accounts,
                more_routes=self._more_routes(),
                gate=make_gate(settings, self._accounts),
                options=HttpOptions(
                    version=VERSION,
                    demo=settings.demo,
                    local_only=settings.http.auth == "off",
                    cors_origins=settings.http.cors_origins,
                ),
            ),
            lifespan=[lambda _: _Lifespan(self)],
        )

    def _more_routes(self) -> tuple[Route, ...]:
        if self.people is None or self.figures is None:
            return ()
        return (
            *people_routes(self.people),
            *insight_routes(self.people.core),
            *figure_routes(self.figures),
        )

    def _tell_scan(self, stored: Stored) -> None:
        self.health.count(stored)
        if self.people is not None and stored.untold:
            self.people.gained(stored.untold)
        self.hub.announce_scan(
            Scan(
                market=stored.key.market,
                bucket_id=stored.key.bucket_id,
                provider=stored.provider,
                outcome=(stored.outcome or Outcome.OK).value,
                scanned_at=stored.scanned_at,
                drops=stored.drops,
                reopened=stored.reopened,
                closed=sum(stored.closed.values()),
            )
        )

    def _show_progress(self, progress: Progress) -> None:
        log.info(
            LogEvent.BASELINE_PROGRESS,
            message=f"{progress.built} of {progress.total} buckets have their baseline",
            built=progress.built,
            total=progress.total,
        )
        self._progress(progress)

    def _count_restart(self, loop: Loop) -> None:
        self.metrics.loop_restarts_total.labels(loop.name).inc()


def make_gate(settings: Settings, accounts: Accounts | None) -> Gate:
    """The gate that AUTH asks for. Raises ValueError where it asks for users, and there is no store of them."""
    http = settings.http
    addresses = Addresses(http.trusted_proxies)
    if http.auth == "off":
        return local_gate() if accounts is None else LocalGate(accounts.local_user, addresses)
    if accounts is None:
        raise ValueError("AUTH=token needs a store of users")
    return TokenGate(
        accounts, per_second=http.requests_per_second, addresses=addresses, public_url=http.public_url
    )


def day_parts(settings: Settings) -> DayParts:
    """How a day is split."""
    edges = tuple(time.fromisoformat(edge) for edge in settings.discovery.time_slot_edges)
    return DayParts(settings.discovery.time_slots, edges)


def rules_of(settings: Settings, market: Market) -> Rules:
    """The rules of discovery in one market."""
    wanted = settings.discovery
    return Rules(
        zone=market.zone,
        parts=day_parts(settings),
        resume_gap=wanted.resume_gap,
        drop_cooldown=wanted.drop_cooldown,
        expiry_lead=wanted.expiry_lead,
        baseline_polls=wanted.baseline_polls,
    )


def poll_settings(settings: Settings) -> PollSettings:
    """How markets are polled."""
    wanted = settings.discovery
    return PollSettings(
        interval=wanted.poll_interval,
        bucket_timeout=wanted.bucket_timeout,
        pages_per_cycle=wanted.pages_per_cycle,
        party_sizes=wanted.party_sizes,
        resume_gap=wanted.resume_gap,
        sources=(f"resy {settings.resy.base_url}", f"opentable {settings.opentable.base_url}"),
        opted_out=settings.opt_out,
        sweep=wanted.sweep,
        wanted=settings.wanted,
    )
