"""Discovery and figures of one process, wired as the service wires them."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from tablewire.domain.buckets import BucketKey
from tablewire.domain.events import Event
from tablewire.domain.state import BucketState
from tablewire.engine.discovery import Discovery
from tablewire.engine.supervisor import Supervisor
from tablewire.figures import FigureCore, Figures
from tablewire.live.board import Board
from tablewire.live.restaurants import Restaurants
from tablewire.providers.resy.client import ResyProvider
from tablewire.settings import Settings
from tablewire.telemetry import Metrics
from tablewire.watching import day_parts, poll_settings, rules_of
from tests.integration.detection.virtual_time import VirtualClock


class _Shown:
    """Puts what is remembered on the board; nobody listens."""

    def __init__(self, board: Board) -> None:
        self._board = board

    async def publish(self, events: Sequence[Event]) -> None:
        """To nobody."""

    def remembered(self, state: BucketState) -> None:
        self._board.put(state)

    def forgotten(self, key: BucketKey, provider: str) -> None:
        self._board.remove(key, provider)


class Living:
    """Discovery and figures of one process."""

    def __init__(self, settings: Settings, store: Any, provider: ResyProvider, clock: VirtualClock) -> None:
        self.board = Board(day_parts(settings))
        self.figures = Figures(
            FigureCore(
                settings=settings, store=store, clock=clock, board=self.board, restaurants=Restaurants()
            )
        )
        self._discovery = Discovery(
            markets=settings.markets,
            providers={"resy": provider},
            rules={market.id: rules_of(settings, market) for market in settings.markets},
            window_days=settings.discovery.window_days,
            settings=poll_settings(settings),
            store=store,
            audience=_Shown(self.board),
            clock=clock,
            metrics=Metrics(version="0", demo=False),
            on_stored=lambda _: None,
            on_progress=lambda _: None,
            on_observed=self.figures.observed,
        )
        self.supervisor = Supervisor(clock)
        self.supervisor.add("discovery_bucket", self._discovery.run_cycles)
        self.supervisor.add("discovery_window", self._discovery.run_window)
        # Not retention, which keeps more than a year and turns every second.
        self.supervisor.add("observed_time", self.figures.observing.run)
        self.supervisor.add("rollups", self.figures.rollups.run)

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        """It runs in the block, and saves what it has at the end."""
        await self.figures.start()
        await self._discovery.load()
        engine = asyncio.create_task(self.supervisor.run(), name="engine")
        try:
            yield
        finally:
            engine.cancel()
            (ended,) = await asyncio.gather(engine, return_exceptions=True)
            assert isinstance(ended, asyncio.CancelledError), ended
        await self._discovery.save()
        await self.figures.save()
        assert not any(loop.restarts for loop in self.supervisor.loops), [
            loop.last_error for loop in self.supervisor.loops
        ]
