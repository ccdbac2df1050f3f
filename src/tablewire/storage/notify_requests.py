"""Notify requests on PostgreSQL, in SQLAlchemy Core."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Row, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from tablewire.domain.notify_requests import NotifyRequest, NotifyWish, Status
from tablewire.domain.restaurants import Listing
from tablewire.domain.venue_names import ChosenVenue
from tablewire.domain.wishes import Limits
from tablewire.errors import Conflict
from tablewire.storage.failures import unavailable
from tablewire.storage.limits import has_room
from tablewire.storage.user_tables import notify_requests
from tablewire.storage.wish_rows import (
    CHANGED_BEFORE,
    NEWEST_EVENT,
    NOW,
    database_clock,
    venue_row,
)

_MOST_ACTIVE = 500
"""Active requests of one user."""
_rows = notify_requests.c
_ACTIVE = _rows.status == Status.ACTIVE.value


class PostgresNotifyRequests:
    """See `wish_door.NotifyRequestBook` for what each question means."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def make(self, user_id: int, wish: NotifyWish, at: datetime) -> NotifyRequest:
        """A new request."""
        row = {
            "user_id": user_id,
            "venues": [venue_row(venue) for venue in wish.venues],
            "dates": list(wish.limits.dates),
            "time_from": wish.limits.time_from,
            "time_to": wish.limits.time_to,
            "party_size": wish.limits.party_size,
            "once": wish.once,
            "status": Status.ACTIVE.value,
            "created_at": at,
            "updated_at": NOW,
            "since_event": NEWEST_EVENT,
            "looked_back": False,
        }
        with unavailable():
            async with self._engine.begin() as connection:
                if not await has_room(connection, notify_requests, user_id, _MOST_ACTIVE, _ACTIVE):
                    raise Conflict(
                        f"there are {_MOST_ACTIVE} active notify requests already; delete some first"
                    )
                made = await connection.execute(
                    insert(notify_requests).values(row).returning(notify_requests)
                )
                return _request(made.one())

    async def of_user(
        self, user_id: int, before: int | None, limit: int, *, status: Status | None = None
    ) -> list[NotifyRequest]:
        """A page, newest first."""
        wanted = [_rows.user_id == user_id]
        if before is not None:
            wanted.append(_rows.id < before)
        if status is not None:
            wanted.append(_rows.status == status.value)
        return await self._read(*wanted, order=_rows.id.desc(), limit=limit)

    async def get(self, user_id: int, request_id: int) -> NotifyRequest | None:
        """One of a user's own."""
        found = await self._read(_rows.user_id == user_id, _rows.id == request_id, order=_rows.id, limit=1)
        return found[0] if found else None

    async def delete(self, user_id: int, request_id: int) -> bool:
        """Forget one of a user's own."""
        gone = delete(notify_requests).where(_rows.user_id == user_id, _rows.id == request_id)
        with unavailable():
            async with self._engine.begin() as connection:
                return bool((await connection.execute(gone)).rowcount)

    async def active(self, after: int, limit: int) -> list[NotifyRequest]:
        """Active requests of all users, in order of their ids."""
        return await self._read(_ACTIVE, _rows.id > after, order=_rows.id, limit=limit)

    async def clock(self) -> datetime:
        """The time by PostgreSQL's clock."""
        return await database_clock(self._engine)

    async def active_ids(self) -> set[int]:
        """The ids of all active ones."""
        with unavailable():
            async with self._engine.connect() as connection:
                return set((await connection.execute(select(_rows.id).where(_ACTIVE))).scalars())

    async def changed_since(self, at: datetime) -> list[NotifyRequest]:
        """Whatever their status, in the order of their changes."""
        return await self._read(_rows.updated_at >= at - CHANGED_BEFORE, order=_rows.updated_at)

    async def looked_back(self, ids: Collection[int]) -> None:
        """Note that these have been compared with what was open."""
        await self._update(_rows.id.in_(ids), looked_back=True)

    async def expire(self, ids: Collection[int]) -> None:
        """Their dates have passed."""
        expired = Status.EXPIRED.value
        await self._update(_rows.id.in_(ids), _ACTIVE, status=expired, updated_at=NOW)

    async def _update(self, *wanted: ColumnElement[bool], **values: Any) -> None:
        with unavailable():
            async with self._engine.begin() as connection:
                await connection.execute(update(notify_requests).where(*wanted).values(values))

    async def _read(
        self, *wanted: ColumnElement[bool], order: Any, limit: int | None = None
    ) -> list[NotifyRequest]:
        statement = select(notify_requests).where(*wanted).order_by(order).limit(limit)
        with unavailable():
            async with self._engine.connect() as connection:
                return [_request(row) for row in await connection.execute(statement)]


def _request(row: Row[Any]) -> NotifyRequest:
    venues = msgspec.convert(row.venues, tuple[ChosenVenue, ...])
    return NotifyRequest(
        id=row.id,
        user_id=row.user_id,
        venues=venues,
        limits=Limits(
            venues=tuple(Listing(venue.provider, venue.venue_id) for venue in venues),
            dates=tuple(row.dates),
            time_from=row.time_from,
            time_to=row.time_to,
            party_size=row.party_size,
        ),
        once=row.once,
        status=Status(row.status),
        created_at=row.created_at,
        updated_at=row.updated_at,
        since_event=row.since_event,
        looked_back=row.looked_back,
        fulfilled_by=row.fulfilled_by,
    )
