"""The figures of a market over any window: kept ones where they fit, else counted from its rolled-up days."""

import asyncio
from collections.abc import Callable, Collection, Sequence
from datetime import date, datetime, timedelta
from typing import Final, Protocol

import msgspec

from tablewire.domain.events import microseconds
from tablewire.domain.markets import Market
from tablewire.insights.density import Density
from tablewire.insights.local_time import local_date
from tablewire.insights.market import MarketFigures, market_figures
from tablewire.insights.market_days import MarketCut
from tablewire.insights.market_metrics import unpacked
from tablewire.insights.market_totals import MarketWindow
from tablewire.insights.waves import HISTORY
from tablewire.storage.insight_door import MarketBook, StoredMarketDay

DEFAULT_WINDOW: Final = timedelta(days=14)


class Ahead(Protocol):
    """What is open now."""

    def densities(self, market: str) -> tuple[Density, ...]:
        """How many tables are open for each date and time slot."""
        ...


class MarketMetrics(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of one market."""

    market: str
    computed_at: datetime | None
    """Up to when they know of drops; null where nothing was rolled up yet."""
    figures: MarketFigures
    ahead: tuple[Density, ...]
    """As of now, whatever the window."""


class MarketInsight:
    """Answers about markets."""

    def __init__(self, book: MarketBook, ahead: Ahead, now: Callable[[], datetime]) -> None:
        self._book = book
        self._ahead = ahead
        self._now = now
        self._one = asyncio.Lock()
        """Long windows are counted one at a time."""

    async def metrics(
        self,
        market: Market,
        *,
        window: timedelta = DEFAULT_WINDOW,
        since: datetime | None = None,
        until: datetime | None = None,
        cut: MarketCut | None = None,
    ) -> MarketMetrics:
        """The figures of the hours that begin in a window; it ends no later than what is known."""
        if since is None and until is None and cut is None:
            kept = await self._kept(market, window)
            if kept is not None:
                return kept
        end = min(until or self._now(), self._now())
        start = since or end - window
        async with self._one:
            return await self._count(market, start, end, cut)

    async def _count(
        self, market: Market, start: datetime, end: datetime, cut: MarketCut | None
    ) -> MarketMetrics:
        by_place = cut is not None and bool(cut.neighborhoods)
        first = local_date(microseconds(start - HISTORY), market.zone)
        last = local_date(microseconds(end), market.zone)
        stored = await self._book.days(market.id, first, last, (), places=by_place)
        known = max((one.computed_at for one in stored), default=None)
        until = max(start, end if known is None else min(end, known))
        window = MarketWindow(zone=market.zone, since=microseconds(start), until=microseconds(until))
        if not by_place:
            stored = await self._with_cells(market, stored, window.cut_days)
        figures = await asyncio.to_thread(_counted, stored, window, cut)
        return self._answer(market, known, figures)

    async def _with_cells(
        self, market: Market, stored: Sequence[StoredMarketDay], days: Collection[date]
    ) -> list[StoredMarketDay]:
        """The same, with the cells of some days: those that the window cuts, for totals are of whole days."""
        read = {day: await self._book.days(market.id, day, day) for day in days}
        return [next(iter(read.get(one.day, ())), one) for one in stored]

    async def _kept(self, market: Market, window: timedelta) -> MarketMetrics | None:
        kept = await self._book.metrics(market.id, window)
        if kept is None:
            return None
        figures = unpacked(kept.values, microseconds(kept.start), microseconds(kept.end))
        return None if figures is None else self._answer(market, kept.computed_at, figures)

    def _answer(self, market: Market, computed_at: datetime | None, figures: MarketFigures) -> MarketMetrics:
        return MarketMetrics(
            market=market.id,
            computed_at=computed_at,
            figures=figures,
            ahead=self._ahead.densities(market.id),
        )


def _counted(stored: Sequence[StoredMarketDay], window: MarketWindow, cut: MarketCut | None) -> MarketFigures:
    return market_figures([one.totals_in(window, cut) for one in stored], window, cut)
