"""The log of events on PostgreSQL: polls are recorded here, and read again by cursor."""

import copy
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import asyncpg
import msgspec

from tablewire.domain.buckets import BucketKey
from tablewire.domain.events import Event, Origin
from tablewire.domain.filters import EventFilter
from tablewire.domain.slots import OpenSlot
from tablewire.domain.state import BucketRow, BucketState, Change
from tablewire.errors import PollConflict
from tablewire.storage.bucket_refs import BucketRef, BucketRefs
from tablewire.storage.event_rows import AS_JSON, event_row, events_of
from tablewire.storage.failures import committing, unavailable
from tablewire.storage.filters import Where
from tablewire.storage.observations import PairChunk, chunks_of_change, newly_observed
from tablewire.storage.pools import CONNECT_TIMEOUT
from tablewire.storage.protocol import Bounds
from tablewire.storage.shown_venues import ShownVenues, venue_rows
from tablewire.storage.slot_rows import slots_of_change
from tablewire.storage.storable import storable, storable_or_none

RECORD_UNCHANGED = """
UPDATE discovery_buckets
SET baseline_built_at = $3, poll_seq = $4, scanned_at = $5, outcome = $6, cause = $7
WHERE ref = $1 AND poll_seq = $2
RETURNING poll_seq
"""
"""A poll in which nothing changed: one small row. No index has any of these columns, so no index is written."""

RECORD_POLL = "SELECT record_poll($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"

BOUNDS = "SELECT oldest_id, last_id FROM feed_head"

FIND_REF = "SELECT ref FROM discovery_buckets WHERE market = $1 AND provider = $2 AND bucket_id = $3"

ChunkRow = tuple[int, int, int, Sequence[str], Sequence[int], Sequence[datetime | None]]
"""The columns of `venue_observations`, in their order."""


class PostgresEventLog:
    """The log of events. Every statement here is one transaction of its own."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]", refs: BucketRefs, venues: ShownVenues) -> None:
        self._pool = pool
        self._refs = refs
        self._venues = venues

    async def record(self, change: Change, state: BucketState) -> tuple[Event, ...]:
        """Store one poll; see `protocol.EventLog`."""
        known = await self._ref(change.key, change.provider)
        row = after_change(state.row, change)
        chunks = chunks_of_change(change, state)
        if _is_small(change, chunks):
            taken = await self._commit(RECORD_UNCHANGED, *_unchanged_values(known.ref, change, row))
        else:
            taken = await self._record_all(known, change, state, row, chunks)
        if taken is None:
            self._refs.drop(change.key, change.provider)
            message = (
                f"another process has stored a poll of {change.key.bucket_id} at {change.provider} since"
            )
            raise PollConflict(message)
        if not change.events:
            return ()
        stored = zip(change.events, taken, strict=True)
        return tuple(msgspec.structs.replace(event, id=id) for event, id in stored if id is not None)

    async def bounds(self) -> Bounds:
        """The ends of the log; see `protocol.EventLog`."""
        rows = await self._read(BOUNDS, [])
        return Bounds(oldest=rows[0]["oldest_id"], newest=rows[0]["last_id"])

    async def after(
        self, cursor: int, limit: int, *, wanted: EventFilter, types: frozenset[str], upto: int | None = None
    ) -> list[Event]:
        """A page onward; see `protocol.EventLog`."""
        where = Where()
        where.add("id > {}", cursor)
        if upto is not None:
            where.add("id <= {}", upto)
        return await self._page(where, wanted, types, "id", limit)

    async def before(
        self, cursor: int | None, limit: int, *, wanted: EventFilter, types: frozenset[str]
    ) -> list[Event]:
        """A page back; see `protocol.EventLog`."""
        where = Where()
        if cursor is not None:
            where.add("id < {}", cursor)
        return await self._page(where, wanted, types, "id DESC", limit)

    async def of_venue(
        self, provider: str, venue_id: str, cursor: int | None, limit: int, *, types: frozenset[str]
    ) -> list[Event]:
        """A venue's page; see `protocol.EventLog`."""
        where = Where()
        where.add("provider = {}", provider)
        where.add("venue_id = {}", storable(venue_id))
        if cursor is not None:
            where.add("id < {}", cursor)
        return (await self._page(where, EventFilter(), types, "id DESC", limit))[::-1]

    async def _page(
        self, where: Where, wanted: EventFilter, types: frozenset[str], order: str, limit: int
    ) -> list[Event]:
        where.add_types(types)
        where.add_filter(wanted)
        page = f"SELECT * FROM availability_events {where.sql} ORDER BY {order} LIMIT {limit:d}"  # noqa: S608 - values are parameters, names are ours
        rows = await self._read(f"SELECT {AS_JSON} FROM ({page}) AS page", where.parameters)  # noqa: S608 - as above
        return events_of(rows[0][0])

    async def _record_all(
        self,
        known: BucketRef,
        change: Change,
        state: BucketState,
        row: BucketRow,
        chunks: Sequence[PairChunk],
    ) -> Any:
        """Store a poll that changed something; what is known of the store follows once that is stored."""
        slots = slots_of_change(change, state, known.entries)
        venues = self._venues.new(slots.puts)
        taken = await self._commit(
            RECORD_POLL,
            _bucket_row(known.ref, change, state, row),
            change.expected_seq,
            slots.whole,
            slots.ids,
            slots.encoded,
            _places(change, slots.puts),
            b"".join(slots.closed),
            b"".join(_newly_closed(change, state)),
            venue_rows(venues, change.at),
            [chunk_row(known.ref, chunk) for chunk in chunks],
            [event_row(event) for event in change.events],
        )
        if taken is not None:
            self._venues.keep(venues)
            known.entries = slots.entries if slots.whole else (known.entries or 0) + slots.entries
        return taken

    async def _read(self, statement: str, parameters: Sequence[Any]) -> list[asyncpg.Record]:
        with unavailable():
            async with self._pool.acquire(timeout=CONNECT_TIMEOUT) as connection:
                return await connection.fetch(statement, *parameters)

    async def _commit(self, statement: str, *parameters: Any) -> Any:
        with unavailable():
            connection = await self._pool.acquire(timeout=CONNECT_TIMEOUT)
        try:
            with committing():
                return await connection.fetchval(statement, *parameters)
        finally:
            await self._pool.release(connection)

    async def _ref(self, key: BucketKey, provider: str) -> BucketRef:
        known = self._refs.get(key, provider)
        if known is None:
            rows = await self._read(FIND_REF, [key.market, provider, key.bucket_id])
            if not rows:
                raise PollConflict(f"the rows of {key.bucket_id} at {provider} are gone")
            known = self._refs.put(key, provider, int(rows[0]["ref"]), entries=None)
        return known


