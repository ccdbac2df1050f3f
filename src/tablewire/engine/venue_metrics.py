"""Making the figures of venues from their rolled-up days."""

from collections.abc import Sequence
from datetime import datetime

import anyio.lowlevel
import msgspec

from tablewire.domain.restaurants import Listing, in_batches
from tablewire.engine.finished_days import WINDOW_DAYS, FinishedDays
from tablewire.engine.rolling import VENUES_A_TURN, VENUES_AT_ONCE, DayRoller, Plan
from tablewire.insights.durations import ages
from tablewire.insights.sums import NO_DAYS
from tablewire.insights.venue import figures_of
from tablewire.insights.window import Window
from tablewire.storage.figure_door import RolledBook, VenueMetrics


class MetricsMaker:
    """Makes and stores the figures of venues that have just been rolled up."""

    def __init__(
        self, book: RolledBook, plan: Plan, finished: FinishedDays, rolled: DayRoller, at: datetime
    ) -> None:
        self._book = book
        self._plan = plan
        self._finished = finished
        self._rolled = rolled
        self._at = at

    async def make(self, venues: Sequence[Listing]) -> None:
        """All of them, in their order, a few at a time."""
        for batch in in_batches(venues, VENUES_AT_ONCE):
            await self._make_batch(batch)

    async def _make_batch(self, venues: Sequence[Listing]) -> None:
        market, finished = self._plan.market.id, self._finished
        if missing := finished.missing(venues):
            venue_ids = [listing.venue_id for listing in missing]
            days = await self._book.days(market, venues[0].provider, venue_ids, finished.since)
            finished.learn(missing, days)
        made = []
        for place, listing in enumerate(venues):
            if (metrics := self._metrics(listing)) is not None:
                made.append(metrics)
            if place % VENUES_A_TURN == 0:
                await anyio.lowlevel.checkpoint()
        if made:
            await self._book.keep_metrics(market, made)

    def _metrics(self, listing: Listing) -> VenueMetrics | None:
        """None where nothing was rolled up of it."""
        over, today = self._finished.sums(listing), self._rolled.today.get(listing)
        if over is NO_DAYS and today is None:
            return None
        window = Window(
            zone=self._plan.market.zone,
            since=self._finished.since,
            now=self._plan.now,
            days=(),
            still_open=self._rolled.still_open.get(listing, ()),
        )
        found = figures_of(over if today is None else over + today, ages(window))
        return VenueMetrics(
            listing=listing,
            window_days=WINDOW_DAYS,
            body=msgspec.Raw(msgspec.json.encode(found)),
            computed_at=self._at,
        )
