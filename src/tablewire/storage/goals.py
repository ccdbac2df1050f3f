"""Goals on PostgreSQL, in SQLAlchemy Core."""

from collections.abc import Collection, Mapping
from datetime import datetime, time
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Row, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from tablewire.domain.goals import Goal, GoalWish
from tablewire.domain.notifications import Kind
from tablewire.domain.venue_names import ChosenVenue
from tablewire.domain.wishes import Limits
from tablewire.errors import Conflict
from tablewire.storage.failures import unavailable
from tablewire.storage.limits import has_room
from tablewire.storage.storable import storable
from tablewire.storage.user_tables import alert_events, goals, match_head, notifications
from tablewire.storage.wish_door import GoalFigures
from tablewire.storage.wish_rows import (
    CHANGED_BEFORE,
    NEWEST_EVENT,
    NOW,
    database_clock,
    venue_row,
)

_MOST = 100
"""Goals of one user."""
_OPENINGS = select(match_head.c.openings).scalar_subquery()
_rows = goals.c


class _Stored(msgspec.Struct, frozen=True, kw_only=True):
    """The column `wish`."""

    venues: tuple[ChosenVenue, ...] = ()
    neighborhoods: tuple[str, ...] = ()
    limits: Limits = Limits()
    preferred_time: time | None = None


class PostgresGoals:
    """See `wish_door.GoalBook` for what each question means."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def make(self, user_id: int, wish: GoalWish, at: datetime) -> Goal:
        """A new goal."""
        row = _values(wish) | {
            "user_id": user_id,
            "created_at": at,
            "openings_before": _OPENINGS,
            "matched": 0,
            "told": 0,
        }
        with unavailable():
            async with self._engine.begin() as connection:
                if not await has_room(connection, goals, user_id, _MOST):
                    raise Conflict(f"there are {_MOST} goals already; delete some first")
                made = await connection.execute(insert(goals).values(row).returning(goals))
                return _goal(made.one())

    async def of_user(self, user_id: int, before: int | None, limit: int) -> list[Goal]:
        """A page, newest first."""
        older = [] if before is None else [_rows.id < before]
        return await self._read(_rows.user_id == user_id, *older, order=_rows.id.desc(), limit=limit)

    async def get(self, user_id: int, goal_id: int) -> Goal | None:
        """One of a user's own."""
        found = await self._read(_rows.user_id == user_id, _rows.id == goal_id, order=_rows.id, limit=1)
        return found[0] if found else None

    async def change(self, user_id: int, goal_id: int, wish: GoalWish) -> Goal | None:
        """Another wish in its place."""
        own = (_rows.user_id == user_id, _rows.id == goal_id)
        changed = update(goals).where(*own).values(_values(wish)).returning(goals)
        with unavailable():
            async with self._engine.begin() as connection:
                row = (await connection.execute(changed)).first()
                return None if row is None else _goal(row)

    async def delete(self, user_id: int, goal_id: int) -> bool:
        """Forget one of a user's own."""
        gone = delete(goals).where(_rows.user_id == user_id, _rows.id == goal_id)
        with unavailable():
            async with self._engine.begin() as connection:
                return bool((await connection.execute(gone)).rowcount)

    async def active(self, after: int, limit: int) -> list[Goal]:
        """Active goals of all users, in order of their ids."""
        return await self._read(_rows.active, _rows.id > after, order=_rows.id, limit=limit)

    async def clock(self) -> datetime:
        """The time by PostgreSQL's clock."""
        return await database_clock(self._engine)

    async def active_ids(self) -> set[int]:
        """The ids of all active ones."""
        with unavailable():
            async with self._engine.connect() as connection:
                return set((await connection.execute(select(_rows.id).where(_rows.active))).scalars())

    async def changed_since(self, at: datetime) -> list[Goal]:
        """Active or not, in the order of their changes."""
        return await self._read(_rows.updated_at >= at - CHANGED_BEFORE, order=_rows.updated_at)

    async def looked_back(self, counts: Mapping[int, tuple[int, int]]) -> None:
        """Count what came while they were stored, unless that has been done."""
        with unavailable():
            async with self._engine.begin() as connection:
                for goal_id, (matched, told) in sorted(counts.items()):
                    counted = {"matched": _rows.matched + matched, "told": _rows.told + told}
                    late = update(goals).where(_rows.id == goal_id, ~_rows.looked_back)
                    await connection.execute(late.values(looked_back=True, **counted))

    async def figures(self, of: Collection[Goal]) -> Mapping[int, GoalFigures]:
        """What became of goals."""
        told = notifications.c
        booked = (
            select(told.source_id, func.count(told.id.distinct()).label("booked"))
            .join(alert_events, alert_events.c.notification_id == told.id)
            .where(
                told.user_id.in_({goal.user_id for goal in of}),
                told.kind == Kind.GOAL.value,
                told.source_id.in_([goal.id for goal in of]),
                alert_events.c.event_type == "booking_confirmed",
            )
            .group_by(told.source_id)
        )
        with unavailable():
            async with self._engine.connect() as connection:
                openings: int = (await connection.execute(select(_OPENINGS))).scalar_one()
                confirmed = {row.source_id: row.booked for row in await connection.execute(booked)}
        return {
            goal.id: GoalFigures(
                seen=openings - goal.openings_before,
                matched=goal.matched,
                told=goal.told,
                converted=confirmed.get(goal.id, 0),
            )
            for goal in of
        }

    async def _read(self, *wanted: ColumnElement[bool], order: Any, limit: int | None = None) -> list[Goal]:
        statement = select(goals).where(*wanted).order_by(order).limit(limit)
        with unavailable():
            async with self._engine.connect() as connection:
                return [_goal(row) for row in await connection.execute(statement)]


def _values(wish: GoalWish) -> dict[str, Any]:
    stored = _Stored(
        neighborhoods=tuple(map(storable, wish.neighborhoods)),
        limits=wish.limits,
        preferred_time=wish.preferred_time,
    )
    return {
        "name": storable(wish.name),
        "wish": msgspec.to_builtins(stored) | {"venues": [venue_row(venue) for venue in wish.venues]},
        "min_score": wish.min_score,
        "active": wish.active,
        "updated_at": NOW,
        "since_event": NEWEST_EVENT,
        "looked_back": False,
    }


def _goal(row: Row[Any]) -> Goal:
    stored = msgspec.convert(row.wish, _Stored)
    return Goal(
        id=row.id,
        user_id=row.user_id,
        name=row.name,
        venues=stored.venues,
        neighborhoods=stored.neighborhoods,
        limits=stored.limits,
        preferred_time=stored.preferred_time,
        min_score=row.min_score,
        active=row.active,
        created_at=row.created_at,
        updated_at=row.updated_at,
        since_event=row.since_event,
        openings_before=row.openings_before,
        matched=row.matched,
        told=row.told,
        looked_back=row.looked_back,
    )
