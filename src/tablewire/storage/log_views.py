"""The log, the open slots and the observed time of one instant, as roll-ups read them on PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import date, datetime, time, timedelta
from typing import Any

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from tablewire.domain.events import CloseReason, Origin, microseconds
from tablewire.domain.restaurants import Listing
from tablewire.errors import Conflict
from tablewire.insights.kept import Kept
from tablewire.insights.stays import Opened, Stay, bits
from tablewire.storage.export import HAPPENED_AT
from tablewire.storage.failures import unavailable
from tablewire.storage.figure_door import Head, ObservedDay, Remembered, Touched
from tablewire.storage.kept_log import KEPT, kept_of
from tablewire.storage.observed_rows import spans_of
from tablewire.storage.open_stays import OpenStayReader
from tablewire.storage.pools import CONNECT_TIMEOUT

ONE_AT_A_TIME = 0x7AB1E_F16
"""The key of the advisory lock: held by whoever rolls up, until their reading ends."""
LONGEST_STAY = timedelta(days=60)
"""No table is on sale for longer: what closed so long after a day began after it."""
PART = 2_000
"""Rows that are in memory at once."""
PATIENCE = 600.0
"""Seconds that one statement of a roll-up may take: nobody waits for it."""

LOCK = "SELECT pg_try_advisory_xact_lock($1)"
NEWEST = "SELECT last_id FROM feed_head"
HEAD = "SELECT event_id, finished_day, rolled_at FROM rollup_heads WHERE market = $1"

TOUCHED = f"""
SELECT provider, venue_id, min({HAPPENED_AT}) AS since
FROM availability_events WHERE id > $2 AND market = $1 GROUP BY provider, venue_id ORDER BY provider, venue_id
"""  # noqa: S608 - our own names

CHANGED_DAYS = "SELECT DISTINCT day FROM observed_spans WHERE market = $1 AND updated_at >= $2"

OBSERVED = """
SELECT provider, service_date, day, body FROM observed_spans
WHERE market = $1 AND day BETWEEN $2 AND $3 ORDER BY day, provider, service_date
"""

# Of a closing the instant at which it happened, by which there is an index, is `closed_at`; of a drop it is its opening.
CLOSED = f"""
SELECT provider, venue_id, service_date, slot_time, time_bucket, party_sizes, origin, first_seen_at, opened_at, closed_at, close_reason,
    drop_duration_seconds
