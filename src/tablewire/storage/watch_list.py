"""The hourly watch list on PostgreSQL, in SQLAlchemy Core."""

from datetime import date, datetime
from typing import Any

import msgspec
from sqlalchemy import Date, Row, and_, any_, delete, literal, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from tablewire.domain.watch_list import ListEntry, ListResult
from tablewire.storage.failures import unavailable
from tablewire.storage.limits import has_room
from tablewire.storage.storable import storable, storable_or_none
from tablewire.storage.user_tables import watch_list


class PostgresWatchList:
    """See `watch_door.ListBook` for what each question means."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def add(self, user_id: int, wish: ListEntry, at: datetime, *, most: int) -> ListEntry | None:
        """Store an entry."""
        statement = insert(watch_list).values(
            user_id=user_id,
            provider=storable(wish.provider),
            venue_id=storable(wish.venue_id),
            venue_name=storable_or_none(wish.venue_name),
            party_size=wish.party_size,
            dates=list(wish.dates),
            created_at=at,
            next_due_at=at,
        )
        with unavailable():
            async with self._engine.begin() as connection:
                if not await has_room(connection, watch_list, user_id, most):
                    return None
                return _entry((await connection.execute(statement.returning(watch_list))).one())

    async def of_user(self, user_id: int, before: int | None, limit: int) -> list[ListEntry]:
        """A page of a user's entries."""
        wanted = [watch_list.c.user_id == user_id, *([] if before is None else [watch_list.c.id < before])]
        statement = select(watch_list).where(*wanted).order_by(watch_list.c.id.desc()).limit(limit)
        with unavailable():
            async with self._engine.connect() as connection:
                return [_entry(row) for row in await connection.execute(statement)]

    async def delete(self, user_id: int, entry_id: int) -> bool:
        """Remove one of a user's own."""
        own = delete(watch_list).where(watch_list.c.id == entry_id, watch_list.c.user_id == user_id)
        with unavailable():
            async with self._engine.begin() as connection:
                return (await connection.execute(own)).rowcount > 0

    async def claim(
        self, now: datetime, until: datetime, limit: int, *, only: tuple[int, int] | None = None
    ) -> list[ListEntry]:
        """Take what is due, or one of a user's own."""
        which = watch_list.c.next_due_at <= now
        if only is not None:
            user_id, entry_id = only
            which = and_(watch_list.c.user_id == user_id, watch_list.c.id == entry_id)
        free = or_(watch_list.c.lease_until.is_(None), watch_list.c.lease_until <= now)
        due = select(watch_list.c.id).where(which, free).order_by(watch_list.c.next_due_at).limit(limit)
        ids = due.with_for_update(skip_locked=True).scalar_subquery()
        statement = update(watch_list).where(watch_list.c.id.in_(ids)).values(lease_until=until)
        with unavailable():
            async with self._engine.begin() as connection:
                rows = await connection.execute(statement.returning(watch_list))
                return sorted(map(_entry, rows), key=lambda entry: entry.next_due_at)

    async def checked(
        self, entry: ListEntry, at: datetime, next_due_at: datetime, result: ListResult
    ) -> ListEntry | None:
        """Store what was found."""
        return await self._give_back(
            entry,
            last_checked_at=at,
            next_due_at=next_due_at,
            last_result=msgspec.to_builtins(result),
            last_error=None,
        )

    async def failed(self, entry: ListEntry, error: str, next_due_at: datetime) -> None:
        """Store a failure."""
        await self._give_back(entry, last_error=storable(error), next_due_at=next_due_at)

    async def _give_back(self, entry: ListEntry, **values: Any) -> ListEntry | None:
        own = and_(watch_list.c.id == entry.id, watch_list.c.lease_until == entry.lease_until)
        statement = update(watch_list).where(own).values(**values, lease_until=None).returning(watch_list)
        with unavailable():
            async with self._engine.begin() as connection:
                row = (await connection.execute(statement)).first()
                return None if row is None else _entry(row)

    async def followed(self, since: date) -> list[ListEntry]:
        """Entries that are not over."""
        statement = select(watch_list).where(literal(since, Date) <= any_(watch_list.c.dates))
        with unavailable():
            async with self._engine.connect() as connection:
                return [_entry(row) for row in await connection.execute(statement)]


def _entry(row: Row[Any]) -> ListEntry:
    columns = row._mapping  # noqa: SLF001 - SQLAlchemy's public name for a row by column
    stored = {name: columns[name] for name in ListEntry.__struct_fields__}
    result = msgspec.convert(stored["last_result"], ListResult | None)
    return ListEntry(**stored | {"dates": tuple(stored["dates"]), "last_result": result})
