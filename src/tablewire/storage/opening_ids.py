"""Which opening in PostgreSQL's log a closing ends."""

from collections.abc import Mapping, Sequence

import asyncpg
import msgspec

from tablewire.domain.events import Event, EventType
from tablewire.storage.failures import unavailable
from tablewire.storage.pools import CONNECT_TIMEOUT

FIND = "SELECT dedupe_key, id FROM availability_events WHERE dedupe_key = ANY ($1::text[])"


class PostgresOpeningIds:
    """See `wish_door.OpeningIds`."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        self._pool = pool

    async def opening_ids(self, closings: Sequence[Event]) -> Mapping[int, int]:
        """By the key under which the opening was stored once."""
        keys = {closing.id: key_of_opening(closing) for closing in closings if closing.opened_at is not None}
        if not keys:
            return {}
        with unavailable():
            async with self._pool.acquire(timeout=CONNECT_TIMEOUT) as connection:
                rows = await connection.fetch(FIND, list(keys.values()))
        found = {row["dedupe_key"]: row["id"] for row in rows}
        return {closing: found[key] for closing, key in keys.items() if key in found}


def key_of_opening(closing: Event) -> str:
    """The key under which the opening was stored that a closing ends."""
    return msgspec.structs.replace(closing, event_type=EventType.NEW_DROP).dedupe_key