FROM availability_events
WHERE event_type = 'CLOSED' AND market = $1 AND {HAPPENED_AT} >= $2 AND {HAPPENED_AT} < $4 AND first_seen_at < $3
"""  # noqa: S608 - our own names

# The newest row of each venue by itself: to sort all rows of all venues takes longer with every day that is kept.
SHOWN = """
SELECT wanted.venue_id, newest.shown FROM unnest($3::text[]) AS wanted (venue_id), LATERAL (
    SELECT shown FROM venue_days
    WHERE market = $1 AND provider = $2 AND venue_days.venue_id = wanted.venue_id AND day < $4 ORDER BY day DESC LIMIT 1
) AS newest
"""

DROPPED = f"""
SELECT provider, venue_id, service_date, slot_time, opened_at, party_sizes FROM availability_events
WHERE event_type = 'NEW_DROP' AND market = $1 AND {HAPPENED_AT} >= $2 AND {HAPPENED_AT} < $3
"""  # noqa: S608 - our own names

_ORIGINS = {origin.value: origin for origin in Origin}
_REASONS = {reason.value: reason for reason in CloseReason}
"""Tables, for a look into one costs a fifth of asking the class."""
_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


class PostgresLogView:
    """See `figure_door.LogView`; all of it in one transaction."""

    def __init__(
        self,
        connection: "PoolConnectionProxy[asyncpg.Record]",
        newest: int,
        prime_slot: str,
        remembered: Remembered,
    ) -> None:
        self.newest = newest
        self._connection = connection
        self._prime_slot = prime_slot
        self._remembered = remembered

    async def head(self, market: str) -> Head | None:
        """How far a market was rolled up."""
        rows = await self._read(HEAD, market)
        return Head(**dict(rows[0])) if rows else None

    async def kept(self, market: str) -> Kept:
        """What has not been taken away."""
        return kept_of((await self._read(KEPT, market))[0])

    async def touched(self, market: str, after: int) -> list[Touched]:
        """The venues that have events after one."""
        return [
            Touched(Listing(row["provider"], row["venue_id"]), microseconds(row["since"]))
            for row in await self._read(TOUCHED, market, after)
        ]

    async def changed_days(self, market: str, since: datetime) -> list[date]:
        """The days with more observed time."""
        return [row["day"] for row in await self._read(CHANGED_DAYS, market, since)]

    async def observed(self, market: str, first: date, last: date) -> list[ObservedDay]:
        """The observed time of some days."""
        found = []
        for row in await self._read(OBSERVED, market, first, last):
            spans = spans_of(row["body"])
            provider, on, day = row["provider"], row["service_date"], row["day"]
            found.append(ObservedDay(market=market, provider=provider, service_date=on, day=day, spans=spans))
            await asyncio.sleep(0)  # a city's day takes a millisecond or two
        return found

    async def closed(
        self, market: str, venues: Collection[Listing] | None, start: int, end: int
    ) -> dict[Listing, list[Stay]]:
        """Stays that are over.

        Venues are picked here: what just happened is in no statistics, and a join planned for a few rows takes a minute for a day's.
        """
        found: dict[tuple[str, str], list[Stay]] = {}
        values = market, _instant(start), _instant(end), _instant(end) + LONGEST_STAY
        async for rows in self._parts(CLOSED, *values):
            for row in rows:
                key = row["provider"], row["venue_id"]
                if venues is None or key in venues:
                    found.setdefault(key, []).append(_closed_stay(row))
        return {Listing(*key): stays for key, stays in found.items()}

    async def open(self, market: str, venues: Collection[Listing] | None) -> dict[Listing, list[Stay]]:
        """Stays that went on."""
        reader = OpenStayReader(self._connection, market, self._prime_slot, self._remembered)
        return await reader.read(venues)

    async def dropped(
        self, market: str, venues: Collection[Listing] | None, start: int, end: int
    ) -> dict[Listing, dict[Opened, int]]:
        """Openings of some time."""
        found: dict[tuple[str, str], dict[Opened, int]] = {}
        async for rows in self._parts(DROPPED, market, _instant(start), _instant(end)):
            for row in rows:
                key = row["provider"], row["venue_id"]
                if venues is None or key in venues:
                    opened = row["service_date"], _minute(row["slot_time"]), microseconds(row["opened_at"])
                    found.setdefault(key, {})[opened] = bits(tuple(row["party_sizes"]))
        return {Listing(*key): opened for key, opened in found.items()}

    async def shown(
        self, market: str, provider: str, venue_ids: Sequence[str], before: date
    ) -> Mapping[str, tuple[date, ...]]:
        """From the newest rows before a day."""
        rows = await self._read(SHOWN, market, provider, list(venue_ids), before)
        return {row["venue_id"]: tuple(row["shown"]) for row in rows}

    async def _parts(self, statement: str, *values: Any) -> AsyncIterator[list[asyncpg.Record]]:
        """Rows some at a time: a week of a city is many, and larger as rows than as what is made of them."""
        with unavailable():
            cursor = await self._connection.cursor(statement, *values, timeout=PATIENCE)
            while rows := await cursor.fetch(PART, timeout=PATIENCE):
                yield rows

    async def _read(self, statement: str, *values: Any) -> list[asyncpg.Record]:
        with unavailable():
            return await self._connection.fetch(statement, *values, timeout=PATIENCE)


@asynccontextmanager
async def log_view(
    pool: "asyncpg.Pool[asyncpg.Record]", prime_slot: str, remembered: Remembered
) -> AsyncIterator[PostgresLogView]:
    """A view of one instant; see `figure_door.RolledBook.reading`."""
    with unavailable():
        connection = await pool.acquire(timeout=CONNECT_TIMEOUT)
    try:
        with unavailable():
            transaction = connection.transaction(isolation="repeatable_read", readonly=True)
            await transaction.start()
        try:
            with unavailable():
                if not await connection.fetchval(LOCK, ONE_AT_A_TIME):
                    raise Conflict("The figures are being refreshed already.")
                newest = await connection.fetchval(NEWEST)
            yield PostgresLogView(connection, newest, prime_slot, remembered)
        finally:
            with unavailable():
                await transaction.rollback()
    finally:
        await pool.release(connection)


def _closed_stay(row: asyncpg.Record) -> Stay:
    seconds = row["drop_duration_seconds"]
    return Stay(
        service_date=row["service_date"],
        minute=_minute(row["slot_time"]),
        prime=row["time_bucket"] == "prime",
        sizes=bits(tuple(row["party_sizes"])),
        origin=_ORIGINS[row["origin"]],
        first_seen_at=microseconds(row["first_seen_at"]),
        opened_at=None if row["opened_at"] is None else microseconds(row["opened_at"]),
        closed_at=microseconds(row["closed_at"]),
        reason=_REASONS[row["close_reason"]],
        lasted=None if seconds is None else round(seconds * 1_000) * 1_000,
    )


def _minute(at: time) -> int:
    return at.hour * 60 + at.minute


def _instant(at: int) -> datetime:
    return _EPOCH + timedelta(microseconds=at)
