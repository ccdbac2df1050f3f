"""Pictures of venues and of markets: their rolled-up days as charts."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Protocol

import msgspec

from tablewire.domain.markets import Market
from tablewire.domain.restaurants import Listing, in_batches
from tablewire.errors import NotFound
from tablewire.insights.daily import VenueDay
from tablewire.insights.figures import LEAST_OBSERVED
from tablewire.insights.local_time import HOUR, SECOND
from tablewire.insights.venue import HourOfWeek, VenueFigures, habits
from tablewire.insights.window import Window
from tablewire.pictures.charts import Chart, Lasted, drops_by_day, lasted_of, thinned, week_of
from tablewire.services.venue_figures import VenueLookup
from tablewire.storage.figure_door import Ranked, Ranking, RankingWish, RolledBook

VENUES_AT_ONCE = 200
RANKED_DAYS = 14
"""The window whose figures are stored for all venues."""
HARDEST = 25
LEAST_SAMPLES = 3


class Drawing(Protocol):
    """Who draws."""

    async def draw(self, chart: Chart) -> bytes:
        """The chart as SVG. Raises `NotDrawn`."""
        ...


class Pictures:
    """Draws what is rolled up, never the log itself."""

    def __init__(
        self,
        *,
        days: RolledBook,
        ranking: Ranking,
        venues: VenueLookup,
        drawing: Drawing,
        markets: Sequence[Market],
        now: Callable[[], datetime],
    ) -> None:
        self._days = days
        self._ranking = ranking
        self._venues = venues
        self._drawing = drawing
        self._markets = {market.id: market for market in markets}
        self._home = markets[0]
        self._now = now

    async def of_venue(self, provider: str, venue_id: str, window_days: int) -> bytes:
        """A venue's chart as SVG. Raises `NotFound`, `NotDrawn`, `StoreError`."""
        known = await self._venues.get(provider, venue_id)
        if known is None:
            raise NotFound("No such venue was ever seen.")
        # Of a venue that is new nothing is rolled up: all its days are shaded, as its figures are null.
        market = self._markets.get(await self._days.market_of(Listing(provider, venue_id)) or "", self._home)
        span = self._span(market, window_days)
        rows = await self._days.days(market.id, provider, [venue_id], span.first)
        chart = _chart(known.venue.name, market, span, [rows.get(venue_id, [])])
        return await self._drawing.draw(chart)

    async def of_market(self, market: Market, window_days: int) -> bytes:
        """The chart of all venues of a market together. Raises `NotDrawn`, `StoreError`."""
        span = self._span(market, window_days)
        every: list[list[VenueDay]] = []
        for batch in in_batches(await self._days.listings(market.id, span.first), VENUES_AT_ONCE):
            venue_ids = [listing.venue_id for listing in batch]
            found = await self._days.days(market.id, batch[0].provider, venue_ids, span.first)
            every += found.values()
        return await self._drawing.draw(_chart(f"All venues of {market.id}", market, span, every))

    async def hardest(self, market: Market) -> list[Ranked]:
        """The venues of a market that are hardest to get, by their figures of the last 14 days. Raises `StoreError`.

        Only those that were looked at on three days, as long as there are any.
        """
        wanted = RankingWish(
            figure="scarcity_score",
            descending=True,
            window_days=RANKED_DAYS,
            least_samples=LEAST_SAMPLES,
            market=market.id,
            provider=None,
            neighborhood=None,
            limit=HARDEST,
            offset=0,
        )
        known = await self._ranking.ranked(wanted)
        return known or await self._ranking.ranked(msgspec.structs.replace(wanted, least_samples=1))

    def _span(self, market: Market, window_days: int) -> "_Span":
        today = self._now().astimezone(market.zone).date()
        return _Span(today - timedelta(days=window_days - 1), today)


class _Span(msgspec.Struct, frozen=True):
    """The local days of a chart: also those of which nothing is known."""

    first: date
    last: date


def _chart(title: str, market: Market, span: _Span, venues: Iterable[Sequence[VenueDay]]) -> Chart:
    counts: list[tuple[date, int, int]] = []
    lasted: list[Lasted] = []
    hours: list[HourOfWeek] = []
    for days in venues:
        for day in days:
            counts.append((day.day, len(day.drops.hours), day.observed_time))
            lasted += lasted_of(day.day, day.endings.lasted)
        hours += habits(Window(zone=market.zone, since=span.first, now=0, days=days)).best_hours
    return Chart(
        title=title,
        zone=market.time_zone,
        days=drops_by_day(counts, span.first, span.last),
        lasted=thinned(lasted),
        taken=len(lasted),
        hours=week_of(_together(hours)),
    )


def _together(hours: Iterable[HourOfWeek]) -> list[HourOfWeek]:
    """The hours of several venues: their drops over the time in which each was looked at."""
    drops: defaultdict[tuple[int, int], int] = defaultdict(int)
    observed: defaultdict[tuple[int, int], float] = defaultdict(float)
    for hour in hours:
        drops[hour.weekday, hour.hour] += hour.drops
        observed[hour.weekday, hour.hour] += hour.observed_seconds
    return [
        HourOfWeek(
            weekday=weekday,
            hour=hour,
            drops_per_hour=drops[weekday, hour] * HOUR / SECOND / seconds
            if seconds * SECOND >= LEAST_OBSERVED
            else None,
            drops=drops[weekday, hour],
            observed_seconds=seconds,
        )
        for (weekday, hour), seconds in sorted(observed.items())
    ]


def figures_of(one: Ranked) -> VenueFigures:
    """The stored figures of a venue."""
    return msgspec.json.decode(one.metrics.body, type=VenueFigures)
