"""Learning forecasts: once a local day has ended, from the days before, judged by days that were held out."""

import asyncio
from collections.abc import Sequence
from datetime import date, timedelta

import anyio.lowlevel

from tablewire.domain.events import microseconds
from tablewire.domain.restaurants import in_batches
from tablewire.engine.rolling import VENUES_AT_ONCE
from tablewire.engine.rollups import RolledUp
from tablewire.insights.daily import VenueDay
from tablewire.insights.exposure import Exposure, exposure_of
from tablewire.insights.forecast import judge, prior_of
from tablewire.insights.local_time import local_date
from tablewire.storage.figure_door import Judged, LogView, RolledBook, VerdictBook

LEARNED_DAYS = 28
HELD_OUT_DAYS = 7
MOST_JUDGED = 300
"""Venues whose days are held out, spread over all: they are in memory together."""


class Forecasting:
    """Runs after each roll-up; it has something to do once a day."""

    def __init__(self, book: RolledBook, verdicts: VerdictBook) -> None:
        self._book = book
        self._verdicts = verdicts

    async def after(self, _: LogView, rolled: RolledUp) -> None:
        """Learn and judge, where a day has ended. Raises `StoreError`."""
        if not rolled.finished:
            return
        zone = rolled.market.zone
        today = local_date(microseconds(rolled.at), zone)
        since, held_out = today - timedelta(days=LEARNED_DAYS), today - timedelta(days=HELD_OUT_DAYS)
        exposures, sample = await self._read(rolled, since)
        if not exposures:
            return
        # Seconds of work in all: a thread leaves the loop its turns.
        prior = await asyncio.to_thread(prior_of, exposures)
        verdict = await asyncio.to_thread(judge, sample, zone, held_out)
        await self._verdicts.keep_judged(
            Judged(
                market=rolled.market.id,
                computed_at=rolled.at,
                learned_from=since,
                held_out_from=held_out,
                verdict=verdict,
                prior=prior,
            )
        )

    async def _read(self, rolled: RolledUp, since: date) -> tuple[list[Exposure], list[Sequence[VenueDay]]]:
        """What all venues' days come to, and the days themselves of some venues."""
        market = rolled.market
        listings = await self._book.listings(market.id, since)
        every = len(listings) // MOST_JUDGED + 1
        judged = frozenset(listings[::every])
        exposures: list[Exposure] = []
        sample: list[Sequence[VenueDay]] = []
        for batch in in_batches(listings, VENUES_AT_ONCE):
            venue_ids = [listing.venue_id for listing in batch]
            rows = await self._book.days(market.id, batch[0].provider, venue_ids, since)
            for listing in batch:
                days = rows.get(listing.venue_id, [])
                exposures.append(exposure_of(days, market.zone))
                if listing in judged:
                    sample.append(days)
                await anyio.lowlevel.checkpoint()
        return exposures, sample
