"""The outbox on PostgreSQL: deliveries are claimed under a lease, sent outside of any lock, and their outcome is noted."""

from collections.abc import Collection, Sequence
from datetime import datetime
from types import SimpleNamespace
from typing import Any, Literal, TypeAlias, cast
from uuid import UUID, uuid4

import asyncpg
import msgspec
from asyncpg.pool import PoolConnectionProxy

from tablewire.domain.channels import Channel
from tablewire.storage.channel_door import Batch, Depth, Parcel, Waiting
from tablewire.storage.channels import channel_of
from tablewire.storage.failures import unavailable
from tablewire.storage.notification_rows import COLUMNS, notification_of
from tablewire.storage.pools import CONNECT_TIMEOUT
from tablewire.storage.storable import storable
from tablewire.storage.transactions import transaction

IN_DIGEST = "digest"
"""The receipt of what went out together with others: nothing can take its place."""
MOST_IN_A_BATCH = 5_000
_BURST = 5
_LONGEST_ERROR = 500

WAITING = """
SELECT c.*, u.time_zone, d.new, d.first_at, d.retries, d.gone, (
    SELECT created_at FROM deliveries
    WHERE channel_id = c.id AND purpose = 'new' ORDER BY id DESC OFFSET $3 LIMIT 1
) AS burst_at
FROM (
    SELECT channel_id,
        count(*) FILTER (WHERE purpose = 'new' AND batch IS NULL) AS new,
        min(created_at) FILTER (WHERE purpose = 'new' AND batch IS NULL) AS first_at,
        count(*) FILTER (WHERE batch IS NOT NULL AND due_at <= $1) AS retries,
        count(*) FILTER (WHERE purpose = 'gone' AND batch IS NULL) AS gone,
        min(due_at) AS due_at
    FROM deliveries WHERE status = 'pending'
    GROUP BY channel_id
    HAVING bool_or(due_at <= $1) AND NOT bool_or(lease_until > $1 IS TRUE)
) d JOIN channels c ON c.id = d.channel_id JOIN users u ON u.id = c.user_id
WHERE NOT c.paused
ORDER BY d.due_at LIMIT $2
"""

HOLD = """
UPDATE deliveries SET due_at = $3
WHERE channel_id = $1 AND status = 'pending' AND purpose = $2 AND batch IS NULL AND due_at < $3
"""

LOCK_CHANNEL = "SELECT * FROM channels WHERE id = $1 AND NOT paused FOR NO KEY UPDATE SKIP LOCKED"

# One message at a time for a channel: another process may be sending to it.
BUSY = (
    "SELECT EXISTS (SELECT FROM deliveries WHERE channel_id = $1 AND status = 'pending' AND lease_until > $2)"
)

# A batch that was begun comes first, whole: its message's id stays, and so does what it says.
AGAIN = """
SELECT batch FROM deliveries
WHERE channel_id = $1 AND status = 'pending' AND purpose = $3 AND batch IS NOT NULL AND due_at <= $2
ORDER BY due_at, id LIMIT 1
"""
LEASE_AGAIN = """
UPDATE deliveries SET attempts = attempts + 1, lease_until = $2
WHERE channel_id = $1 AND batch = $3 AND status = 'pending' RETURNING id
"""

LEASE_NEW = """
UPDATE deliveries SET attempts = 1, lease_until = $2, batch = $5
WHERE id IN (
    SELECT id FROM deliveries
    WHERE channel_id = $1 AND status = 'pending' AND purpose = $3 AND batch IS NULL ORDER BY id LIMIT $4
) RETURNING id
"""

PARCELS = f"""
SELECT d.id AS delivery_id, d.batch, d.purpose, d.attempts, before.status AS before_status, before.receipt AS before_receipt,
    {", ".join(f"n.{name.strip()}" for name in COLUMNS.split(","))}
FROM deliveries d
JOIN notifications n ON n.id = d.notification_id
LEFT JOIN deliveries before ON d.purpose = 'gone' AND before.notification_id = d.notification_id
    AND before.channel_id = d.channel_id AND before.purpose = 'new'
WHERE d.id = ANY ($1::bigint[]) ORDER BY d.id
"""  # noqa: S608 - only names of columns

