"""Wires what is figured: observed time, roll-ups, figures and forecasts, with their loops and addresses."""

from collections.abc import Callable, Iterable

import msgspec

from tablewire.api.figures.forecasts import routes as forecast_routes
from tablewire.api.figures.rankings import KnownNames
from tablewire.api.figures.rankings import routes as ranking_routes
from tablewire.api.figures.refresh import routes as refresh_routes
from tablewire.api.figures.venue import routes as venue_routes
from tablewire.api.pictures.controller import routes as picture_routes
from tablewire.api.retention.controller import routes as retention_routes
from tablewire.api.routes import Route
from tablewire.domain.markets import Market
from tablewire.domain.state import Change
from tablewire.engine.clock import Clock
from tablewire.engine.forecasting import Forecasting
from tablewire.engine.market_rollups import MarketRollups
from tablewire.engine.observing import Observing
from tablewire.engine.retention import Ages, Retention
from tablewire.engine.rollups import RolledUp, Rollups
from tablewire.engine.scarcities import Scarcities
from tablewire.engine.supervisor import Supervisor
from tablewire.live.board import Board
from tablewire.live.fill import BoardFill
from tablewire.live.restaurants import Restaurants
from tablewire.live.stays import BoardStays
from tablewire.pictures.artist import Artist
from tablewire.services.forecasts import Forecasts
from tablewire.services.pictures import Pictures
from tablewire.services.venue_figures import VenueFigureService, VenueWindows
from tablewire.settings import Settings
from tablewire.storage.figure_door import LogView, Remembered
from tablewire.storage.store import PostgresStore


class FigureCore(msgspec.Struct, frozen=True, kw_only=True):
    """What of the service all of this stands on."""

    settings: Settings
    store: PostgresStore
    clock: Clock
    board: Board
    restaurants: Restaurants


class Figures:
    """All that is figured: its loops beside discovery's, and its addresses."""

    def __init__(self, core: FigureCore) -> None:
        self.core = core
        self.on_emptied: list[Callable[[], None]] = []
        """Who else remembers something of what was stored."""
        store, clock, markets = core.store.figures, core.clock, core.settings.markets
        self.observing = Observing(store.observed, {market.id: market.zone for market in markets}, clock)
        self.scarcities = Scarcities(store.rolled)
        self.forecasting = Forecasting(store.rolled, store.verdicts)
        self.market_rollups = MarketRollups(core.store.market_figures, BoardFill(core.board))
        self.rollups = Rollups(
            store.rolled,
            markets,
            core.settings.discovery.time_slots[-1],
            clock,
            store_observed=self.observing.store,
            remembered=core.board.state,
            after=[self._after],
        )
        kept = core.settings.retention
        ages = Ages(events=kept.events, notifications=kept.notifications)
        self.retention = Retention(core.store.retention, markets, ages, clock)
        self.windows = VenueWindows(store.rolled, BoardStays(core.board), markets, clock.now)

    def observed(self, change: Change) -> None:
        """A poll has been stored."""
        self.observing.see(change)

    def supervise(self, supervisor: Supervisor) -> None:
        """Name its loops."""
        supervisor.add("observed_time", self.observing.run)
        supervisor.add("rollups", self.rollups.run)
        supervisor.add("retention", self.retention.run)

    async def start(self) -> None:
        """Learn how hard tables are to get. Raises `StoreError`."""
        await self.scarcities.load()

    async def save(self) -> None:
        """Store what has been observed. Raises `StoreError`."""
        await self.observing.store()

    def forget(self) -> None:
        """The store has been emptied."""
        self.observing.forget()
        self.scarcities.forget()
        self.rollups.forget()
        for forget in self.on_emptied:
            forget()

    async def _after(self, view: LogView, rolled: RolledUp) -> None:
        await self.market_rollups.after(view, rolled)
        await self.forecasting.after(view, rolled)
        await self.scarcities.load()


def figure_routes(figures: Figures) -> Iterable[Route]:
    """All addresses of what is figured."""
    core, store = figures.core, figures.core.store
    of_venues = VenueFigureService(figures.windows, store, store.figures.rankings)
    markets = tuple(market.id for market in core.settings.markets)
    known = KnownNames(markets=markets, providers=core.settings.providers.enabled, book=store)
    yield from ranking_routes(of_venues, core.restaurants, known)
    yield from venue_routes(of_venues)
    forecasts = Forecasts(figures.windows, store, store.figures.verdicts, core.clock.now)
    yield from forecast_routes(forecasts, markets)
    yield from refresh_routes(figures.rollups)
    yield from retention_routes(figures.retention)
    pictures = Pictures(
        days=store.figures.rolled,
        ranking=store.figures.rankings,
        venues=store,
        drawing=Artist(),
        markets=core.settings.markets,
        now=core.clock.now,
    )
    yield from picture_routes(pictures)


def make_rollups(
    store: PostgresStore,
    markets: tuple[Market, ...],
    prime_slot: str,
    clock: Clock,
    remembered: Remembered = lambda _, __: None,
) -> Rollups:
    """Roll-ups without a service round them, for a command."""
    market_rollups = MarketRollups(store.market_figures)
    forecasting = Forecasting(store.figures.rolled, store.figures.verdicts)
    return Rollups(
        store.figures.rolled,
        markets,
        prime_slot,
        clock,
        remembered=remembered,
        after=[market_rollups.after, forecasting.after],
    )
