"""The venues that open slots refer to: stored by the poll that needs them, where the store does not have them so yet."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import asyncpg
import msgspec
from asyncpg.pool import PoolConnectionProxy

from tablewire.domain.slots import OpenSlot, Venue
from tablewire.storage.tables import venues
from tablewire.storage.venues import row_of

MOST = 65_536
"""Venues remembered at most; after that each is stored once more."""

_COLUMNS = tuple(venues.columns.keys())
_FIELDS = tuple(name for name in _COLUMNS if name in Venue.__struct_fields__)

LOAD = f"SELECT {', '.join(_FIELDS)} FROM venues WHERE provider = $1 AND venue_id = ANY ($2::text[])"  # noqa: S608 - the names are ours


class ShownVenues:
    """What the store is known to have of the venues of open slots."""

    def __init__(self) -> None:
        self._stored: dict[tuple[str, str], Venue] = {}

    def new(self, slots: Iterable[OpenSlot]) -> list[Venue]:
        """The slots' venues that are not stored as they are now, in the order in which every writer takes them."""
        found = {(slot.venue.provider, slot.venue.venue_id): slot.venue for slot in slots}
        return [found[key] for key in sorted(found) if self._stored.get(key) != found[key]]

    def keep(self, seen: Sequence[Venue]) -> None:
        """Remember that these are stored."""
        if len(self._stored) + len(seen) > MOST:
            self._stored.clear()
        self._stored |= {(venue.provider, venue.venue_id): venue for venue in seen}

    def forget(self) -> None:
        """The store has none of them any more."""
        self._stored.clear()


def venue_rows(seen: Iterable[Venue], at: datetime) -> list[tuple[Any, ...]]:
    """Venues as rows of `venues`, with all columns in their order."""
    rows = (row_of(venue, at) for venue in seen)
    return [tuple(row[column] for column in _COLUMNS) for row in rows]


async def load_venues(
    connection: "PoolConnectionProxy[asyncpg.Record]", provider: str, venue_ids: Sequence[str]
) -> dict[str, Venue]:
    """Venues of a provider as stored, by venue id."""
    rows = await connection.fetch(LOAD, provider, venue_ids)
    return {row["venue_id"]: msgspec.convert(dict(row), Venue) for row in rows}
