"""Telling: notifications are made here, each in one transaction with all that goes with it."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import TypeAlias

import asyncpg
import msgspec
from asyncpg.pool import PoolConnectionProxy

from tablewire.domain.notifications import Notification, Telling
from tablewire.errors import MatchConflict
from tablewire.storage.failures import unavailable
from tablewire.storage.notification_door import Advance, Counted, Gone
from tablewire.storage.notification_rows import cleaned, stored, tellings_json
from tablewire.storage.pools import CONNECT_TIMEOUT
from tablewire.storage.storable import storable
from tablewire.storage.transactions import transaction

MATCH_HEAD = "SELECT event_id, openings FROM match_head"

ADVANCE = """
UPDATE match_head SET event_id = $2, openings = openings + $3 WHERE event_id = $1 RETURNING event_id
"""

LOCK_HEAD = "SELECT last_id FROM notification_head FOR UPDATE"
"""Whoever gives numbers holds the row until the commit: they become visible in order, and a look for repeats is exact."""

STORE = """
WITH told AS (
    SELECT * FROM ROWS FROM (json_to_recordset($1::json) AS (
        user_id bigint, kind text, source_id bigint, event_id bigint, slot_key text, opening text, title text, body text,
        book_url text, facts jsonb, goal_match_score double precision
    )) WITH ORDINALITY
), wanted AS (
    SELECT told.*, coalesce(request.once, false) AS once
    FROM told
    JOIN users ON users.id = told.user_id
    LEFT JOIN notify_requests AS request
        ON told.kind = 'notify' AND request.id = told.source_id AND request.user_id = told.user_id AND request.status = 'active'
    WHERE CASE told.kind
        WHEN 'notify' THEN request.id IS NOT NULL
        WHEN 'goal' THEN EXISTS (
            SELECT FROM goals WHERE goals.id = told.source_id AND goals.user_id = told.user_id AND goals.active
        )
        WHEN 'watch' THEN EXISTS (
            SELECT FROM watches WHERE watches.id = told.source_id AND watches.user_id = told.user_id
        )
        ELSE true
    END AND NOT EXISTS (
        SELECT FROM notifications AS old
        WHERE old.user_id = told.user_id AND old.kind = told.kind AND old.source_id = told.source_id
            AND old.slot_key = told.slot_key AND old.opening = told.opening
    ) AND (told.source_id IS NOT NULL OR NOT EXISTS (
        SELECT FROM notifications AS old
        WHERE old.user_id = told.user_id AND old.kind = told.kind AND old.source_id IS NULL
            AND old.slot_key = told.slot_key AND old.opening = told.opening
    ))
    FOR KEY SHARE OF users
), fresh AS (
    SELECT *, $3::bigint + row_number() OVER (ORDER BY ordinality) AS id
    FROM (
        SELECT
            *,
            row_number() OVER (PARTITION BY user_id, kind, source_id, slot_key, opening ORDER BY ordinality) AS telling,
            row_number() OVER (PARTITION BY user_id, kind, source_id ORDER BY ordinality) AS of_source
        FROM wanted
    ) AS counted
    WHERE (telling = 1 OR slot_key IS NULL OR opening IS NULL) AND (of_source = 1 OR NOT once)
), head AS (
    UPDATE notification_head SET last_id = last_id + (SELECT count(*) FROM fresh)
), fulfilled AS (
    UPDATE notify_requests SET status = 'fulfilled', fulfilled_by = fresh.id, updated_at = $2
    FROM fresh WHERE fresh.once AND notify_requests.id = fresh.source_id AND notify_requests.status = 'active'
), stored AS (
    INSERT INTO notifications (
        id, user_id, kind, source_id, event_id, slot_key, opening, title, body, book_url, facts, goal_match_score, created_at,
        place
    )
    SELECT
        id, user_id, kind, source_id, event_id, slot_key, opening, title, body, book_url, facts, goal_match_score, $2, id
    FROM fresh
), ringing AS (
    SELECT fresh.id AS notification_id, channels.id AS channel_id
    FROM fresh
    JOIN channels ON channels.user_id = fresh.user_id AND NOT channels.paused
        AND (channels.kinds IS NULL OR fresh.kind = ANY (channels.kinds))
    FOR KEY SHARE OF channels
), queued AS (
    INSERT INTO deliveries (notification_id, channel_id, purpose, status, attempts, due_at, created_at)
    SELECT notification_id, channel_id, 'new', 'pending', 0, $2, $2 FROM ringing
), sent AS (
    INSERT INTO alert_events (
        user_id, client_id, event_type, occurred_at, received_at, notification_id, event_id, provider, venue_id, channel,
        goal_match_score, metadata
    )
    SELECT
        user_id, 'sent:' || id || ':app', 'alert_sent', $2, $2, id, event_id, facts ->> 'provider', facts ->> 'venue_id', 'app',
        goal_match_score, '{}'
    FROM fresh
    ON CONFLICT (user_id, client_id) DO NOTHING
)
SELECT id, ordinality FROM fresh ORDER BY id
"""

COUNT = """
UPDATE goals SET matched = goals.matched + new.matched, told = goals.told + new.told
FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS new (id, matched, told)
WHERE goals.id = new.id
"""

TOLD_OF = """
SELECT count(*) > 0
FROM unnest($1::text[], $2::text[]) AS gone (slot_key, opening)
CROSS JOIN LATERAL (
    SELECT FROM notifications
    WHERE notifications.slot_key = gone.slot_key AND notifications.closed_at IS NULL
        AND split_part(notifications.opening, '+', 1) = gone.opening
    LIMIT 1
) AS told
"""
"""Most tables that go were told to nobody: numbers are asked for only where one was. Each is looked up by itself, so that the
planner never reads the whole table in the hope of an early hit."""

CLOSE = """
WITH gone AS (
    SELECT * FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::double precision[])
        AS one (slot_key, opening, closed_at, open_seconds)
), hit AS (
    SELECT one.*, $6::bigint + row_number() OVER (ORDER BY id) AS place
    FROM (
        SELECT DISTINCT ON (told.id) told.id, gone.closed_at, gone.open_seconds
        FROM gone
        CROSS JOIN LATERAL (
            SELECT notifications.id FROM notifications
            WHERE notifications.slot_key = gone.slot_key AND notifications.closed_at IS NULL
                AND split_part(notifications.opening, '+', 1) = gone.opening
            OFFSET 0
        ) AS told
        ORDER BY told.id, gone.closed_at
    ) AS one
), head AS (
    UPDATE notification_head SET last_id = last_id + (SELECT count(*) FROM hit)
), closed AS (
    UPDATE notifications SET closed_at = hit.closed_at, open_seconds = hit.open_seconds, place = hit.place
    FROM hit WHERE notifications.id = hit.id
), ringing AS (
    SELECT hit.id AS notification_id, channels.id AS channel_id
    FROM hit
    JOIN deliveries ON deliveries.notification_id = hit.id AND deliveries.purpose = 'new'
        AND deliveries.status IN ('pending', 'sent')
    JOIN channels ON channels.id = deliveries.channel_id
    FOR KEY SHARE OF channels
)
INSERT INTO deliveries (notification_id, channel_id, purpose, status, attempts, due_at, created_at)
SELECT notification_id, channel_id, 'gone', 'pending', 0, $5, $5 FROM ringing
ON CONFLICT (notification_id, channel_id, purpose) DO NOTHING
"""

Connection: TypeAlias = "PoolConnectionProxy[asyncpg.Record]"


class PostgresTelling:
    """See `notification_door.NotificationWriter`."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        self._pool = pool

    async def tell(
        self,
        tellings: Sequence[Telling],
        at: datetime,
        *,
        advance: Advance | None = None,
        counted: Sequence[Counted] = (),
        gone: Sequence[Gone] = (),
    ) -> tuple[Notification, ...]:
        """Store notifications with all that goes with them; answers those that are new."""
        if not (tellings or gone or counted or advance):
            return ()
        async with transaction(self._pool) as connection:
            if advance is not None:
                await _advance(connection, advance)
            fresh = await _store(connection, tellings, at) if tellings else ()
            if counted:
                await _count(connection, counted)
            if gone:
                await _close(connection, gone, at)
        return fresh

    async def match_head(self) -> tuple[int, int]:
        """How far wishes have been matched."""
        with unavailable():
            async with self._pool.acquire(timeout=CONNECT_TIMEOUT) as connection:
                row = await connection.fetchrow(MATCH_HEAD)
        assert row is not None, "the migration makes the row"
        return row["event_id"], row["openings"]


