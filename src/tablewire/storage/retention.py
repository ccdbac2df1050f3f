"""Takes away what is older than it has to be kept, a small batch at a time."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import Any

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from tablewire.errors import RetentionBusy
from tablewire.storage.export import HAPPENED_AT
from tablewire.storage.failures import unavailable
from tablewire.storage.kept_log import EVENTS, SPANS
from tablewire.storage.pools import CONNECT_TIMEOUT
from tablewire.storage.retention_door import Bound, RolledUp
from tablewire.storage.transactions import transaction

ONE_AT_A_TIME = "SELECT pg_try_advisory_xact_lock(7_215_901_006)"
"""Held for one batch: several processes never remove at once, and none keeps the lock when it dies."""

REMOVE_EVENTS = f"""
WITH page AS (
    SELECT e.id, coalesce({HAPPENED_AT} < coalesce(b.before, $4) AND e.id <= coalesce(b.upto, e.id), false) AS old
    FROM availability_events AS e
    LEFT JOIN unnest($1::text[], $2::timestamptz[], $3::bigint[]) AS b (market, before, upto) USING (market)
    WHERE e.id >= (SELECT oldest_id FROM feed_head) AND e.id < (SELECT last_id FROM feed_head)
    ORDER BY e.id LIMIT $5
), gone AS (
    DELETE FROM availability_events
    WHERE id IN (SELECT id FROM page WHERE id < ALL (SELECT id FROM page WHERE NOT old))
    RETURNING id, {HAPPENED_AT} AS at
)
SELECT count(*) AS removed, max(id) AS newest, max(at) AS at FROM gone
"""  # noqa: S608 - names of columns
"""From the oldest on, up to the first that has to stay: a log without holes. The newest stays whatever its age, for an
empty log would say that it was emptied by hand."""

FOLLOW_EVENTS = "UPDATE feed_head SET oldest_id = $1 WHERE oldest_id < $1"
"""Last in its transaction, for polls wait for this row."""

REMOVE_NOTIFICATIONS = """
WITH page AS (
    SELECT id, created_at < $1 AS old FROM notifications ORDER BY id LIMIT $2
), gone AS (
    DELETE FROM notifications
    WHERE id IN (SELECT id FROM page WHERE id < ALL (SELECT id FROM page WHERE NOT old))
    RETURNING id
)
SELECT count(*) AS removed, max(id) AS newest, NULL::timestamptz AS at FROM gone
"""
"""Their deliveries go with them."""

FOLLOW_NOTIFICATIONS = "UPDATE notification_head SET oldest_id = $1 WHERE oldest_id < $1"
"""Places that were given when notifications were marked later stay good: who has seen those made has missed nothing."""

REMOVE_SPANS = """
WITH page AS (
    SELECT market, day, provider, service_date FROM observed_spans WHERE market = $1 AND day < $2 ORDER BY day LIMIT $3
)
DELETE FROM observed_spans USING page
WHERE (observed_spans.market, observed_spans.day, observed_spans.provider, observed_spans.service_date)
    = (page.market, page.day, page.provider, page.service_date)
"""

MARK = """
INSERT INTO retention_marks (what, kept_since) VALUES ($1, $2)
ON CONFLICT (what) DO UPDATE SET kept_since = greatest(retention_marks.kept_since, excluded.kept_since)
"""

KEPT_SINCE = "SELECT kept_since FROM retention_marks WHERE what = $1"
ROLLED_UP = "SELECT market, event_id, finished_day FROM rollup_heads"


class PostgresRetention:
    """See `retention_door.RetentionStore`. Each batch is a transaction of its own, short enough that nobody notices it.

    It holds the row that polls wait for until its commit is done, so that does not wait for the disk: after a crash of the server
    the last batches are there again, whole, and go again.
    """

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        self._pool = pool

    async def rolled_up(self) -> Mapping[str, RolledUp]:
        """How far each market is rolled up; those that never were are not in it."""
        with unavailable():
            async with self._pool.acquire(timeout=CONNECT_TIMEOUT) as connection:
                rows = await connection.fetch(ROLLED_UP)
        return {row["market"]: RolledUp(row["event_id"], row["finished_day"]) for row in rows}

    async def kept_since(self) -> datetime | None:
        """Before this instant the log has holes: days before it cannot be rolled up from it again. None: it is whole."""
        with unavailable():
            async with self._pool.acquire(timeout=CONNECT_TIMEOUT) as connection:
                at: datetime | None = await connection.fetchval(KEPT_SINCE, EVENTS)
                return at

    async def remove_events(self, bounds: Mapping[str, Bound], others_before: datetime, limit: int) -> int:
        """Remove some of the oldest events; answers how many. Raises `RetentionBusy`, `StoreError`.

        `bounds` by market; events of other markets go by their age alone.
        """
        async with transaction(self._pool, flushed=False) as connection:
            row = await self._remove(
                connection,
                REMOVE_EVENTS,
                list(bounds),
                [bound.before for bound in bounds.values()],
                [bound.upto for bound in bounds.values()],
                others_before,
                limit,
            )
            if row["removed"]:
                await connection.execute(MARK, EVENTS, row["at"])
                await connection.execute(FOLLOW_EVENTS, row["newest"] + 1)
            return int(row["removed"])

    async def remove_notifications(self, before: datetime, limit: int) -> int:
        """Remove some of the oldest notifications with their deliveries; answers how many. Raises `RetentionBusy`, `StoreError`."""
        async with transaction(self._pool, flushed=False) as connection:
            row = await self._remove(connection, REMOVE_NOTIFICATIONS, before, limit)
            if row["removed"]:
                await connection.execute(FOLLOW_NOTIFICATIONS, row["newest"] + 1)
            return int(row["removed"])

    async def remove_spans(self, market: str, before: date, limit: int) -> int:
        """Remove some of the observed spans of days before one; answers how many. Raises `RetentionBusy`, `StoreError`."""
        async with transaction(self._pool, flushed=False) as connection:
            await self._lock(connection)
            done: str = await connection.execute(REMOVE_SPANS, market, before, limit)
            removed = int(done.rpartition(" ")[2])
            if removed:
                midnight = datetime.combine(before, time(), UTC)
                await connection.execute(MARK, SPANS + market, midnight)
            return removed

    async def _remove(
        self, connection: "PoolConnectionProxy[asyncpg.Record]", statement: str, *values: Any
    ) -> Any:
        await self._lock(connection)
        return await connection.fetchrow(statement, *values)

    async def _lock(self, connection: "PoolConnectionProxy[asyncpg.Record]") -> None:
        if not await connection.fetchval(ONE_AT_A_TIME):
            raise RetentionBusy("another process removes what is old")