# The number of the try makes sure that it is still ours: whoever took the batch over after our lease has counted on.
SENT = """
UPDATE deliveries SET status = CASE WHEN id = ANY ($4::bigint[]) THEN 'skipped' ELSE 'sent' END,
    sent_at = CASE WHEN id = ANY ($4::bigint[]) THEN NULL ELSE $3::timestamptz END,
    last_error = CASE WHEN id = ANY ($4::bigint[]) THEN 'its table was gone before it could be sent' END,
    receipt = CASE WHEN id = ANY ($4::bigint[]) THEN NULL ELSE $5 END, lease_until = NULL
WHERE batch = $1 AND attempts = $2 AND status = 'pending' RETURNING id
"""
WORKS = "UPDATE channels SET last_sent_at = $2, failing_since = NULL, last_error = NULL, last_error_at = NULL WHERE id = $1"
ALERT_SENT = """
INSERT INTO alert_events (
    user_id, client_id, event_type, occurred_at, received_at, notification_id, event_id, provider, venue_id, channel,
    goal_match_score, metadata
)
SELECT n.user_id, 'sent:' || n.id || ':' || d.channel_id, 'alert_sent', $2, $2, n.id, n.event_id, n.facts ->> 'provider',
    n.facts ->> 'venue_id', $3, n.goal_match_score, '{}'
FROM deliveries d JOIN notifications n ON n.id = d.notification_id
WHERE d.batch = $1 AND d.status = 'sent' AND d.purpose = 'new'
ON CONFLICT (user_id, client_id) DO NOTHING
"""

SKIPPED = """
UPDATE deliveries SET status = 'skipped', last_error = $3, lease_until = NULL
WHERE batch = $1 AND attempts = $2 AND status = 'pending'
"""

FAILED = """
UPDATE deliveries SET status = CASE WHEN $4::timestamptz IS NULL THEN 'failed' ELSE 'pending' END,
    due_at = coalesce($4, due_at), last_error = $3, lease_until = NULL
WHERE batch = $1 AND attempts = $2 AND status = 'pending' RETURNING id
"""
FAILS = """
UPDATE channels SET last_error = $3, last_error_at = $2, failing_since = coalesce(failing_since, $2),
    paused = paused OR $4::text IS NOT NULL, paused_why = coalesce($4, paused_why)
WHERE id = $1
"""
EMPTY = """
UPDATE deliveries SET status = 'failed', last_error = $2, lease_until = NULL WHERE channel_id = $1 AND status = 'pending'
"""

DEPTH = """
SELECT count(*) AS pending, min(d.created_at) AS oldest_at, min(d.due_at) FILTER (WHERE NOT c.paused) AS due_since,
    (SELECT count(*) FROM channels WHERE failing_since IS NOT NULL AND NOT paused) AS failing,
    (SELECT count(*) FROM channels WHERE paused_why IS NOT NULL AND paused) AS paused
FROM deliveries d JOIN channels c ON c.id = d.channel_id WHERE d.status = 'pending'
"""

Connection: TypeAlias = "PoolConnectionProxy[asyncpg.Record]"


