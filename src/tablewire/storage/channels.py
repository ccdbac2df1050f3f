"""The channels of users on PostgreSQL, in SQLAlchemy Core."""

from collections.abc import Mapping
from datetime import datetime, time
from typing import Any

import msgspec
from sqlalchemy import Row, Select, delete, func, null, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from tablewire.domain.channels import Channel, ChannelType, Quiet
from tablewire.domain.notifications import Kind
from tablewire.storage.channel_door import NewChannel
from tablewire.storage.failures import unavailable
from tablewire.storage.limits import has_room
from tablewire.storage.storable import storable
from tablewire.storage.user_tables import channels, deliveries

_LONGEST_ERROR = 500


class PostgresChannels:
    """See `channel_door.ChannelBook` for what each question means."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def make(self, new: NewChannel, at: datetime, most: int) -> Channel | None:
        """Store a channel, where its user has room for one more."""
        row = _fields(new) | {"user_id": new.user_id, "created_at": at}
        with unavailable():
            async with self._engine.begin() as connection:
                if not await has_room(connection, channels, new.user_id, most):
                    return None
                made = (await connection.execute(insert(channels).values(**row).returning(channels))).one()
                return channel_of(made)

    async def of_user(self, user_id: int, before: int | None, limit: int) -> list[Channel]:
        """The newest, newest first."""
        statement = _shown().where(channels.c.user_id == user_id).order_by(channels.c.id.desc()).limit(limit)
        if before is not None:
            statement = statement.where(channels.c.id < before)
        with unavailable():
            async with self._engine.connect() as connection:
                return [channel_of(row) for row in await connection.execute(statement)]

    async def get(self, user_id: int, channel_id: int) -> tuple[Channel, bytes] | None:
        """A channel, and its sealed address."""
        with unavailable():
            async with self._engine.connect() as connection:
                row = await _one(connection, user_id, channel_id)
        return None if row is None else (channel_of(row), row.address)

    async def change(
        self, user_id: int, channel_id: int, changes: Mapping[str, Any], at: datetime
    ) -> Channel | None:
        """Change some fields."""
        values = _stored(changes)
        if "paused" in values:
            values["paused_why"] = None
        if values.get("paused") is False or "address" in values:
            values["failing_since"] = None
        mine = (channels.c.id == channel_id) & (channels.c.user_id == user_id)
        with unavailable():
            async with self._engine.begin() as connection:
                if values:
                    await connection.execute(update(channels).where(mine).values(**values))
                row = await _one(connection, user_id, channel_id)
                if row is None:
                    return None
                await _look_again(connection, channel_id, at, paused=row.paused)
                row = await _one(connection, user_id, channel_id)
        return None if row is None else channel_of(row)

    async def remove(self, user_id: int, channel_id: int) -> bool:
        """Remove a channel; its deliveries go with it."""
        statement = delete(channels).where(channels.c.id == channel_id, channels.c.user_id == user_id)
        with unavailable():
            async with self._engine.begin() as connection:
                return (await connection.execute(statement)).rowcount > 0

    async def tried(self, user_id: int, channel_id: int, at: datetime, error: str | None) -> None:
        """Note how a test went."""
        values: dict[str, Any] = (
            {"failing_since": None, "last_error": None, "last_error_at": None}
            if error is None
            else {"last_error": storable(error)[:_LONGEST_ERROR], "last_error_at": at}
        )
        statement = (
            update(channels)
            .where(channels.c.id == channel_id, channels.c.user_id == user_id)
            .values(**values)
        )
        with unavailable():
            async with self._engine.begin() as connection:
                await connection.execute(statement)


def channel_of(row: Any) -> Channel:
    """A channel from its row, with what waits for it where that was asked for."""
    return Channel(
        id=row.id,
        user_id=row.user_id,
        name=row.name,
        type=ChannelType(row.type),
        shown=row.shown,
        kinds=None if row.kinds is None else tuple(Kind(kind) for kind in row.kinds),
        min_interval_seconds=row.min_interval_seconds,
        quiet=quiet_of(row.quiet),
        paused=row.paused,
        paused_why=row.paused_why,
        created_at=row.created_at,
        last_sent_at=row.last_sent_at,
        last_error=row.last_error,
        last_error_at=row.last_error_at,
        failing_since=row.failing_since,
        pending=getattr(row, "pending", 0),
    )


def quiet_of(stored: Mapping[str, str] | None) -> Quiet | None:
    """Quiet hours as they are stored."""
    if stored is None:
        return None
    return Quiet(time.fromisoformat(stored["from"]), time.fromisoformat(stored["to"]))


def _shown() -> Select[Any]:
    waiting = (
        select(func.count())
        .where(deliveries.c.channel_id == channels.c.id, deliveries.c.status == "pending")
        .scalar_subquery()
    )
    return select(channels, waiting.label("pending"))


async def _one(connection: AsyncConnection, user_id: int, channel_id: int) -> Row[Any] | None:
    statement = _shown().where(channels.c.id == channel_id, channels.c.user_id == user_id)
    row: Row[Any] | None = (await connection.execute(statement)).one_or_none()
    return row


async def _look_again(connection: AsyncConnection, channel_id: int, at: datetime, *, paused: bool) -> None:
    waiting = (
        (deliveries.c.channel_id == channel_id)
        & (deliveries.c.status == "pending")
        & (deliveries.c.lease_until.is_(None) | (deliveries.c.lease_until <= at))
    )
    if paused:
        await connection.execute(
            update(deliveries).where(waiting).values(status="skipped", last_error="the channel was paused")
        )
    else:
        await connection.execute(
            update(deliveries).where(waiting, deliveries.c.batch.is_(None)).values(due_at=at)
        )


def _fields(new: NewChannel) -> dict[str, Any]:
    given = msgspec.structs.asdict(new)
    return _stored({name: value for name, value in given.items() if name != "user_id"})


def _stored(values: Mapping[str, Any]) -> dict[str, Any]:
    stored: dict[str, Any] = {}
    for name, value in values.items():
        match value:
            case None:
                stored[name] = null()  # a JSON null would be something
            case ChannelType():
                stored[name] = value.value
            case Quiet():
                stored[name] = {"from": f"{value.begin:%H:%M}", "to": f"{value.end:%H:%M}"}
            case tuple():
                stored[name] = [Kind(kind).value for kind in value]
            case str():
                stored[name] = storable(value)
            case _:
                stored[name] = value
    return stored
