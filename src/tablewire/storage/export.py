"""Reads the log of events from one end to the other by a server-side cursor, a part at a time."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from typing import Any

import asyncpg
import msgspec

from tablewire.domain.events import Event
from tablewire.storage.event_rows import ONE_AS_JSON, event_of
from tablewire.storage.failures import unavailable
from tablewire.storage.pools import CONNECT_TIMEOUT

PART = 2_000
"""Events that are in memory at once."""
LONGEST_FETCH = 600.0
"""Seconds: the first part may lie behind all that is older."""

HAPPENED_AT = "coalesce(closed_at, opened_at, first_seen_at)"
"""The instant of a transition: of the closing where it is one, else of the opening."""

SPAN = "SELECT oldest_id, last_id FROM feed_head"

EVENTS = f"""
SELECT {ONE_AS_JSON} FROM availability_events
WHERE ($1::timestamptz IS NULL OR {HAPPENED_AT} >= $1) AND ($2::timestamptz IS NULL OR {HAPPENED_AT} < $2)
ORDER BY id
"""  # noqa: S608 - names of columns


class Span(msgspec.Struct, frozen=True):
    """The first and the last id of the log as it is read."""

    first: int
    last: int


class EventParts:
    """The wanted events in the order of the log, all of one moment, whatever is stored or removed meanwhile."""

    def __init__(self, span: Span, cursor: Any) -> None:
        self.span = span
        self._cursor = cursor

    async def next(self) -> list[Event]:
        """Some more; none at the end. Raises `StoreUnavailable`."""
        with unavailable():
            rows = await self._cursor.fetch(PART, timeout=LONGEST_FETCH)
        return [event_of(row[0]) for row in rows]


class PostgresExport:
    """The log as one long read, apart from the feed's pages."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        self._pool = pool

    @asynccontextmanager
    async def events(self, since: datetime | None, until: datetime | None) -> AsyncIterator[EventParts]:
        """Events that happened in [since, until); None: without that bound. Raises `StoreUnavailable`."""
        with unavailable():
            connection = await self._pool.acquire(timeout=CONNECT_TIMEOUT)
            # A snapshot: what retention takes away while it is read is in it all the same.
            reading = connection.transaction(isolation="repeatable_read", readonly=True)
        try:
            with unavailable():
                await reading.start()
                ends = await connection.fetchrow(SPAN)
                assert ends is not None, "feed_head has one row"
                cursor = await connection.cursor(EVENTS, since, until)
            yield EventParts(Span(ends["oldest_id"], ends["last_id"]), cursor)
        finally:
            with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                await reading.rollback()
            await self._pool.release(connection)
