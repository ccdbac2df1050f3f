"""Users, wishes and channels put into a store directly, for tests of what is told of them."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Protocol

import asyncpg

from tablewire.storage.memory_notifications import (
    MemoryChannel,
    MemoryGoal,
    MemoryNotifications,
    MemoryRequest,
)
from tablewire.storage.notifications import PostgresNotifications

NOW = datetime(2026, 2, 11, 15, 4, 5, 123000, tzinfo=UTC)

Delivery = tuple[int, int, str, str]
"""Notification, channel, purpose, status."""


class Wishes(Protocol):
    """What telling looks at, made and looked at by tests."""

    async def user(self, name: str = "ann") -> int: ...
    async def watch(self, user: int) -> int: ...
    async def request(self, user: int, *, once: bool = False) -> int: ...
    async def goal(self, user: int, *, active: bool = True) -> int: ...
    async def channel(
        self, user: int, *, kinds: Sequence[str] | None = None, paused: bool = False
    ) -> int: ...
    async def request_state(self, request: int) -> tuple[str, int | None]: ...
    async def goal_counts(self, goal: int) -> tuple[int, int]: ...
    async def deliveries(self) -> list[Delivery]: ...
    async def set_status(self, delivery: Delivery, status: str) -> None: ...
    async def sent(self) -> list[str]: ...


class MemoryWishes:
    """In memory."""

    def __init__(self, kept: MemoryNotifications) -> None:
        self._kept = kept
        self._last = 0

    def _next(self) -> int:
        self._last += 1
        return self._last

    async def user(self, name: str = "ann") -> int:
        self._kept.users.add(user := self._next())
        return user

    async def watch(self, user: int) -> int:
        self._kept.watches[watch := self._next()] = user
        return watch

    async def request(self, user: int, *, once: bool = False) -> int:
        self._kept.requests[request := self._next()] = MemoryRequest(user_id=user, once=once)
        return request

    async def goal(self, user: int, *, active: bool = True) -> int:
        self._kept.goals[goal := self._next()] = MemoryGoal(user_id=user, active=active)
        return goal

    async def channel(self, user: int, *, kinds: Sequence[str] | None = None, paused: bool = False) -> int:
        made = MemoryChannel(user_id=user, kinds=None if kinds is None else tuple(kinds), paused=paused)
        self._kept.channels[channel := self._next()] = made
        return channel

    async def request_state(self, request: int) -> tuple[str, int | None]:
        kept = self._kept.requests[request]
        return kept.status, kept.fulfilled_by

    async def goal_counts(self, goal: int) -> tuple[int, int]:
        kept = self._kept.goals[goal]
        return kept.matched, kept.told

    async def deliveries(self) -> list[Delivery]:
        kept = self._kept.deliveries
        return [(one.notification_id, one.channel_id, one.purpose, one.status) for one in kept]

    async def set_status(self, delivery: Delivery, status: str) -> None:
        for one in self._kept.deliveries:
            if (one.notification_id, one.channel_id, one.purpose) == delivery[:3]:
                one.status = status

    async def sent(self) -> list[str]:
        return list(self._kept.sent)


class PostgresWishes:
    """In the tables."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        self._pool = pool

    async def _insert(self, statement: str, *values: Any) -> int:
        made: int = await self._pool.fetchval(f"INSERT INTO {statement} RETURNING id", *values)
        return made

    async def user(self, name: str = "ann") -> int:
        return await self._insert(
            "users (name, is_admin, time_zone, created_at) VALUES ($1, false, 'UTC', $2)", name, NOW
        )

    async def watch(self, user: int) -> int:
        return await self._insert(
            "watches (user_id, mode, venues, filters, every_minutes, paused, created_at, next_due_at)"
            " VALUES ($1, 'specific', '[]', '{}', 15, false, $2, $2)",
            user,
            NOW,
        )

    async def request(self, user: int, *, once: bool = False) -> int:
        return await self._insert(
            "notify_requests (user_id, venues, dates, once, status, created_at, updated_at, since_event, looked_back)"
            " VALUES ($1, '[]', '{}', $2, 'active', $3, $3, 0, true)",
            user,
            once,
            NOW,
        )

    async def goal(self, user: int, *, active: bool = True) -> int:
        return await self._insert(
            "goals (user_id, name, wish, min_score, active, created_at, updated_at, since_event, openings_before, matched, told, looked_back)"
            " VALUES ($1, 'g', '{}', 0.5, $2, $3, $3, 0, 0, 0, 0, true)",
            user,
            active,
            NOW,
        )

    async def channel(self, user: int, *, kinds: Sequence[str] | None = None, paused: bool = False) -> int:
        return await self._insert(
            "channels (user_id, name, type, address, shown, kinds, min_interval_seconds, paused, created_at)"
            " VALUES ($1, 'phone', 'apprise', ''::bytea, 'ntfy://…', $2, 0, $3, $4)",
            user,
            None if kinds is None else list(kinds),
            paused,
            NOW,
        )

    async def request_state(self, request: int) -> tuple[str, int | None]:
        row = await self._pool.fetchrow(
            "SELECT status, fulfilled_by FROM notify_requests WHERE id = $1", request
        )
        assert row is not None
        return row["status"], row["fulfilled_by"]

    async def goal_counts(self, goal: int) -> tuple[int, int]:
        row = await self._pool.fetchrow("SELECT matched, told FROM goals WHERE id = $1", goal)
        assert row is not None
        return row["matched"], row["told"]

    async def deliveries(self) -> list[Delivery]:
        rows = await self._pool.fetch(
            "SELECT notification_id, channel_id, purpose, status FROM deliveries ORDER BY id"
        )
        return [(row[0], row[1], row[2], row[3]) for row in rows]

    async def set_status(self, delivery: Delivery, status: str) -> None:
        await self._pool.execute(
            "UPDATE deliveries SET status = $4 WHERE notification_id = $1 AND channel_id = $2 AND purpose = $3",
            *delivery[:3],
            status,
        )

    async def sent(self) -> list[str]:
        rows = await self._pool.fetch(
            "SELECT client_id FROM alert_events WHERE event_type = 'alert_sent' ORDER BY notification_id"
        )
        return [row[0] for row in rows]


def memory_world() -> tuple[MemoryNotifications, MemoryWishes]:
    """Notifications in memory, and the wishes they look at."""
    kept = MemoryNotifications()
    return kept, MemoryWishes(kept)


def postgres_world(pool: "asyncpg.Pool[asyncpg.Record]") -> tuple[PostgresNotifications, PostgresWishes]:
    """Notifications on PostgreSQL, and the wishes they look at."""
    return PostgresNotifications(pool), PostgresWishes(pool)
