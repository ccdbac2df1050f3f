"""The doors of stored figures: what the engine and the services ask of them, in their words."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import date, datetime
from typing import Protocol

import msgspec

from tablewire.domain.buckets import BucketKey
from tablewire.domain.restaurants import Listing
from tablewire.domain.state import BucketState
from tablewire.insights.daily import VenueDay
from tablewire.insights.forecast import Prior
from tablewire.insights.intervals import Spans
from tablewire.insights.kept import Kept
from tablewire.insights.scoring import Verdict
from tablewire.insights.stays import Opened, Stay

Remembered = Callable[[BucketKey, str], BucketState | None]
"""The memory of a bucket at a provider, where this process has one."""


class ObservedDay(msgspec.Struct, frozen=True, kw_only=True):
    """When the venues of a provider were observed for one service date on one local day."""

    market: str
    provider: str
    service_date: date
    day: date
    spans: Mapping[str, Spans]
    """By venue id."""


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """How far a market is rolled up."""

    event_id: int
    """The newest event of the log that is in it."""
    finished_day: date
    """The last day that is over, and in it."""
    rolled_at: datetime


class Touched(msgspec.Struct, frozen=True):
    """A venue of which something has been stored, and the earliest instant (microseconds) that it is about."""

    listing: Listing
    since: int


class RolledDay(msgspec.Struct, frozen=True, kw_only=True):
    """A row of `venue_days`."""

    listing: Listing
    body: VenueDay
    shown: tuple[date, ...]
    """Service dates of which some table had been seen by the end of the day."""


class VenueMetrics(msgspec.Struct, frozen=True, kw_only=True):
    """A row of `venue_metrics`."""

    listing: Listing
    window_days: int
    body: msgspec.Raw
    computed_at: datetime


class Ranked(msgspec.Struct, frozen=True, kw_only=True):
    """A venue with its figures, and what is known of it."""

    market: str
    metrics: VenueMetrics
    name: str
    neighborhood: str | None


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """What was found of a market's forecasts, and what they go on with."""

    market: str
    computed_at: datetime
    learned_from: date
    held_out_from: date
    verdict: Verdict
    prior: Prior


class ObservedBook(Protocol):
    """Where observed time is kept."""

    async def add(self, rows: Iterable[ObservedDay], at: datetime) -> None:
        """Add spans to those that are kept. Doing it twice does no harm. Raises `StoreError`."""
        ...


class LogView(Protocol):
    """The log, the open slots and the observed time as they were at one instant."""

    newest: int
    """The newest event in it."""

    async def head(self, market: str) -> Head | None:
        """How far a market was rolled up."""
        ...

    async def kept(self, market: str) -> Kept:
        """What is kept of a market, and what was taken away."""
        ...

    async def touched(self, market: str, after: int) -> list[Touched]:
        """The venues that have events after one."""
        ...

    async def changed_days(self, market: str, since: datetime) -> list[date]:
        """The local days to which observed time was added since an instant."""
        ...

    async def observed(self, market: str, first: date, last: date) -> list[ObservedDay]:
        """The observed time of some days, in their order."""
        ...

    async def closed(
        self, market: str, venues: Collection[Listing] | None, start: int, end: int
    ) -> dict[Listing, list[Stay]]:
        """The stays of some venues, or of all, that were over at `start` or later and had begun before `end`."""
        ...

    async def open(self, market: str, venues: Collection[Listing] | None) -> dict[Listing, list[Stay]]:
        """The stays of some venues, or of all, that went on."""
        ...

    async def dropped(
        self, market: str, venues: Collection[Listing] | None, start: int, end: int
    ) -> dict[Listing, dict[Opened, int]]:
        """The party sizes, as bits, of the drops that opened in [start, end); of all venues or of some."""
        ...

    async def shown(
        self, market: str, provider: str, venue_ids: Sequence[str], before: date
    ) -> Mapping[str, tuple[date, ...]]:
        """What the newest row of each venue from before a day says of `RolledDay.shown`."""
        ...


class RolledBook(Protocol):
    """Where rolled-up days and figures are kept."""

    def reading(self, prime_slot: str, remembered: Remembered) -> AbstractAsyncContextManager[LogView]:
        """See everything as it is now, until the end of the block; `prime_slot` is the time slot that is prime time.

        What is open is taken from what is `remembered` of a bucket where that is as far as the store.

        Only one at a time, in all processes: raises `Conflict` where another does so. Raises `StoreError`.
        """
        ...

    async def keep_days(self, market: str, rows: Sequence[RolledDay], at: datetime) -> None:
        """Store rolled-up days in the place of older ones. Raises `StoreError`."""
        ...

    async def keep_head(self, market: str, head: Head) -> None:
        """Note how far a market is rolled up. Raises `StoreError`."""
        ...

    async def days(
        self, market: str, provider: str, venue_ids: Sequence[str], since: date
    ) -> Mapping[str, list[VenueDay]]:
        """The rows of venues from a day on, by venue id. Raises `StoreUnavailable`."""
        ...

    async def listings(self, market: str, since: date) -> list[Listing]:
        """The venues that have rows from a day on, in order. Raises `StoreUnavailable`."""
        ...

    async def keep_metrics(self, market: str, rows: Sequence[VenueMetrics]) -> None:
        """Store figures in the place of older ones. Raises `StoreError`."""
        ...

    async def metrics(self, window_days: int) -> list[VenueMetrics]:
        """The figures of all venues over a window. Raises `StoreUnavailable`."""
        ...

    async def market_of(self, listing: Listing) -> str | None:
        """Which market a venue is in; None where nothing was rolled up for it. Raises `StoreUnavailable`."""
        ...


class VerdictBook(Protocol):
    """Where verdicts on forecasts are kept."""

    async def keep_judged(self, judged: Judged) -> None:
        """Store a verdict. Raises `StoreError`."""
        ...

    async def judged(self, market: str | None, limit: int) -> list[Judged]:
        """The newest verdicts. Raises `StoreUnavailable`."""
        ...


class Ranking(Protocol):
    """Venues in the order of their figures."""

    async def ranked(self, wanted: "RankingWish") -> list[Ranked]:
        """The first ones. Raises `StoreUnavailable`."""
        ...


class RankingWish(msgspec.Struct, frozen=True, kw_only=True):
    """Which venues, by which figure."""

    figure: str
    descending: bool
    window_days: int
    least_samples: int
    market: str | None
    provider: str | None
    neighborhood: str | None
    """As its key: see `domain.names`."""
    limit: int
    offset: int
