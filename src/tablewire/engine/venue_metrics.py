"""Making the figures of venues from their rolled-up days."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby

import anyio.lowlevel
import msgspec

from tablewire.domain.restaurants import Listing
from tablewire.engine.rolling import VENUES_A_TURN, VENUES_AT_ONCE, Plan
from tablewire.insights.daily import VenueDay
from tablewire.insights.stays import Stay
from tablewire.insights.venue import figures
from tablewire.insights.window import Window
from tablewire.storage.figure_door import RolledBook, VenueMetrics

WINDOW_DAYS = 14
"""The window whose figures are kept; others are made when they are asked for."""


class MetricsMaker:
    """Makes and stores the figures of some venues."""

    def __init__(
        self, book: RolledBook, plan: Plan, still_open: Mapping[Listing, Sequence[Stay]], at: datetime
    ) -> None:
        self._book = book
        self._plan = plan
        self._still_open = still_open
        self._at = at

    async def make(self, venues: Sequence[Listing]) -> None:
        """All of them, in their order, a few at a time."""
        for provider, of_provider in groupby(venues, key=lambda listing: listing.provider):
            mine = [listing.venue_id for listing in of_provider]
            for place in range(0, len(mine), VENUES_AT_ONCE):
                await self._make_batch(provider, mine[place : place + VENUES_AT_ONCE])

    async def _make_batch(self, provider: str, venue_ids: Sequence[str]) -> None:
        since = self._plan.today - timedelta(days=WINDOW_DAYS - 1)
        rows = await self._book.days(self._plan.market.id, provider, venue_ids, since)
        made = []
        for place, venue_id in enumerate(venue_ids):
            if days := rows.get(venue_id):
                made.append(self._metrics(Listing(provider, venue_id), days))
            if place % VENUES_A_TURN == 0:
                await anyio.lowlevel.checkpoint()
        if made:
            await self._book.keep_metrics(self._plan.market.id, made)

    def _metrics(self, listing: Listing, days: Sequence[VenueDay]) -> VenueMetrics:
        window = Window(
            zone=self._plan.market.zone,
            since=self._plan.today - timedelta(days=WINDOW_DAYS - 1),
            now=self._plan.now,
            days=days,
            still_open=self._still_open.get(listing, ()),
        )
        return VenueMetrics(
            listing=listing,
            window_days=WINDOW_DAYS,
            body=msgspec.Raw(msgspec.json.encode(figures(window))),
            computed_at=self._at,
        )