class PostgresOutbox:
    """See `channel_door.Outbox` for what each question means."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        self._pool = pool

    async def waiting(self, now: datetime, limit: int) -> Sequence[Waiting]:
        """Channels with something due."""
        with unavailable():
            async with self._pool.acquire(timeout=CONNECT_TIMEOUT) as connection:
                rows = await connection.fetch(WAITING, now, limit, _BURST)
        return [
            Waiting(
                channel=_channel(row),
                time_zone=row["time_zone"],
                new=row["new"],
                first_at=row["first_at"],
                burst_at=row["burst_at"],
                retries=row["retries"],
                gone=row["gone"],
            )
            for row in rows
        ]

    async def hold(self, channel_id: int, purpose: Literal["new", "gone"], until: datetime) -> None:
        """Let what was never tried wait."""
        with unavailable():
            async with self._pool.acquire(timeout=CONNECT_TIMEOUT) as connection:
                await connection.execute(HOLD, channel_id, purpose, until)

    async def claim(
        self, channel_id: int, purpose: Literal["new", "gone"], now: datetime, lease_until: datetime
    ) -> Batch | None:
        """Take what is to be sent next, under a lease."""
        async with transaction(self._pool) as connection:
            channel = await connection.fetchrow(LOCK_CHANNEL, channel_id)
            if channel is None or await connection.fetchval(BUSY, channel_id, now):
                return None
            ids = await _lease(connection, channel_id, purpose, now, lease_until)
            rows = await connection.fetch(PARCELS, ids) if ids else []
        if not rows:
            return None
        return Batch(
            id=str(rows[0]["batch"]),
            channel=_channel(channel),
            address=channel["address"],
            purpose=rows[0]["purpose"],
            tries=rows[0]["attempts"],
            parcels=tuple(map(_parcel, rows)),
        )

    async def sent(
        self, batch: Batch, at: datetime, receipt: str | None, *, left_out: Collection[int] = ()
    ) -> bool:
        """Note that a batch went out."""
        alone = len(batch.parcels) == 1
        async with transaction(self._pool) as connection:
            ours = await connection.fetch(
                SENT, UUID(batch.id), batch.tries, at, list(left_out), receipt if alone else IN_DIGEST
            )
            if ours:
                await connection.execute(WORKS, batch.channel.id, at)
                await connection.execute(ALERT_SENT, UUID(batch.id), at, batch.channel.name)
        return bool(ours)

    async def skipped(self, batch: Batch, at: datetime, why: str) -> None:  # noqa: ARG002 - as the others are told
        """Note that a batch needs no message."""
        with unavailable():
            async with self._pool.acquire(timeout=CONNECT_TIMEOUT) as connection:
                await connection.execute(SKIPPED, UUID(batch.id), batch.tries, why)

    async def failed(
        self, batch: Batch, at: datetime, reason: str, *, retry_at: datetime | None, pause: str | None = None
    ) -> bool:
        """Note that a try failed."""
        said = storable(reason)[:_LONGEST_ERROR]
        async with transaction(self._pool) as connection:
            ours = await connection.fetch(FAILED, UUID(batch.id), batch.tries, said, retry_at)
            if ours:
                await connection.execute(FAILS, batch.channel.id, at, said, pause)
                if pause is not None:
                    await connection.execute(EMPTY, batch.channel.id, "the channel was paused")
        return bool(ours)

    async def depth(self) -> Depth:
        """How much waits."""
        with unavailable():
            async with self._pool.acquire(timeout=CONNECT_TIMEOUT) as connection:
                row = await connection.fetchrow(DEPTH)
        assert row is not None, "an aggregate has a row"
        return Depth(**row)


async def _lease(
    connection: Connection, channel_id: int, purpose: str, now: datetime, until: datetime
) -> list[int]:
    begun = await connection.fetchval(AGAIN, channel_id, now, purpose)
    if begun is not None:
        rows = await connection.fetch(LEASE_AGAIN, channel_id, until, begun)
    else:
        # Each message that says that a table is gone replaces another one, so they go one by one.
        most = MOST_IN_A_BATCH if purpose == "new" else 1
        rows = await connection.fetch(LEASE_NEW, channel_id, until, purpose, most, uuid4())
    return [row["id"] for row in rows]


def _channel(row: asyncpg.Record) -> Channel:
    values: dict[str, Any] = dict(row)
    values["quiet"] = None if values["quiet"] is None else msgspec.json.decode(values["quiet"])
    return channel_of(SimpleNamespace(**values))


def _parcel(row: asyncpg.Record) -> Parcel:
    values = dict(row)
    delivery_id, status, receipt = (
        values.pop(name) for name in ("delivery_id", "before_status", "before_receipt")
    )
    for name in ("batch", "purpose", "attempts"):
        del values[name]
    told = status == "sent" and receipt != IN_DIGEST
    return Parcel(delivery_id, notification_of(cast("asyncpg.Record", values)), told, receipt)
