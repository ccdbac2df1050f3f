"""The door of stored figures of markets, alerts and goals: what the engine and the services ask of it, in their words."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Protocol

import msgspec

from tablewire.insights.alerts import Alert, AlertEvent
from tablewire.insights.goals import GoalCount
from tablewire.insights.intervals import Spans
from tablewire.insights.kept import Kept
from tablewire.insights.market_days import MarketCut, MarketDay, MarketDrop
from tablewire.insights.market_places import totals_of_some
from tablewire.insights.market_totals import DayTotals, MarketWindow, totals_of
from tablewire.insights.supply import BucketSupply

_ROW = msgspec.msgpack.Decoder(MarketDay)
_TOTALS = msgspec.msgpack.Decoder(DayTotals)
_PLACES = msgspec.msgpack.Decoder(dict[str, bytes])


class StoredMarketDay(msgspec.Struct, frozen=True, kw_only=True):
    """A row of `market_days`."""

    day: date
    body: bytes | None
    """Null where it was not asked for: then there are totals."""
    totals: bytes | None
    places: bytes | None
    """Null where they were not asked for."""
    computed_at: datetime

    def row(self) -> MarketDay:
        """What the row says, cells and all."""
        return _ROW.decode(self.body or b"")

    def totals_in(self, window: MarketWindow, cut: MarketCut | None = None) -> DayTotals:
        """The day as the figures of a window want it: from its cells where they are there, else its totals."""
        within = window.hours_of(self.day)
        if self.body is None and self.places is None:
            return _TOTALS.decode(self.totals or b"")
        if self.places is not None and cut is not None and cut.neighborhoods:
            whole, places = _TOTALS.decode(self.totals or b""), _PLACES.decode(self.places)
            return totals_of_some(whole, places, cut.has_place, within)
        row = self.row() if cut is None or not cut.neighborhoods else cut.of(self.row())
        return totals_of(row, within)


class StoredMetrics(msgspec.Struct, frozen=True, kw_only=True):
    """The rows of `market_metrics` of one window."""

    start: datetime
    end: datetime
    computed_at: datetime
    values: Mapping[str, bytes]
    """JSON, by metric type."""


class MarketBook(Protocol):
    """What is rolled up of markets, and what it is rolled up from."""

    async def kept(self, market: str) -> Kept:
        """What is kept of a market, and what was taken away."""
        ...

    async def drops(self, market: str, start: int, end: int) -> list[MarketDrop]:
        """The drops that opened in [start, end) (microseconds); those of one hour that are alike may be one."""
        ...

    async def count_drops(self, market: str, spans: Spans) -> int:
        """How many drops the log has of some spans of time."""
        ...

    async def observed(self, market: str, day: date) -> Spans:
        """When at least one venue was observed on a local day, in microseconds."""
        ...

    async def finished(self, market: str) -> frozenset[date]:
        """The days that have a row of this version that is never counted again."""
        ...

    async def keep_day(self, market: str, row: MarketDay, at: datetime, *, finished: bool) -> None:
        """Keep a day's row with its totals and places, counted at an instant, in the place of the one before."""
        ...

    async def add_totals(self, market: str, most: int) -> int:
        """Add totals and places to rows that were kept without them, the newest first; answers to how many."""
        ...

    async def days(
        self,
        market: str,
        first: date,
        last: date,
        cells: Collection[date] | None = None,
        *,
        places: bool = False,
    ) -> list[StoredMarketDay]:
        """The rows of some days, both ends included, in order, with their places if wanted.

        Their cells are there only of the days `cells` (None: of all) and of those without totals.
        """
        ...

    async def keep_metrics(
        self, market: str, start: datetime, end: datetime, values: Mapping[str, bytes], at: datetime
    ) -> None:
        """Keep the figures of a window, JSON by metric type, in the place of those of the window before of the same length."""
        ...

    async def metrics(self, market: str, length: timedelta) -> StoredMetrics | None:
        """The figures that were kept last of a window of that length."""
        ...

    async def earlier_buckets(self, market: str, first: date, before: date) -> list[BucketSupply]:
        """What was open in buckets on the days from `first` up to, not including, `before`."""
        ...


class AlertPile(msgspec.Struct, frozen=True, kw_only=True):
    """The alerts that were sent in a window, and everything that happened to them since."""

    events: list[AlertEvent]
    alerts: list[Alert]
    complete: bool
    """Whether it is all of them; else the newest."""


class GoalPile(msgspec.Struct, frozen=True, kw_only=True):
    """What goals came to."""

    counts: list[GoalCount]
    names: Mapping[int, str]
    drops_told: int
    """The drops of the window that at least one of the goals told of."""


class AlertFigureBook(Protocol):
    """What is stored of alerts and goals. `user_id` None: of all users."""

    async def alerts(self, user_id: int | None, since: datetime, until: datetime) -> AlertPile:
        """The alerts whose first sending is in [since, until)."""
        ...

    async def goals(
        self, user_id: int | None, markets: Sequence[str], since: datetime, until: datetime
    ) -> GoalPile:
        """Goals since they were made, and which drops of some markets in [since, until) they told of."""
        ...
