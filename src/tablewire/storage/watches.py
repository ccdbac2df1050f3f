"""The watches on PostgreSQL, in SQLAlchemy Core."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Row, Update, and_, delete, null, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from tablewire.domain.venue_names import ChosenVenue
from tablewire.domain.watches import CheckResult, Filters, Mode, Seen, Watch, key_of
from tablewire.storage.failures import unavailable
from tablewire.storage.limits import has_room
from tablewire.storage.storable import storable
from tablewire.storage.user_tables import venue_search_snapshots, watches
from tablewire.storage.watch_door import Followed, Names, NewWatch, Outcome

_LISTED = [column for column in watches.c if column.name != "seen"]
"""What a list is made of: what a watch has seen is only for its checks, and may be long."""
_VERSIONS_KEPT = 100
"""Versions of the names of some criteria that are kept beside those that watches compare with."""


class PostgresWatches:
    """See `watch_door.WatchBook` for what each question means."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def make(self, new: NewWatch, at: datetime, *, most: int) -> Watch | None:
        """Store a watch."""
        row = msgspec.structs.asdict(new) | {"mode": new.mode.value, "venues": _plain(new.venues)}
        statement = insert(watches).values(**row, created_at=at, next_due_at=at).returning(watches)
        with unavailable():
            async with self._engine.begin() as connection:
                if not await has_room(connection, watches, new.user_id, most):
                    return None
                return _watch((await connection.execute(statement)).one())

    async def of_user(self, user_id: int, before: int | None, limit: int) -> list[Watch]:
        """A page of a user's watches."""
        wanted = [watches.c.user_id == user_id, *([] if before is None else [watches.c.id < before])]
        statement = select(*_LISTED).where(*wanted).order_by(watches.c.id.desc()).limit(limit)
        with unavailable():
            async with self._engine.connect() as connection:
                return [_watch(row) for row in await connection.execute(statement)]

    async def get(self, user_id: int, watch_id: int) -> Watch | None:
        """One of a user's own."""
        with unavailable():
            async with self._engine.connect() as connection:
                row = (await connection.execute(select(watches).where(_own(user_id, watch_id)))).first()
                return None if row is None else _watch(row)

    async def change(self, user_id: int, watch_id: int, how: Callable[[Watch], Watch]) -> Watch | None:
        """Change one of a user's own."""
        found = select(watches).where(_own(user_id, watch_id)).with_for_update()
        with unavailable():
            async with self._engine.begin() as connection:
                row = (await connection.execute(found)).first()
                if row is None:
                    return None
                changed = how(_watch(row))
                statement = update(watches).where(watches.c.id == watch_id).values(**_changeable(changed))
                return _watch((await connection.execute(statement.returning(watches))).one())

    async def delete(self, user_id: int, watch_id: int) -> bool:
        """Remove one of a user's own."""
        with unavailable():
            async with self._engine.begin() as connection:
                found = await connection.execute(delete(watches).where(_own(user_id, watch_id)))
                return found.rowcount > 0

    # --- checking

    async def claim(self, now: datetime, until: datetime, limit: int) -> list[Watch]:
        """Take what is due."""
        due = and_(~watches.c.paused, watches.c.next_due_at <= now, _free(now))
        return await self._claim(due, until, limit)

    async def claim_one(self, user_id: int, watch_id: int, now: datetime, until: datetime) -> Watch | None:
        """Take one of a user's own."""
        taken = await self._claim(and_(_own(user_id, watch_id), _free(now)), until, 1)
        return taken[0] if taken else None

    async def _claim(self, which: ColumnElement[bool], until: datetime, limit: int) -> list[Watch]:
        free = select(watches.c.id).where(which).order_by(watches.c.next_due_at).limit(limit)
        ids = free.with_for_update(skip_locked=True).scalar_subquery()
        statement = update(watches).where(watches.c.id.in_(ids)).values(lease_until=until).returning(watches)
        with unavailable():
            async with self._engine.begin() as connection:
                taken = [_watch(row) for row in await connection.execute(statement)]
        return sorted(taken, key=lambda watch: watch.next_due_at)

    async def checked(self, watch: Watch, outcome: Outcome) -> Watch | None:
        """Store an outcome."""
        # Written only where it is different: it may be long, and seldom changes.
        seen = {} if outcome.seen == watch.seen else {"seen": _plain(outcome.seen)}
        return await self._give_back(
            watch,
            **seen,
            last_checked_at=outcome.at,
            next_due_at=outcome.next_due_at,
            last_result=_plain(outcome.result),
            last_error=None,
            seen_event=outcome.seen_event,
            seen_version=outcome.seen_version,
        )

    async def failed(self, watch: Watch, error: str, next_due_at: datetime) -> Watch | None:
        """Store a failure."""
        return await self._give_back(watch, last_error=storable(error), next_due_at=next_due_at)

    async def _give_back(self, watch: Watch, **values: Any) -> Watch | None:
        statement: Update = (
            update(watches)
            .where(watches.c.id == watch.id, watches.c.lease_until == watch.lease_until)
            .values(**values, lease_until=None)
        )
        with unavailable():
            async with self._engine.begin() as connection:
                row = (await connection.execute(statement.returning(watches))).first()
                return None if row is None else _watch(row)

    async def followed(self) -> list[Followed]:
        """What is waited for."""
        columns = select(watches.c.venues, watches.c.filters)
        statement = columns.where(~watches.c.paused, watches.c.mode == Mode.SPECIFIC.value)
        with unavailable():
            async with self._engine.connect() as connection:
                rows = await connection.execute(statement)
                return [Followed(_venues(row.venues), _filters(row.filters)) for row in rows]

    # --- names

    async def names(self, criteria_key: str, version: int | None = None) -> Names | None:
        """Names of some criteria."""
        of_key = select(venue_search_snapshots).where(venue_search_snapshots.c.criteria_key == criteria_key)
        if version is not None:
            of_key = of_key.where(venue_search_snapshots.c.version == version)
        statement = of_key.order_by(venue_search_snapshots.c.version.desc()).limit(1)
        with unavailable():
            async with self._engine.connect() as connection:
                row = (await connection.execute(statement)).first()
                return None if row is None else Names(row.version, tuple(row.names))

    async def add_names(
        self, criteria_key: str, expected: int, names: Sequence[str], at: datetime
    ) -> Names | None:
        """Append a version."""
        kept = Names(expected + 1, tuple(storable(name) for name in names))
        statement = (
            insert(venue_search_snapshots)
            .values(criteria_key=criteria_key, version=kept.version, names=list(kept.names), created_at=at)
            .on_conflict_do_nothing()
        )
        with unavailable():
            async with self._engine.begin() as connection:
                added = (await connection.execute(statement)).rowcount > 0
                await _forget_versions(connection, criteria_key, kept.version - _VERSIONS_KEPT)
        return kept if added else None


