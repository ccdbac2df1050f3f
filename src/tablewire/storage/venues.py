"""The venues on PostgreSQL, in SQLAlchemy Core."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Column, ColumnElement, Exists, Row, Select, exists, func, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.sql.base import ReadOnlyColumnCollection

from tablewire.domain.names import name_key
from tablewire.domain.slots import Venue
from tablewire.storage.failures import unavailable
from tablewire.storage.protocol import KnownVenue
from tablewire.storage.storable import storable, storable_or_none
from tablewire.storage.tables import venue_restaurants, venues

_DETAILS = (
    "neighborhood",
    "neighborhood_key",
    "price_range",
    "cuisine",
    "cuisine_key",
    "latitude",
    "longitude",
    "url",
    "image_url",
    "address",
    "phone",
)
"""What a provider may leave out now and then: what is known of it stays known."""

_Columns = ReadOnlyColumnCollection[str, Column[Any]]
_Conditions = Callable[[_Columns], Iterable[ColumnElement[bool]]]


class PostgresVenues:
    """The venues; see `protocol.VenueBook` for what each question means."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def learn(self, seen: Sequence[Venue], at: datetime) -> None:
        """Store venues: new ones whole, known ones with what is new of them."""
        latest = {(venue.provider, venue.venue_id): venue for venue in seen}
        if not latest:
            return
        new = insert(venues)
        statement = new.on_conflict_do_update(
            index_elements=[venues.c.provider, venues.c.venue_id],
            set_={
                "name": new.excluded.name,
                "name_key": new.excluded.name_key,
                "last_seen_at": func.greatest(venues.c.last_seen_at, new.excluded.last_seen_at),
                **{name: func.coalesce(new.excluded[name], venues.c[name]) for name in _DETAILS},
            },
        )
        rows = [row_of(latest[key], at) for key in sorted(latest)]
        with unavailable():
            async with self._engine.begin() as connection:
                await connection.execute(statement, rows)

    async def find(
        self,
        *,
        name: str | None,
        neighborhoods: tuple[str, ...],
        providers: tuple[str, ...],
        cuisines: tuple[str, ...],
        price_max: int | None,
        after: tuple[str, str] | None,
        limit: int,
        once: bool = False,
    ) -> list[KnownVenue]:
        """A page of venues in the order of their names."""

        def wanted(columns: _Columns) -> Iterator[ColumnElement[bool]]:
            if name:
                yield columns.name_key.contains(name, autoescape=True)
            if neighborhoods:
                yield columns.neighborhood_key.in_(neighborhoods)
            if providers:
                yield columns.provider.in_(providers)
            if cuisines:
                yield columns.cuisine_key.in_(cuisines)
            if price_max is not None:
                yield columns.price_range <= price_max

        conditions = [*wanted(venues.c)]
        if once:
            conditions.append(~_earlier_listing(wanted))
        if after is not None:
            conditions.append(tuple_(*_place(venues.c)) > tuple_(*after))
        return await self._all(select(venues).where(*conditions).order_by(*_place(venues.c)).limit(limit))

    async def get(self, provider: str, venue_id: str) -> KnownVenue | None:
        """One venue."""
        one = select(venues).where(venues.c.provider == provider, venues.c.venue_id == storable(venue_id))
        found = await self._all(one)
        return found[0] if found else None

    async def neighborhoods(self) -> list[str]:
        """The neighbourhoods of all venues, each once, by name."""
        name, key = func.min(venues.c.neighborhood), venues.c.neighborhood_key
        statement = select(name).where(key.is_not(None), key != "").group_by(key).order_by(key)
        with unavailable():
            async with self._engine.connect() as connection:
                return [str(found) for found in (await connection.execute(statement)).scalars()]

    async def _all(self, statement: Select[Any]) -> list[KnownVenue]:
        with unavailable():
            async with self._engine.connect() as connection:
                return [_known(row) for row in (await connection.execute(statement)).all()]


def _place(columns: _Columns) -> tuple[ColumnElement[str], ColumnElement[str]]:
    """Where a venue stands in the order of names."""
    return columns.name_key, columns.provider + ":" + columns.venue_id


def _earlier_listing(wanted: _Conditions) -> Exists:
    """Whether the same restaurant has another listing that is wanted too, and comes first."""
    own, twins, twin = venue_restaurants.alias("own"), venue_restaurants.alias("twins"), venues.alias("twin")
    return exists(1).where(
        own.c.provider == venues.c.provider,
        own.c.venue_id == venues.c.venue_id,
        twins.c.restaurant == own.c.restaurant,
        twin.c.provider == twins.c.provider,
        twin.c.venue_id == twins.c.venue_id,
        tuple_(*_place(twin.c)) < tuple_(*_place(venues.c)),
        *wanted(twin.c),
    )


def row_of(venue: Venue, at: datetime) -> dict[str, Any]:
    """A venue, seen at an instant, as a row of `venues`."""
    row = {
        name: storable(value) if isinstance(value, str) else value
        for name, value in msgspec.structs.asdict(venue).items()
    }
    row["name_key"] = name_key(row["name"])
    for name in ("neighborhood", "cuisine"):
        text = storable_or_none(getattr(venue, name))
        row[f"{name}_key"] = None if text is None else name_key(text)
    return row | {"first_seen_at": at, "last_seen_at": at}


def _known(row: Row[Any]) -> KnownVenue:
    columns = row._mapping  # noqa: SLF001 - SQLAlchemy's public name for a row by column
    venue = Venue(**{field: columns[field] for field in Venue.__struct_fields__})
    return KnownVenue(venue, columns["first_seen_at"], columns["last_seen_at"])
