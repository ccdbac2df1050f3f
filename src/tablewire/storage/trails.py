"""The trails of notifications on PostgreSQL, in SQLAlchemy Core."""

from typing import Any

import msgspec
from sqlalchemy import Row, RowMapping, Table, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from tablewire.domain.alert_events import AlertType
from tablewire.domain.notifications import Facts, Kind, Notification
from tablewire.domain.trails import ActTrail, DeliveryTrail, OpeningTrail, Trail
from tablewire.storage.channels import quiet_of
from tablewire.storage.failures import unavailable
from tablewire.storage.tables import availability_events
from tablewire.storage.user_tables import (
    alert_events,
    channels,
    deliveries,
    goals,
    notifications,
    notify_requests,
    watches,
)

_SOURCES: dict[str, tuple[Table, tuple[str, ...]]] = {
    Kind.WATCH: (watches, ("id", "mode", "venues", "filters", "every_minutes", "paused", "created_at")),
    Kind.NOTIFY: (
        notify_requests,
        ("id", "venues", "dates", "time_from", "time_to", "party_size", "once", "status", "created_at"),
    ),
    Kind.GOAL: (goals, ("id", "name", "wish", "min_score", "active", "created_at")),
}
"""What is said of each kind of source: what its user wished for, and not where its matching stands."""
_DELIVERY = (
    "channel_id", "purpose", "status", "attempts", "created_at", "due_at", "sent_at", "last_error",
)  # fmt: skip


class PostgresTrails:
    """See `services.notifications.TrailBook`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def trail(self, user_id: int, notification_id: int) -> Trail | None:
        """The trail of a user's own notification."""
        own = select(notifications).where(
            notifications.c.user_id == user_id, notifications.c.id == notification_id
        )
        with unavailable():
            async with self._engine.connect() as connection:
                row = (await connection.execute(own)).first()
                if row is None:
                    return None
                return Trail(
                    notification=_notification(row),
                    stored_at=row.stored_at,
                    source=await _source(connection, row),
                    opening=await _opening(connection, row.event_id),
                    deliveries=await _deliveries(connection, row.id),
                    acts=await _acts(connection, row.id),
                )


async def _source(connection: AsyncConnection, told: Row[Any]) -> dict[str, Any] | None:
    if told.source_id is None or told.kind not in _SOURCES:
        return None
    table, names = _SOURCES[told.kind]
    statement = select(*(table.c[name] for name in names)).where(
        table.c.id == told.source_id, table.c.user_id == told.user_id
    )
    row = (await connection.execute(statement)).mappings().first()
    return None if row is None else dict(row)


async def _opening(connection: AsyncConnection, event_id: int | None) -> OpeningTrail | None:
    table = availability_events.c
    statement = select(table.opened_after, table.opened_at).where(table.id == event_id)
    row = (await connection.execute(statement)).first()
    return None if row is None else OpeningTrail(opened_after=row.opened_after, opened_at=row.opened_at)


async def _deliveries(connection: AsyncConnection, notification_id: int) -> tuple[DeliveryTrail, ...]:
    statement = (
        select(
            *(deliveries.c[name] for name in _DELIVERY),
            channels.c.name.label("channel"),
            channels.c.quiet,
            channels.c.min_interval_seconds,
        )
        .join(channels, channels.c.id == deliveries.c.channel_id)
        .where(deliveries.c.notification_id == notification_id)
        .order_by(deliveries.c.id)
    )
    rows = (await connection.execute(statement)).mappings()
    return tuple(_delivery(row) for row in rows)


def _delivery(row: RowMapping) -> DeliveryTrail:
    return DeliveryTrail(**{**row, "quiet": quiet_of(row["quiet"])})


async def _acts(connection: AsyncConnection, notification_id: int) -> tuple[ActTrail, ...]:
    table = alert_events.c
    statement = (
        select(table.event_type, table.channel, table.occurred_at)
        .where(table.notification_id == notification_id, table.event_type != AlertType.ALERT_SENT.value)
        .order_by(table.occurred_at, table.id)
        .limit(200)
    )
    rows = (await connection.execute(statement)).mappings()
    return tuple(ActTrail(**row) for row in rows)


def _notification(row: Row[Any]) -> Notification:
    values: dict[str, Any] = {name: getattr(row, name) for name in Notification.__struct_fields__}
    values["kind"] = Kind(row.kind)
    values["facts"] = msgspec.convert(row.facts, Facts)
    return Notification(**values)