def after_change(row: BucketRow, change: Change) -> BucketRow:
    """The bucket's own row once a change is applied; `row` is left as it is."""
    after = copy.copy(row)
    after.remember(change)
    return after


def chunk_row(ref: int, chunk: PairChunk) -> ChunkRow:
    """A chunk of pairs as a row of the bucket `ref`."""
    venue_ids = [storable(venue_id) for venue_id in chunk.venue_ids]
    return (ref, chunk.party_size, chunk.chunk, venue_ids, chunk.counts, chunk.observed_at)


def _is_small(change: Change, chunks: Sequence[PairChunk]) -> bool:
    return not (change.events or change.opened or change.updated or change.closed or chunks)


def _unchanged_values(ref: int, change: Change, row: BucketRow) -> tuple[Any, ...]:
    outcome = None if row.outcome is None else row.outcome.value
    cause = storable_or_none(row.cause)
    return (ref, change.expected_seq, row.baseline_built_at, row.poll_seq, row.scanned_at, outcome, cause)


def _bucket_row(ref: int, change: Change, state: BucketState, row: BucketRow) -> tuple[Any, ...]:
    put = (*change.opened, *change.updated)
    joined = sum(1 for slot in put if slot.in_baseline and slot.slot_id not in state.baseline)
    key = change.key
    return (
        ref, key.market, key.bucket_id, key.service_date, key.time_slot, change.provider, row.baseline_built_at, row.poll_seq,
        row.scanned_at, None if row.outcome is None else row.outcome.value, storable_or_none(row.cause),
        newly_observed(change, state), len(state.open) + len(change.opened) - len(change.closed), len(state.baseline) + joined,
    )  # fmt: skip


def _places(change: Change, puts: Sequence[OpenSlot]) -> list[int | None] | None:
    """Which event of the poll, counted from 1, opens each slot; None where none opens any."""
    places = {
        event.slot_id: place for place, event in enumerate(change.events, start=1) if event.closed_at is None
    }
    if not places:
        return None
    opened = {slot.slot_id for slot in change.opened}
    return [places.get(slot.slot_id.hex()) if slot.slot_id in opened else None for slot in puts]


def _newly_closed(change: Change, state: BucketState) -> list[bytes]:
    """Members of the baseline that close, but for those that have closed before: they are stored already."""
    return [
        slot_id
        for slot_id in change.baseline_closed
        if slot_id not in state.open or state.open[slot_id].origin == Origin.BASELINE
    ]
