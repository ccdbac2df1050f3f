"""The figures of venues, as clients ask for them: of one venue over any window, and the hardest tables."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Literal, Protocol, get_args

import msgspec

from tablewire.domain.events import microseconds
from tablewire.domain.markets import Market
from tablewire.domain.restaurants import Listing
from tablewire.errors import NotFound
from tablewire.insights.daily import VenueDay
from tablewire.insights.durations import Cut, cuts, lasting_of
from tablewire.insights.lifetimes import Lasting
from tablewire.insights.local_time import local_date, local_day
from tablewire.insights.stays import Stay
from tablewire.insights.venue import VenueFigures, VenueHabits, figures, habits
from tablewire.insights.window import Window
from tablewire.storage.figure_door import Ranked, Ranking, RankingWish, RolledBook
from tablewire.storage.protocol import KnownVenue

RankedFigure = Literal[
    "scarcity_score",
    "drop_frequency_per_day",
    "prime_time_drop_frequency",
    "avg_drop_duration_seconds",
    "median_drop_duration_seconds",
    "percent_days_fully_booked",
    "prime_booked_ratio",
    "volatility_score",
]
"""What venues are ranked by."""
RANKED_BY: tuple[str, ...] = get_args(RankedFigure)
HARD_WHERE_LOW = frozenset(
    {
        "drop_frequency_per_day",
        "prime_time_drop_frequency",
        "avg_drop_duration_seconds",
        "median_drop_duration_seconds",
    }
)
"""Figures by which a table is the harder to get the lower they are."""
RANKED_WINDOW = 14


class VenueLookup(Protocol):
    """The store."""

    async def get(self, provider: str, venue_id: str) -> KnownVenue | None:
        """A venue that was seen. Raises `StoreUnavailable`."""
        ...


class OpenStays(Protocol):
    """What is open now."""

    def at(self, listing: Listing) -> Sequence[Stay]:
        """All that is open at a venue."""
        ...


class OfVenue(msgspec.Struct, frozen=True, kw_only=True):
    """All that is figured of one venue."""

    market: str
    name: str
    since: datetime
    until: datetime
    figures: VenueFigures
    habits: VenueHabits
    cuts: Mapping[Cut, Lasting]
    asked: Lasting | None


class VenueWindows:
    """The windows of venues: rolled-up days, and what is open now."""

    def __init__(
        self, book: RolledBook, stays: OpenStays, markets: Sequence[Market], now: Callable[[], datetime]
    ) -> None:
        self._book = book
        self._stays = stays
        self._markets = {market.id: market for market in markets}
        self._home = markets[0]
        self._now = now

    async def market_of(self, listing: Listing) -> Market:
        """A venue's market; where nothing has been rolled up yet, the first."""
        return self._markets.get(await self._book.market_of(listing) or "", self._home)

    async def window(self, listing: Listing, market: Market, days: int) -> Window:
        """The last days of a venue, today with them. Raises `StoreUnavailable`."""
        now = microseconds(self._now())
        since = local_date(now, market.zone) - timedelta(days=days - 1)
        return Window(
            zone=market.zone,
            since=since,
            now=now,
            days=await self.days(listing, market, since),
            still_open=self._stays.at(listing),
        )

    async def days(self, listing: Listing, market: Market, since: date) -> Sequence[VenueDay]:
        """The rows of a venue from a day on. Raises `StoreUnavailable`."""
        found = await self._book.days(market.id, listing.provider, [listing.venue_id], since)
        return found.get(listing.venue_id, ())


class VenueFigureService:
    """Figures are made of rolled-up days and of what is open now.

    Drops are in the days after an hour at most, the observed time of a venue without news after six.
    """

    def __init__(self, windows: VenueWindows, venues: VenueLookup, rankings: Ranking) -> None:
        self._windows = windows
        self._venues = venues
        self._rankings = rankings

    async def of_venue(
        self, listing: Listing, days: int, *, by: frozenset[str], asked: Cut | None
    ) -> OfVenue:
        """One venue's figures over its last days. Raises `NotFound`, `StoreUnavailable`."""
        known = await self._venues.get(*listing)
        if known is None:
            raise NotFound("No such venue was ever seen.")
        market = await self._windows.market_of(listing)
        window = await self._windows.window(listing, market, days)
        return OfVenue(
            market=market.id,
            name=known.venue.name,
            since=_instant(local_day(window.since, market.zone).start),
            until=_instant(window.now),
            figures=figures(window),
            habits=habits(window),
            cuts=_cuts(window, by),
            asked=None if asked is None else lasting_of(window, asked),
        )

    async def hardest(self, wish: RankingWish) -> list[Ranked]:
        """Venues in the order of a figure, one more than is asked for where there are more. Raises `StoreUnavailable`."""
        return await self._rankings.ranked(msgspec.structs.replace(wish, limit=wish.limit + 1))


def _cuts(window: Window, by: frozenset[str]) -> Mapping[Cut, Lasting]:
    if not by:
        return {}
    return cuts(window, weekday="weekday" in by, minute="time" in by, party_size="party_size" in by)


def _instant(at: int) -> datetime:
    return datetime.fromisoformat("1970-01-01T00:00:00+00:00") + timedelta(microseconds=at)
