"""How many drops a window had, added up from markets' rolled-up days; only its ends are counted in the log."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from tablewire.domain.events import microseconds
from tablewire.domain.markets import Market
from tablewire.insights.drop_hours import HourlyDrops, KnownDay, drops_of_hours
from tablewire.insights.local_time import local_date
from tablewire.insights.market_totals import MarketWindow
from tablewire.storage.insight_door import MarketBook, StoredMarketDay


class DropCounter(Protocol):
    """Knows how many drops there were."""

    @property
    def markets(self) -> Sequence[str]:
        """Of which markets it counts."""
        ...

    async def between(self, since: datetime, until: datetime) -> int:
        """How many opened in [since, until)."""
        ...


class DropCounts:
    """Counts the drops of the markets that are watched."""

    def __init__(self, book: MarketBook, markets: Sequence[Market]) -> None:
        self._book = book
        self._markets = markets

    @property
    def markets(self) -> Sequence[str]:
        """Their ids."""
        return [market.id for market in self._markets]

    async def between(self, since: datetime, until: datetime) -> int:
        """How many opened in [since, until)."""
        return sum(
            [await self._of(market, microseconds(since), microseconds(until)) for market in self._markets]
        )

    async def _of(self, market: Market, since: int, until: int) -> int:
        zone = market.zone
        stored = await self._book.days(market.id, local_date(since, zone), local_date(until, zone), ())
        found = await asyncio.to_thread(_known, stored, MarketWindow(zone=zone, since=since, until=until))
        return found.drops + await self._book.count_drops(market.id, found.rest)


def _known(stored: Sequence[StoredMarketDay], window: MarketWindow) -> HourlyDrops:
    days = [KnownDay(one.totals_in(window), microseconds(one.computed_at)) for one in stored]
    return drops_of_hours(days, window)
