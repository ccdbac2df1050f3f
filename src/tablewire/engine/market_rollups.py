"""Rolls up the days of markets, and keeps their figures of the last 24 hours and 14 days."""

import asyncio
from collections.abc import Collection, Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Final, Protocol

from tablewire.domain.events import microseconds
from tablewire.domain.markets import Market
from tablewire.engine.rollups import RolledUp
from tablewire.insights.density import Density
from tablewire.insights.local_time import local_date, local_day
from tablewire.insights.market import MarketFigures, market_figures
from tablewire.insights.market_days import SETTLED, roll_up_market
from tablewire.insights.market_metrics import packed
from tablewire.insights.market_totals import MarketWindow
from tablewire.insights.waves import HISTORY
from tablewire.storage.insight_door import MarketBook, StoredMarketDay

KEPT_WINDOWS: Final = (timedelta(hours=24), timedelta(days=14))
MOST_AT_ONCE: Final = 60
"""Rows that are given totals in one run: those that were kept before there were any."""


class Ahead(Protocol):
    """What is open now."""

    def densities(self, market: str) -> tuple[Density, ...]:
        """How many tables are open for each date and time slot."""
        ...


class MarketRollups:
    """Each day is rolled up until it is over, and never again. Without `ahead`, as in a command, nobody knows what is open."""

    def __init__(self, book: MarketBook, ahead: Ahead | None = None) -> None:
        self._book = book
        self._ahead = ahead

    async def roll_up(
        self, market: Market, now: datetime, *, also: Collection[date] = (), anew: bool = False
    ) -> int:
        """Roll up the days that need it; answers how many. Raises `StoreError`.

        That is those not finished, those of `also`, of which more was observed since, or with `anew` all that the log has whole.
        """
        days = await self._days(market, now, also, anew=anew)
        for day in days:
            local = local_day(day, market.zone)
            drops = await self._book.drops(market.id, local.start, local.end)
            spans = await self._book.observed(market.id, day)
            row = roll_up_market(day, market.zone, drops, spans)
            finished = microseconds(now) - SETTLED >= local.end
            await self._book.keep_day(market.id, row, now, finished=finished)
        await self._book.add_totals(market.id, MOST_AT_ONCE)
        await self._keep_figures(market, now)
        return len(days)

    async def after(self, _: object, rolled: RolledUp) -> None:
        """What follows the venues' roll-up of a market: one of `Rollups`' `after`. Raises `StoreError`."""
        also = {rolled.first_day, *rolled.changed}
        await self.roll_up(rolled.market, rolled.at, also=also, anew=rolled.everything)

    async def _days(self, market: Market, now: datetime, also: Collection[date], *, anew: bool) -> list[date]:
        first = (await self._book.kept(market.id)).first_day(market.zone)
        begin = min(also, default=None) if first is None else first
        if begin is None:
            return []
        done = await self._book.finished(market.id)
        today = local_date(microseconds(now), market.zone)
        return [day for day in _from_to(begin, today) if anew or day in also or day not in done]

    async def _keep_figures(self, market: Market, now: datetime) -> None:
        first = local_date(microseconds(now - max(KEPT_WINDOWS) - HISTORY), market.zone)
        last = local_date(microseconds(now), market.zone)
        windows = {length: _window(market, now, length) for length in KEPT_WINDOWS}
        cut = frozenset[date]().union(*(window.cut_days for window in windows.values()))
        stored = await self._book.days(market.id, first, last, cut)
        for length, window in windows.items():
            figures = await asyncio.to_thread(_figures, stored, window)
            values = packed(figures, None if self._ahead is None else self._ahead.densities(market.id))
            await self._book.keep_metrics(market.id, now - length, now, values, now)


def _window(market: Market, now: datetime, length: timedelta) -> MarketWindow:
    return MarketWindow(zone=market.zone, since=microseconds(now - length), until=microseconds(now))


def _figures(stored: Sequence[StoredMarketDay], window: MarketWindow) -> MarketFigures:
    return market_figures([one.totals_in(window) for one in stored], window)


def _from_to(first: date, last: date) -> Iterator[date]:
    return (first + timedelta(days=ahead) for ahead in range((last - first).days + 1))
