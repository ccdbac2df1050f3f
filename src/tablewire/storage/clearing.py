"""Emptying the database of everything that was observed and of every wish, in one transaction; ids go on."""

import asyncpg

from tablewire.storage.bucket_refs import BucketRefs
from tablewire.storage.failures import unavailable
from tablewire.storage.pools import CONNECT_TIMEOUT
from tablewire.storage.shown_venues import ShownVenues
from tablewire.storage.transactions import transaction

EMPTIED = (
    "discovery_buckets",
    "baseline_slots",
    "venue_observations",
    "venues",
    "slot_changes",
    "availability_events",
    "bucket_days",
    "venue_links",
    "venue_restaurants",
    "watches",
    "venue_search_snapshots",
    "notify_requests",
    "watch_list",
    "notifications",
    "deliveries",
    "observed_spans",
    "venue_days",
    "market_days",
    "venue_metrics",
    "market_metrics",
    "forecast_verdicts",
    "rollup_heads",
    "retention_marks",
)
"""In the order in which they are locked: first what polls touch, in their order, so that a poll never waits for us while we wait for it."""

WAIT_FOR_LOCKS = "SET LOCAL lock_timeout = '10s'"
"""Whoever reads a table is waited for, but not for ever: meanwhile all others wait for us."""

LOCK_MATCHING = "SELECT FROM match_head FOR UPDATE"
LOCK_NOTIFICATIONS = "SELECT FROM notification_head FOR UPDATE"
"""Whoever tells takes these two first, in this order."""

TRUNCATE = f"TRUNCATE {', '.join(EMPTIED)} CONTINUE IDENTITY"

EMPTY_FEED = "UPDATE feed_head SET oldest_id = last_id + 1 RETURNING last_id"

EMPTY_NOTIFICATIONS = "UPDATE notification_head SET oldest_id = last_id + 1"

MATCHED_ALL = "UPDATE match_head SET event_id = $1"
"""What was read of the log before, and not told yet, is told no more: whoever wants to tell it finds the head moved."""

FORGET_ALERTS = "DELETE FROM alert_events WHERE notification_id IS NOT NULL OR event_id IS NOT NULL"

DATABASE_NAME = "SELECT current_database()"


class PostgresClearing:
    """Empties tables, and what other parts of the store remember of them."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]", refs: BucketRefs, venues: ShownVenues) -> None:
        self._pool = pool
        self._refs = refs
        self._venues = venues

    async def database_name(self) -> str:
        """The name of the database. Raises `StoreUnavailable`."""
        with unavailable():
            async with self._pool.acquire(timeout=CONNECT_TIMEOUT) as connection:
                return str(await connection.fetchval(DATABASE_NAME))

    async def clear(self) -> tuple[str, ...]:
        """Empty the tables; answers which ones.

        Stay: users, tokens, sessions, goals, channels, alert events that belong to no notification or event, what people decided of
        venues, and the heads that give ids. Raises `StoreUnavailable` where nothing was done, `CommitUnknown` where that cannot be known.
        """
        try:
            async with transaction(self._pool) as connection:
                for statement in (WAIT_FOR_LOCKS, LOCK_MATCHING, LOCK_NOTIFICATIONS, TRUNCATE):
                    await connection.execute(statement)
                newest = await connection.fetchval(EMPTY_FEED)
                await connection.execute(MATCHED_ALL, newest)
                await connection.execute(EMPTY_NOTIFICATIONS)
                await connection.execute(FORGET_ALERTS)
        finally:
            self._refs.forget()
            self._venues.forget()
        return EMPTIED
