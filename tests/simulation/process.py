"""One process of the service: the engine, the adapters and the live room, wired as in earnest, from its start to its end."""

import asyncio
import random
from collections.abc import Mapping
from contextlib import suppress
from datetime import time, timedelta
from types import SimpleNamespace
from typing import Any, cast

from tablewire.api.feed.stream import LiveStream
from tablewire.api.rooms import Rooms
from tablewire.domain.buckets import DayParts
from tablewire.domain.markets import NYC
from tablewire.domain.rules import Rules
from tablewire.domain.wanted import WantedVenue
from tablewire.engine.discovery import Discovery
from tablewire.engine.polling import PollSettings
from tablewire.engine.supervisor import Loop, Supervisor
from tablewire.errors import StoreError
from tablewire.live.board import Board
from tablewire.live.feed import Feed
from tablewire.live.hub import Hub
from tablewire.providers.http import Caller
from tablewire.providers.opentable.client import OpenTableProvider
from tablewire.providers.opentable.hours import Hours
from tablewire.providers.opentable.queries import Queries
from tablewire.providers.protocol import AvailabilityProvider, Seats
from tablewire.providers.resy.client import ResyProvider
from tablewire.storage.protocol import Store
from tablewire.telemetry import Metrics
from tablewire.watching import LiveAudience
from tests.simulation.audience import WatchedAudience
from tests.simulation.clocks import Machine, ProcessClock
from tests.simulation.ended import Ended
from tests.simulation.loop import Life, SimLoop, context_of
from tests.simulation.records import Start, Story
from tests.simulation.scenario import Scenario
from tests.simulation.store import Connection, Database
from tests.simulation.wire import USER_AGENT, Wire

METRICS = Metrics(version="0", demo=False)
"""Nobody reads them here, and making them anew would take longer than many a scenario."""
_BASE_URL = "http://city.invalid"
_SECONDS_TO_STOP = 60.0
_HOURS = Hours(time(12), time(22))
"""Wherever the edge between the parts of the day is, one call reaches over each of them."""


