"""Which venues are one restaurant, on PostgreSQL, in SQLAlchemy Core."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, or_, select, text, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from tablewire.domain.restaurants import Decision, Link, Listing, Pair, Verdict
from tablewire.storage.failures import unavailable
from tablewire.storage.protocol import Identities
from tablewire.storage.storable import storable, storable_or_none
from tablewire.storage.tables import venue_decisions, venue_links, venue_restaurants

_PAIR = ("provider", "venue_id", "other_provider", "other_venue_id")
_AT_ONCE = 1_000
"""Listings in one statement: each is two parameters, and PostgreSQL takes 32,767."""

_LOCK = text("LOCK TABLE venue_links IN SHARE ROW EXCLUSIVE MODE")
"""Two services on one database come to the same links: one writes them after the other, and nobody who reads waits."""


class PostgresIdentities:
    """See `protocol.IdentityBook` for what each question means."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def identities(self) -> Identities:
        """Everything."""
        with unavailable():
            async with self._engine.connect() as connection:
                links = await connection.execute(select(venue_links).order_by(*venue_links.primary_key))
                restaurants = await connection.execute(select(venue_restaurants))
                return Identities(
                    links=tuple(_link(row) for row in links),
                    decisions=await _decisions(connection),
                    restaurants={Listing(row.provider, row.venue_id): row.restaurant for row in restaurants},
                )

    async def decisions(self) -> tuple[Decision, ...]:
        """What people decided."""
        with unavailable():
            async with self._engine.connect() as connection:
                return await _decisions(connection)

    async def relink(
        self, listings: Collection[Listing], links: Sequence[Link], restaurants: Mapping[Listing, str]
    ) -> None:
        """Replace what is held of listings, in one transaction."""
        touched = sorted({_stored(listing) for listing in listings})
        with unavailable():
            async with self._engine.begin() as connection:
                await connection.execute(_LOCK)
                for start in range(0, len(touched), _AT_ONCE):
                    await _forget(connection, touched[start : start + _AT_ONCE])
                if links:
                    await connection.execute(
                        insert(venue_links).on_conflict_do_nothing(), [_link_row(link) for link in links]
                    )
                if restaurants:
                    rows = [
                        dict(zip(("provider", "venue_id"), _stored(listing), strict=True))
                        | {"restaurant": storable(restaurant)}
                        for listing, restaurant in sorted(restaurants.items())
                    ]
                    await connection.execute(insert(venue_restaurants).on_conflict_do_nothing(), rows)

    async def decide(self, decision: Decision) -> None:
        """Keep a decision."""
        new = insert(venue_decisions).values(
            **_pair_row(decision.pair),
            verdict=decision.verdict.value,
            decided_by=storable(decision.by),
            decided_at=decision.at,
            why=storable_or_none(decision.why),
        )
        said = {name: new.excluded[name] for name in ("verdict", "decided_by", "decided_at", "why")}
        statement = new.on_conflict_do_update(index_elements=list(_PAIR), set_=said)
        with unavailable():
            async with self._engine.begin() as connection:
                await connection.execute(statement)

    async def undecide(self, pair: Pair) -> bool:
        """Take a decision back."""
        row = _pair_row(pair)
        statement = delete(venue_decisions).where(*(venue_decisions.c[name] == row[name] for name in _PAIR))
        with unavailable():
            async with self._engine.begin() as connection:
                return (await connection.execute(statement)).rowcount > 0


async def _forget(connection: AsyncConnection, listings: Sequence[Listing]) -> None:
    def among(provider: ColumnElement[str], venue_id: ColumnElement[str]) -> ColumnElement[bool]:
        return tuple_(provider, venue_id).in_(listings)

    links, alone = venue_links.c, venue_restaurants.c
    either = or_(among(links.provider, links.venue_id), among(links.other_provider, links.other_venue_id))
    await connection.execute(delete(venue_links).where(either))
    await connection.execute(delete(venue_restaurants).where(among(alone.provider, alone.venue_id)))


async def _decisions(connection: AsyncConnection) -> tuple[Decision, ...]:
    rows = await connection.execute(select(venue_decisions).order_by(*venue_decisions.primary_key))
    return tuple(
        Decision(
            pair=_pair(row),
            verdict=Verdict(row.verdict),
            by=row.decided_by,
            at=row.decided_at,
            why=row.why,
        )
        for row in rows
    )


def _link(row: Row[Any]) -> Link:
    return Link(
        pair=_pair(row),
        verdict=Verdict(row.verdict),
        confidence=row.confidence,
        evidence=tuple(row.evidence),
    )


def _link_row(link: Link) -> dict[str, Any]:
    return _pair_row(link.pair) | {
        "verdict": link.verdict.value,
        "confidence": link.confidence,
        "evidence": [storable(piece) for piece in link.evidence],
    }


def _pair(row: Row[Any]) -> Pair:
    return Pair(Listing(row.provider, row.venue_id), Listing(row.other_provider, row.other_venue_id))


def _pair_row(pair: Pair) -> dict[str, str]:
    return dict(zip(_PAIR, (*_stored(pair.one), *_stored(pair.other)), strict=True))


def _stored(listing: Listing) -> Listing:
    return Listing(storable(listing.provider), storable(listing.venue_id))
