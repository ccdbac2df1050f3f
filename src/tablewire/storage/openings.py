"""Openings counted in PostgreSQL's log: where tables have opened lately."""

from collections.abc import Sequence
from datetime import datetime, time

import asyncpg

from tablewire.storage.failures import unavailable
from tablewire.storage.pools import CONNECT_TIMEOUT
from tablewire.storage.protocol import OpeningCount

COUNT_OPENINGS = """
SELECT venue_id, service_date - local_at::date AS lead_days, release, count(*) AS openings
FROM availability_events,
  LATERAL (SELECT opened_at AT TIME ZONE $3 AS local_at, opened_after AT TIME ZONE $3 AS local_after) AS local,
  LATERAL (
    SELECT max(wall) AS release FROM unnest($5::time[]) AS wall
    WHERE local_at::date + wall > local_after AND local_at::date + wall <= local_at
  ) AS latest
WHERE opened_at >= $4 AND event_type <> 'CLOSED' AND market = $1 AND provider = $2
GROUP BY 1, 2, 3
"""
"""`opened_at` rises with the log, so its small block-range index leads to the few blocks of the last days."""


class PostgresOpenings:
    """Reads counts of openings."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        self._pool = pool

    async def opening_counts(
        self, market: str, provider: str, zone: str, since: datetime, releases: Sequence[time]
    ) -> list[OpeningCount]:
        """Count; see `protocol.EventLog`."""
        with unavailable():
            async with self._pool.acquire(timeout=CONNECT_TIMEOUT) as connection:
                rows = await connection.fetch(COUNT_OPENINGS, market, provider, zone, since, releases)
        return [
            OpeningCount(row["venue_id"], row["lead_days"], row["release"], row["openings"]) for row in rows
        ]
