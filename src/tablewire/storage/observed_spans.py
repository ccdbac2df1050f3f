"""Observed time on PostgreSQL."""

from collections.abc import Iterable
from datetime import datetime

import asyncpg

from tablewire.storage.figure_door import ObservedDay
from tablewire.storage.observed_rows import body_of, spans_of, together
from tablewire.storage.storable import storable
from tablewire.storage.transactions import transaction

# The row is there before it is locked, so that two processes that begin it at once wait for each other.
BEGIN_ROW = """
INSERT INTO observed_spans (market, day, provider, service_date, body, updated_at) VALUES ($1, $2, $3, $4, '', $5)
ON CONFLICT DO NOTHING
"""

LOCK_ROW = """
SELECT body FROM observed_spans WHERE market = $1 AND day = $2 AND provider = $3 AND service_date = $4 FOR UPDATE
"""

WRITE_ROW = """
UPDATE observed_spans SET body = $5, updated_at = $6
WHERE market = $1 AND day = $2 AND provider = $3 AND service_date = $4
"""


class PostgresObserved:
    """See `figure_door.ObservedBook`."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        self._pool = pool

    async def add(self, rows: Iterable[ObservedDay], at: datetime) -> None:
        """Add to what is kept, a transaction a row: none is held for long."""
        for row in rows:
            key = (row.market, row.day, row.provider, row.service_date)
            more = {storable(venue_id): spans for venue_id, spans in row.spans.items()}
            async with transaction(self._pool) as connection:
                await connection.execute(BEGIN_ROW, *key, at)
                known = spans_of(await connection.fetchval(LOCK_ROW, *key))
                await connection.execute(WRITE_ROW, *key, body_of(together(known, more)), at)
