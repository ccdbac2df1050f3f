"""Rolled-up days and the figures of venues on PostgreSQL."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import date, datetime
from functools import lru_cache
from typing import Any

import asyncpg
import msgspec

from tablewire.domain.restaurants import Listing
from tablewire.insights.daily import ROW_VERSION, VenueDay
from tablewire.storage.failures import unavailable
from tablewire.storage.figure_door import Head, LogView, Remembered, RolledDay, VenueMetrics
from tablewire.storage.log_views import log_view
from tablewire.storage.pools import CONNECT_TIMEOUT
from tablewire.storage.transactions import transaction

KEEP_DAYS = """
INSERT INTO venue_days (market, provider, venue_id, day, version, finished, body, shown, computed_at)
SELECT $1, provider, venue_id, day, $2, finished, body, shown::date[], $3
FROM unnest($4::text[], $5::text[], $6::date[], $7::bool[], $8::bytea[], $9::text[])
    AS new (provider, venue_id, day, finished, body, shown)
ON CONFLICT (market, provider, venue_id, day) DO UPDATE SET
    version = excluded.version, finished = excluded.finished, body = excluded.body, shown = excluded.shown,
    computed_at = excluded.computed_at
"""

KEEP_HEAD = """
INSERT INTO rollup_heads (market, event_id, finished_day, rolled_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (market) DO UPDATE SET
    event_id = excluded.event_id, finished_day = excluded.finished_day, rolled_at = excluded.rolled_at
"""

DAYS = """
SELECT venue_id, body FROM venue_days
WHERE market = $1 AND provider = $2 AND venue_id = ANY ($3::text[]) AND day >= $4 AND version = $5 ORDER BY venue_id, day
"""

LISTINGS = """
SELECT DISTINCT provider, venue_id FROM venue_days WHERE market = $1 AND day >= $2 ORDER BY provider, venue_id
"""

MARKET_OF = "SELECT market FROM venue_days WHERE provider = $1 AND venue_id = $2 ORDER BY day DESC LIMIT 1"

FINISHED_DAY = "SELECT finished_day FROM rollup_heads WHERE market = $1"

KEEP_METRICS = """
INSERT INTO venue_metrics (market, provider, venue_id, window_days, body, computed_at)
SELECT $1, new.* FROM unnest($2::text[], $3::text[], $4::smallint[], $5::jsonb[], $6::timestamptz[]) AS new
ON CONFLICT (provider, venue_id, window_days, market) DO UPDATE SET
    body = excluded.body, computed_at = excluded.computed_at
"""

METRICS = "SELECT provider, venue_id, body, computed_at FROM venue_metrics WHERE window_days = $1"

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(VenueDay).decode


class PostgresRolledDays:
    """See `figure_door.RolledBook`; `prime_slot` is the time slot that is prime time."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        self._pool = pool

    def reading(self, prime_slot: str, remembered: Remembered) -> AbstractAsyncContextManager[LogView]:
        """See everything as it is now."""
        return log_view(self._pool, prime_slot, remembered)

    async def keep_days(self, market: str, rows: Sequence[RolledDay], at: datetime) -> None:
        """Store rows, all at once."""
        columns: list[list[Any]] = [
            [row.listing.provider for row in rows],
            [row.listing.venue_id for row in rows],
            [row.body.day for row in rows],
            [row.body.finished for row in rows],
            [_encode(row.body) for row in rows],
            [_array(row.shown) for row in rows],
        ]
        await self._write_ahead_of_head(KEEP_DAYS, market, ROW_VERSION, at, *columns)

    async def keep_head(self, market: str, head: Head) -> None:
        """Note how far a market is rolled up."""
        async with transaction(self._pool) as connection:
            await connection.execute(KEEP_HEAD, market, head.event_id, head.finished_day, head.rolled_at)

    async def finished_day(self, market: str) -> date | None:
        """The last day that is over, and rolled up whole; None where there is none. Raises `StoreUnavailable`."""
        rows = await self._read(FINISHED_DAY, market)
        return rows[0]["finished_day"] if rows else None

    async def days(
        self, market: str, provider: str, venue_ids: Sequence[str], since: date
    ) -> Mapping[str, list[VenueDay]]:
        """Rows of venues."""
        found: defaultdict[str, list[VenueDay]] = defaultdict(list)
        for row in await self._read(DAYS, market, provider, list(venue_ids), since, ROW_VERSION):
            found[row["venue_id"]].append(_decode(row["body"]))
        return found

    async def listings(self, market: str, since: date) -> list[Listing]:
        """Venues with rows."""
        rows = await self._read(LISTINGS, market, since)
        return [Listing(row["provider"], row["venue_id"]) for row in rows]

    async def market_of(self, listing: Listing) -> str | None:
        """The market of its newest row."""
        rows = await self._read(MARKET_OF, *listing)
        return rows[0]["market"] if rows else None

    async def keep_metrics(self, market: str, rows: Sequence[VenueMetrics]) -> None:
        """Store figures."""
        await self._write_ahead_of_head(
            KEEP_METRICS,
            market,
            [row.listing.provider for row in rows],
            [row.listing.venue_id for row in rows],
            [row.window_days for row in rows],
            [bytes(row.body).decode() for row in rows],
            [row.computed_at for row in rows],
        )

    async def metrics(self, window_days: int) -> list[VenueMetrics]:
        """Figures of all venues."""
        return [
            VenueMetrics(
                listing=Listing(row["provider"], row["venue_id"]),
                window_days=window_days,
                body=msgspec.Raw(row["body"]),
                computed_at=row["computed_at"],
            )
            for row in await self._read(METRICS, window_days)
        ]

    async def _read(self, statement: str, *values: Any) -> list[asyncpg.Record]:
        with unavailable():
            async with self._pool.acquire(timeout=CONNECT_TIMEOUT) as connection:
                return await connection.fetch(statement, *values)

    async def _write_ahead_of_head(self, statement: str, *values: Any) -> None:
        """Rows are durable when the head is: what is lost with a crash before it is rolled up again."""
        async with transaction(self._pool, flushed=False) as connection:
            await connection.execute(statement, *values)


@lru_cache(maxsize=4_096)
def _array(days: tuple[date, ...]) -> str:
    """Dates as an array is written: an array of arrays has no other way into a statement."""
    return "{" + ",".join(map(date.isoformat, days)) + "}"
