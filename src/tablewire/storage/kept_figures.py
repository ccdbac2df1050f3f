"""The kept figures of some venues, for lists that show them beside other things."""

from collections.abc import Collection, Mapping
from typing import Any, Final

import asyncpg
import msgspec

from tablewire.domain.restaurants import Listing
from tablewire.storage.failures import unavailable
from tablewire.storage.pools import CONNECT_TIMEOUT

WINDOW_DAYS: Final = 14
FIND = """
SELECT provider, venue_id, body::text AS body FROM venue_metrics
WHERE window_days = $1 AND (provider, venue_id) IN (SELECT * FROM unnest($2::text[], $3::text[]))
"""


class PostgresKeptFigures:
    """See `services.curated.FiguresDoor`."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        self._pool = pool

    async def figures_of(self, listings: Collection[Listing]) -> Mapping[Listing, Any]:
        """The figures of the last 14 days of those venues that have some."""
        providers = [listing.provider for listing in listings]
        venue_ids = [listing.venue_id for listing in listings]
        with unavailable():
            async with self._pool.acquire(timeout=CONNECT_TIMEOUT) as connection:
                rows = await connection.fetch(FIND, WINDOW_DAYS, providers, venue_ids)
        return {
            Listing(row["provider"], row["venue_id"]): msgspec.json.decode(row["body"], type=dict[str, Any])
            for row in rows
        }
