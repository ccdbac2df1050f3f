"""Venues in the order of their stored figures, on PostgreSQL."""

from typing import Any

import msgspec
from sqlalchemy import Double, Integer, cast, select
from sqlalchemy.ext.asyncio import AsyncEngine

from tablewire.domain.restaurants import Listing
from tablewire.storage.failures import unavailable
from tablewire.storage.figure_door import Ranked, RankingWish, VenueMetrics
from tablewire.storage.figure_tables import venue_metrics
from tablewire.storage.tables import venues


class PostgresRankings:
    """See `figure_door.Ranking`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def ranked(self, wanted: RankingWish) -> list[Ranked]:
        """The first venues; those without the figure are none of them."""
        row = venue_metrics.c
        figure = row.body[wanted.figure]
        value = cast(figure["value"].astext, Double)
        statement = (
            select(venue_metrics, venues.c.name, venues.c.neighborhood)
            .outerjoin(venues, (venues.c.provider == row.provider) & (venues.c.venue_id == row.venue_id))
            .where(
                row.window_days == wanted.window_days,
                value.is_not(None),
                cast(figure["samples"].astext, Integer) >= wanted.least_samples,
            )
            .order_by(value.desc() if wanted.descending else value, row.provider, row.venue_id)
            .limit(wanted.limit)
            .offset(wanted.offset)
        )
        bounds: list[tuple[Any, str | None]] = [
            (row.market, wanted.market),
            (row.provider, wanted.provider),
            (venues.c.neighborhood_key, wanted.neighborhood),
        ]
        for column, bound in bounds:
            if bound is not None:
                statement = statement.where(column == bound)
        with unavailable():
            async with self._engine.connect() as connection:
                found = (await connection.execute(statement)).all()
        return [
            Ranked(
                market=one.market,
                metrics=VenueMetrics(
                    listing=Listing(one.provider, one.venue_id),
                    window_days=one.window_days,
                    body=msgspec.Raw(msgspec.json.encode(one.body)),
                    computed_at=one.computed_at,
                ),
                name=one.name or one.venue_id,
                neighborhood=one.neighborhood,
            )
            for one in found
        ]