async def _advance(connection: "Connection", advance: Advance) -> None:
    moved = await connection.fetchval(ADVANCE, advance.expected_event, advance.event_id, advance.openings)
    if moved is None:
        raise MatchConflict(f"the events after {advance.expected_event} have been matched elsewhere")


async def _store(
    connection: "Connection", tellings: Sequence[Telling], at: datetime
) -> tuple[Notification, ...]:
    tellings = [cleaned(telling) for telling in tellings]
    last_id = await connection.fetchval(LOCK_HEAD)
    rows = await connection.fetch(STORE, tellings_json(tellings), at, last_id)
    return tuple(stored(tellings[row["ordinality"] - 1], row["id"], at) for row in rows)


async def _count(connection: "Connection", counted: Sequence[Counted]) -> None:
    sums: defaultdict[int, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for one in counted:
        matched, told = sums[one.goal_id]
        sums[one.goal_id] = (matched + one.matched, told + one.told)
    # In one order for all, so that two writers do not wait for each other.
    ids = sorted(sums)
    await connection.execute(COUNT, ids, [sums[id][0] for id in ids], [sums[id][1] for id in ids])


async def _close(connection: "Connection", gone: Sequence[Gone], at: datetime) -> None:
    keys, openings = [storable(one.slot_key) for one in gone], [storable(one.opening) for one in gone]
    if not await connection.fetchval(TOLD_OF, keys, openings):
        return
    last_id = await connection.fetchval(LOCK_HEAD)
    closed = [msgspec.structs.astuple(one)[2:] for one in gone]
    await connection.execute(
        CLOSE, keys, openings, [when for when, _ in closed], [seconds for _, seconds in closed], at, last_id
    )
