"""The notifications on PostgreSQL: made, read and marked."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

import asyncpg

from tablewire.domain.notifications import Notification
from tablewire.storage.failures import unavailable
from tablewire.storage.notification_rows import COLUMNS, notification_of
from tablewire.storage.pools import CONNECT_TIMEOUT
from tablewire.storage.telling import LOCK_HEAD, PostgresTelling
from tablewire.storage.transactions import transaction

OF_USER = f"""
SELECT {COLUMNS} FROM notifications
WHERE user_id = $1 AND ($2::bigint IS NULL OR id < $2) ORDER BY id DESC LIMIT $3
"""  # noqa: S608 - names of columns

UNREAD_OF_USER = f"""
SELECT {COLUMNS} FROM notifications
WHERE user_id = $1 AND ($2::bigint IS NULL OR id < $2) AND read_at IS NULL ORDER BY id DESC LIMIT $3
"""  # noqa: S608 - names of columns

AFTER = f"""
SELECT {COLUMNS} FROM notifications
WHERE place > $1 AND ($2::bigint IS NULL OR place <= $2) ORDER BY place LIMIT $3
"""  # noqa: S608 - names of columns

OF_USER_AFTER = f"""
SELECT {COLUMNS} FROM notifications
WHERE user_id = $4 AND place > $1 AND ($2::bigint IS NULL OR place <= $2) ORDER BY place LIMIT $3
"""  # noqa: S608 - names of columns

GET = f"SELECT {COLUMNS} FROM notifications WHERE user_id = $1 AND id = $2"  # noqa: S608 - names of columns

COUNT_UNREAD = "SELECT count(*) FROM notifications WHERE user_id = $1 AND read_at IS NULL"

ANY_UNREAD = """
SELECT EXISTS (
    SELECT FROM notifications WHERE user_id = $1 AND read_at IS NULL AND ($2::bigint[] IS NULL OR id = ANY ($2))
)
"""

MARK_READ = """
WITH unread AS (
    SELECT id, $4::bigint + row_number() OVER (ORDER BY id) AS place FROM notifications
    WHERE user_id = $1 AND read_at IS NULL AND ($2::bigint[] IS NULL OR id = ANY ($2))
), head AS (
    UPDATE notification_head SET last_id = last_id + (SELECT count(*) FROM unread)
), marked AS (
    UPDATE notifications SET read_at = $3, place = unread.place FROM unread WHERE notifications.id = unread.id
)
SELECT count(*) FROM unread
"""

ENDS = "SELECT oldest_id, last_id FROM notification_head"


class PostgresNotifications:
    """See `notification_door.NotificationWriter` and `NotificationReader`."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        self._pool = pool
        telling = PostgresTelling(pool)
        self.tell, self.match_head = telling.tell, telling.match_head

    async def of_user(
        self, user_id: int, before: int | None, limit: int, *, unread: bool = False
    ) -> list[Notification]:
        """A page, newest first."""
        statement = UNREAD_OF_USER if unread else OF_USER
        return [notification_of(row) for row in await self._read(statement, user_id, before, limit)]

    async def after(
        self, cursor: int, limit: int, *, user_id: int | None = None, upto: int | None = None
    ) -> list[Notification]:
        """What is new or changed beyond a place, in the order of places."""
        if user_id is None:
            rows = await self._read(AFTER, cursor, upto, limit)
        else:
            rows = await self._read(OF_USER_AFTER, cursor, upto, limit, user_id)
        return [notification_of(row) for row in rows]

    async def get(self, user_id: int, notification_id: int) -> Notification | None:
        """One of a user's own."""
        rows = await self._read(GET, user_id, notification_id)
        return notification_of(rows[0]) if rows else None

    async def count_unread(self, user_id: int) -> int:
        """How many the user has not read."""
        rows = await self._read(COUNT_UNREAD, user_id)
        return int(rows[0][0])

    async def mark_read(self, user_id: int, notification_ids: Collection[int] | None, at: datetime) -> int:
        """Mark some or all as read."""
        wanted = None if notification_ids is None else list(notification_ids)
        async with transaction(self._pool) as connection:
            if not await connection.fetchval(ANY_UNREAD, user_id, wanted):
                return 0
            last_id = await connection.fetchval(LOCK_HEAD)
            marked: int = await connection.fetchval(MARK_READ, user_id, wanted, at, last_id)
        return marked

    async def ends(self) -> tuple[int, int]:
        """The oldest and the newest place."""
        rows = await self._read(ENDS)
        return rows[0]["oldest_id"], rows[0]["last_id"]

    async def _read(self, statement: str, *parameters: Any) -> list[asyncpg.Record]:
        with unavailable():
            async with self._pool.acquire(timeout=CONNECT_TIMEOUT) as connection:
                return await connection.fetch(statement, *parameters)