class Process:
    """One process, from its start to its end."""

    def __init__(
        self,
        start: Start,
        *,
        loop: SimLoop,
        scenario: Scenario,
        machine: Machine,
        database: Database,
        wire: Wire,
        story: Story,
        dice: random.Random,
    ) -> None:
        self.start = start
        self.number = start.number
        self.ready = False
        """Whether it serves clients."""
        self.ended = loop.create_future()
        self.life = Life(f"process {start.number}", self._end)
        self.clock = ProcessClock(machine, loop)
        self.database = database
        self.story = story
        self._loop = loop
        self._scenario = scenario
        self._wire = wire
        self._dice = dice
        self._connections: set[Ended] = set()
        self._store = cast("Store", Connection(self.number, database, scenario, self.life))
        parts = DayParts(start.settings.time_slots, (start.settings.edge,))
        self._board = Board(parts)
        self._hub = Hub(self._store, clock=loop.time, chance=dice.random)
        self.supervisor = Supervisor(self.clock)
        self.discovery = self._discover(parts)
        self._stream = LiveStream(self._rooms())
        self._supervise()
        self._main: asyncio.Task[None] | None = None

    def run(self) -> None:
        """Start it."""
        context = context_of(self.life)
        self._main = self._loop.create_task(self._run(), name=self.life.name, context=context)

    async def stop(self) -> None:
        """End it in good order, or as good as it gets within its grace."""
        stopping = self._loop.create_task(self._stop(), name="stop", context=context_of(self.life))
        await asyncio.wait({stopping, self.ended}, return_when=asyncio.FIRST_COMPLETED)
        self.life.die()

    def serve(self, scope: Mapping[str, Any], receive: Any, send: Any, closed: Ended) -> None:
        """Serve a client's stream; `closed` is called when it is over, however that comes."""
        self._connections.add(closed)
        handling = self._loop.create_task(
            self._serve(scope, receive, send, closed), name="stream", context=context_of(self.life)
        )
        del handling  # kept by the life it belongs to

    # --- its life

    def _end(self) -> None:
        self.ready = False
        self.story.deaths.append((self.database.machine.seconds(), self.number))
        connections, self._connections = self._connections, set()
        for closed in sorted(connections, key=lambda one: one.number):
            closed()
        if not self.ended.done():
            self.ended.set_result(None)

    async def _run(self) -> None:
        try:
            await self._hub.start()
            await self.discovery.load()
        except StoreError:
            self.life.die()
            return
        self.ready = True
        self.story.serving.append(self.number)
        await self.supervisor.run()

    async def _stop(self) -> None:
        self.ready = False
        self._hub.close_all()
        if self._main is not None:
            self._main.cancel()
            await asyncio.wait({self._main}, timeout=_SECONDS_TO_STOP)
        with suppress(StoreError, TimeoutError):
            async with asyncio.timeout(_SECONDS_TO_STOP):
                await self.discovery.save()

    async def _serve(self, scope: Mapping[str, Any], receive: Any, send: Any, closed: Ended) -> None:
        try:
            await self._stream(cast("Any", scope), receive, send)
        except StoreError:
            """The answer would be 503; the client comes back."""
        except Exception as error:  # noqa: BLE001 - the server would log it and go on
            self.story.wrong.append(f"a stream failed: {type(error).__name__}: {error}")
        finally:
            if not self.life.ghost:
                self._connections.discard(closed)
                closed()

    # --- its wiring

    def _supervise(self) -> None:
        self.supervisor.add("discovery_bucket", self.discovery.run_cycles)
        self.supervisor.add("discovery_window", self.discovery.run_window)
        self.supervisor.add("live", self._run_hub)

    async def _run_hub(self, loop: Loop) -> None:
        """What `Hub.run` does each second, now and then: a second is a long time here."""
        pause = max(1.0, self._scenario.interval / 3)
        while True:
            loop.beat()
            await self.clock.sleep(pause)
            await self._hub.tick()
            with suppress(StoreError):
                await self._hub.catch_up()

    def _discover(self, parts: DayParts) -> Discovery:
        settings = self.start.settings
        venues = list(self._wire.venues)
        return Discovery(
            markets=[NYC],
            providers=self._providers(parts),
            rules={NYC.id: Rules(zone=NYC.zone, parts=parts)},
            window_days=self._scenario.days,
            settings=PollSettings(
                interval=timedelta(seconds=self._scenario.interval),
                bucket_timeout=timedelta(seconds=25),
                pages_per_cycle=3,
                party_sizes=settings.sizes,
                resume_gap=timedelta(minutes=10),
                sources=("the city",),
                opted_out=self.start.opted_out,
                sweep=self._scenario.sweep,
                wanted=tuple(
                    WantedVenue(provider="resy", venue_id=venues[place]) for place in self._scenario.wanted
                ),
            ),
            store=self._store,
            audience=WatchedAudience(
                self.life, self.database, self.story, LiveAudience(self._board, self._hub, METRICS)
            ),
            clock=self.clock,
            metrics=METRICS,
            on_stored=lambda _: None,
            on_progress=lambda _: None,
        )

    def _providers(self, parts: DayParts) -> dict[str, AvailabilityProvider]:
        seats = Seats(8)
        out = {
            provider: frozenset(venue for of, venue in self.start.opted_out if of == provider)
            for provider in ("resy", "opentable")
        }
        resy = ResyProvider(
            base_url=_BASE_URL,
            api_key="any",
            auth_token=None,
            caller=self._caller("resy", seats),
            opted_out=out["resy"],
        )
        if not self._scenario.opentable_venues:
            return {"resy": resy}
        queries = Queries(
            base_url=_BASE_URL,
            hashes={"MultiSearchResults": "0" * 64, "RestaurantsAvailability": "1" * 64},
            caller=self._caller("opentable", seats),
        )
        opentable = OpenTableProvider(queries, day_parts=parts, hours=_HOURS, opted_out=out["opentable"])
        return {"resy": resy, "opentable": opentable}

    def _caller(self, provider: str, seats: Seats) -> Caller:
        return Caller(
            provider,
            seats=seats,
            rate=self._scenario.rate,
            timeout=12.0,
            user_agent=USER_AGENT,
            now=self.clock.now,
            jitter=lambda longest: self._dice.uniform(0.0, longest),
            exchange=self._wire.of(self.number, self.start.settings.edge, self.clock, self.life),
        )

    def _rooms(self) -> Rooms:
        """As much of what stands behind the HTTP room as a stream asks for."""
        rooms = SimpleNamespace(
            hub=self._hub,
            feed=Feed(self._hub),
            restaurants=SimpleNamespace(widened=lambda wanted: wanted),
            health=SimpleNamespace(next_scan_at=lambda: None),
            options=SimpleNamespace(demo=False),
        )
        return cast("Rooms", rooms)