async def _forget_versions(connection: AsyncConnection, key: str, upto: int) -> None:
    """Names change every minute where the criteria are wide: old versions go, but for those that a watch compares with."""
    snapshots = venue_search_snapshots.c
    used = select(watches.c.seen_version).where(
        watches.c.criteria_key == key, watches.c.seen_version.is_not(None)
    )
    old = delete(venue_search_snapshots).where(
        snapshots.criteria_key == key, snapshots.version <= upto, snapshots.version.not_in(used)
    )
    await connection.execute(old)


def _own(user_id: int, watch_id: int) -> ColumnElement[bool]:
    return and_(watches.c.id == watch_id, watches.c.user_id == user_id)


def _free(now: datetime) -> ColumnElement[bool]:
    return or_(watches.c.lease_until.is_(None), watches.c.lease_until <= now)


def _plain(value: Any) -> Any:
    return msgspec.to_builtins(value)


def _changeable(watch: Watch) -> dict[str, Any]:
    """The columns that a change may touch."""
    return {
        "mode": watch.mode.value,
        "venues": _plain(watch.venues),
        "filters": dict(watch.filters),
        "criteria_key": key_of(watch.mode, watch.filters),
        "every_minutes": watch.every_minutes,
        "paused": watch.paused,
        "next_due_at": watch.next_due_at,
        "lease_until": watch.lease_until,
        "last_result": null() if watch.last_result is None else _plain(watch.last_result),
        "last_error": watch.last_error,
        "seen": null() if watch.seen is None else _plain(watch.seen),
        "seen_event": watch.seen_event,
        "seen_version": watch.seen_version,
    }


def _venues(stored: Any) -> tuple[ChosenVenue, ...]:
    return msgspec.convert(stored, tuple[ChosenVenue, ...])


def _filters(stored: Any) -> Filters:
    return msgspec.convert(stored, dict[str, str | int | list[str | int]])


def _watch(row: Row[Any]) -> Watch:
    columns = row._mapping  # noqa: SLF001 - SQLAlchemy's public name for a row by column
    stored = {name: columns.get(name) for name in Watch.__struct_fields__}
    return Watch(
        **stored
        | {
            "mode": Mode(columns["mode"]),
            "venues": _venues(stored["venues"]),
            "filters": _filters(stored["filters"]),
            "last_result": msgspec.convert(stored["last_result"], CheckResult | None),
            "seen": msgspec.convert(stored["seen"], Seen | None),
        }
    )
