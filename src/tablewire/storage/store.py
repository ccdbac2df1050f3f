"""The store on PostgreSQL, whole: the log, the checkpoints and the venues behind one door."""

import asyncio
from datetime import datetime
from typing import Self

import asyncpg
from sqlalchemy.ext.asyncio import AsyncEngine

from tablewire.errors import StoreUnavailable
from tablewire.storage import migrate
from tablewire.storage.alert_figures import PostgresAlertFigures
from tablewire.storage.bucket_refs import BucketRefs
from tablewire.storage.checkpoints import PostgresCheckpoints
from tablewire.storage.clearing import PostgresClearing
from tablewire.storage.event_log import PostgresEventLog
from tablewire.storage.export import PostgresExport
from tablewire.storage.failures import unavailable
from tablewire.storage.figures import FigureStore
from tablewire.storage.identities import PostgresIdentities
from tablewire.storage.kept_figures import PostgresKeptFigures
from tablewire.storage.market_figures import PostgresMarketFigures
from tablewire.storage.openings import PostgresOpenings
from tablewire.storage.people import PeopleStore
from tablewire.storage.pools import CONNECT_TIMEOUT, open_engine, open_pool
from tablewire.storage.retention import PostgresRetention
from tablewire.storage.shown_venues import ShownVenues
from tablewire.storage.venues import PostgresVenues

TABLE_SIZES = """
SELECT relname AS name, pg_total_relation_size(oid) AS bytes
FROM pg_class WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace ORDER BY relname
"""

PING_TIMEOUT = 2.0
"""Seconds that a probe waits for an answer, and as many again until its connection is given up."""
CLOSE_TIMEOUT = 5.0
"""Seconds that connections in use get to finish before they are cut."""


class PostgresStore:
    """One class for all of `protocol.Store`; each method's meaning stands there."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]", engine: AsyncEngine) -> None:
        self._pool = pool
        self._engine = engine
        refs, shown = BucketRefs(), ShownVenues()
        log, checkpoints, venues = (
            PostgresEventLog(pool, refs, shown),
            PostgresCheckpoints(pool, refs, shown),
            PostgresVenues(engine),
        )
        self.record, self.bounds = log.record, log.bounds
        self.after, self.before, self.of_venue = log.after, log.before, log.of_venue
        self.opening_counts = PostgresOpenings(pool).opening_counts
        self.load, self.stored_buckets, self.leave = (
            checkpoints.load,
            checkpoints.stored_buckets,
            checkpoints.leave,
        )
        self.save_observations, self.save_days = checkpoints.save_observations, checkpoints.save_days
        self.beat, self.newest_scan = checkpoints.beat, checkpoints.newest_scan
        self.settings_mark, self.forget_observations = (
            checkpoints.settings_mark,
            checkpoints.forget_observations,
        )
        self.learn, self.find, self.get = venues.learn, venues.find, venues.get
        self.neighborhoods = venues.neighborhoods
        clearing = PostgresClearing(pool, refs, shown)
        self.database_name, self.clear = clearing.database_name, clearing.clear
        self.people = PeopleStore(pool, engine)
        """The users, and what is theirs."""
        self.figures = FigureStore(pool, engine)
        """Observed time, and what is figured."""
        self.export = PostgresExport(pool)
        """The log as one long read."""
        self.retention = PostgresRetention(pool)
        """What is older than it has to be kept."""
        self.market_figures, self.alert_figures = PostgresMarketFigures(pool), PostgresAlertFigures(pool)
        self.kept_figures = PostgresKeptFigures(pool)
        """What is counted of markets, alerts, goals and venues."""
        identities = PostgresIdentities(engine)
        self.identities, self.decisions = identities.identities, identities.decisions
        self.relink, self.decide, self.undecide = identities.relink, identities.decide, identities.undecide

    @classmethod
    async def open(cls, dsn: str, *, max_size: int = 10) -> Self:
        """A store on a migrated database. Raises `StoreUnavailable` where PostgreSQL does not answer."""
        return cls(await open_pool(dsn, max_size=max_size), open_engine(dsn))

    async def close(self) -> None:
        """Give all connections back; those still in use are cut after a while."""
        await self._engine.dispose()
        try:
            await asyncio.wait_for(self._pool.close(), CLOSE_TIMEOUT)
        except TimeoutError:
            self._pool.terminate()

    async def ping(self) -> None:
        """Make sure that PostgreSQL answers and is migrated. Raises `StoreUnavailable` with the reason."""
        with unavailable():
            async with asyncio.timeout(PING_TIMEOUT), self._pool.acquire(timeout=PING_TIMEOUT) as connection:
                revision = await migrate.revision_of(connection)
        if revision != migrate.head():
            raise StoreUnavailable(
                f"the database is at revision {revision}, not {migrate.head()}: run `tablewire migrate`"
            )

    async def now(self) -> datetime:
        """The time by PostgreSQL's clock, in UTC. Raises `StoreUnavailable`."""
        with unavailable():
            async with self._pool.acquire(timeout=CONNECT_TIMEOUT) as connection:
                at: datetime = await connection.fetchval("SELECT clock_timestamp()")
                return at

    async def table_sizes(self) -> dict[str, int]:
        """Bytes on disk of each table, indexes included."""
        with unavailable():
            async with self._pool.acquire(timeout=CONNECT_TIMEOUT) as connection:
                return {row["name"]: row["bytes"] for row in await connection.fetch(TABLE_SIZES)}
