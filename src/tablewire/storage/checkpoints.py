"""The checkpoints on PostgreSQL: what memory is made of after a start."""

import gc
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from tablewire.domain.buckets import BucketKey
from tablewire.domain.snapshots import Outcome
from tablewire.domain.state import BucketRow, BucketState
from tablewire.errors import StoreError
from tablewire.storage.bucket_refs import BucketRefs
from tablewire.storage.event_log import chunk_row
from tablewire.storage.failures import unavailable
from tablewire.storage.observations import PairChunk, chunks_of_pairs, restore_pairs
from tablewire.storage.pools import CONNECT_TIMEOUT
from tablewire.storage.protocol import BucketDay, StoredBucket
from tablewire.storage.shown_venues import ShownVenues, load_venues
from tablewire.storage.slot_rows import SlotReader, StoredRow, split_ids

MAKE_ROWS = """
INSERT INTO discovery_buckets (market, provider, bucket_id, service_date, time_slot)
SELECT new.market, $2, new.bucket_id, new.service_date, new.time_slot
FROM unnest($1::text[], $3::text[], $4::date[], $5::text[]) AS new (market, bucket_id, service_date, time_slot)
WHERE NOT EXISTS (
    SELECT FROM discovery_buckets AS old
    WHERE old.market = new.market AND old.provider = $2 AND old.bucket_id = new.bucket_id
)
ON CONFLICT DO NOTHING
"""

LOAD_ROWS = """
SELECT ref, bucket.market, bucket.bucket_id, baseline_built_at, poll_seq, scanned_at, outcome, cause
FROM discovery_buckets AS bucket
JOIN unnest($1::text[], $3::text[]) AS wanted (market, bucket_id) USING (market, bucket_id)
WHERE bucket.provider = $2
"""

LOAD_BASELINE = "SELECT ref, slot_ids FROM baseline_slots WHERE ref = ANY ($1::int[])"

LOAD_CHANGES = "SELECT slot_ids, slots, event_ids, closed FROM slot_changes WHERE ref = $1 ORDER BY poll_seq"

LOAD_PAIRS = """
SELECT ref, party_size, chunk, venue_ids, counts, observed_at FROM venue_observations WHERE ref = ANY ($1::int[])
"""

LOAD_DROPS = """
SELECT market, bucket_id, uuid_send(slot_id) AS slot_id, max(opened_at) AS opened_at
FROM availability_events
WHERE opened_at >= $4 AND event_type = 'NEW_DROP' AND provider = $2 AND market = ANY ($1::text[]) AND bucket_id = ANY ($3::text[])
GROUP BY market, bucket_id, slot_id
"""

NEWEST_SCAN = "SELECT max(scanned_at) AS newest FROM discovery_buckets"

STORED_BUCKETS = """
SELECT market, service_date, time_slot FROM discovery_buckets WHERE market = $1 AND provider = $2 ORDER BY bucket_id
"""

SAVE_PAIRS = """
WITH mine AS (
    SELECT ref FROM discovery_buckets WHERE ref = $1 AND poll_seq = $2 FOR SHARE
)
INSERT INTO venue_observations
SELECT new.* FROM mine JOIN unnest($3::venue_observations[]) AS new USING (ref)
ON CONFLICT (ref, party_size, chunk) DO UPDATE SET
    venue_ids = excluded.venue_ids, counts = excluded.counts, observed_at = excluded.observed_at
"""

LEAVE = """
WITH gone AS (
    DELETE FROM discovery_buckets
    WHERE market = $1 AND provider = $2 AND bucket_id = $3 AND open_slots = 0
    RETURNING ref
), slots AS (
    DELETE FROM slot_changes WHERE ref IN (SELECT ref FROM gone)
), baseline AS (
    DELETE FROM baseline_slots WHERE ref IN (SELECT ref FROM gone)
), pairs AS (
    DELETE FROM venue_observations WHERE ref IN (SELECT ref FROM gone)
)
SELECT count(*) FROM discovery_buckets
WHERE market = $1 AND provider = $2 AND bucket_id = $3 AND ref NOT IN (SELECT ref FROM gone)
"""

SAVE_DAYS = """
INSERT INTO bucket_days (
    day, market, bucket_id, provider, service_date, time_slot, lead_days, baseline_slots, open_slots, observed_venues
)
SELECT $1, new.* FROM unnest($2::text[], $3::text[], $4::text[], $5::date[], $6::text[], $7::int[], $8::int[], $9::int[], $10::int[])
    AS new
ON CONFLICT (day, market, provider, bucket_id) DO UPDATE SET
    lead_days = excluded.lead_days, baseline_slots = excluded.baseline_slots,
    open_slots = excluded.open_slots, observed_venues = excluded.observed_venues
"""

BEAT = """
INSERT INTO loop_heartbeats (process, loop, at) VALUES ($1, $2, $3)
ON CONFLICT (process, loop) DO UPDATE SET at = excluded.at
"""

SETTINGS_MARK = "SELECT mark FROM settings_marks WHERE market = $1"

FORGET_PAIRS = """
WITH mark AS (
    INSERT INTO settings_marks (market, mark) VALUES ($1, $2) ON CONFLICT (market) DO UPDATE SET mark = excluded.mark
), counts AS (
    UPDATE discovery_buckets SET observed_pairs = 0 WHERE market = $1 AND observed_pairs > 0
)
DELETE FROM venue_observations WHERE ref IN (SELECT ref FROM discovery_buckets WHERE market = $1)
"""


class PostgresCheckpoints:
    """The checkpoints; see `protocol.Checkpoints` for what each question means."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]", refs: BucketRefs, venues: ShownVenues) -> None:
        self._pool = pool
        self._refs = refs
        self._venues = venues

    async def load(
        self, buckets: Sequence[BucketKey], provider: str, *, drops_since: datetime | None = None
    ) -> Mapping[BucketKey, BucketState]:
        """Memory as stored, all of one instant."""
        with unavailable():
            async with self._pool.acquire(timeout=CONNECT_TIMEOUT) as connection:
                await _make_rows(connection, buckets, provider)
                async with connection.transaction(isolation="repeatable_read", readonly=True):
                    states = await _load_rows(connection, buckets, provider)
                    await _load_contents(connection, states)
                    entries = await self._load_slots(connection, states, provider)
                    if drops_since is not None:
                        await _load_drops(connection, states.values(), provider, drops_since)
        for ref, state in states.items():
            self._refs.put(state.key, provider, ref, entries[ref])
        return {state.key: state for state in states.values()}

    async def stored_buckets(self, market: str, provider: str) -> list[StoredBucket]:
        """The buckets of a market that have rows."""
        rows = await self._fetch(STORED_BUCKETS, market, provider)
        return [
            StoredBucket(BucketKey(row["market"], row["service_date"], row["time_slot"]), provider)
            for row in rows
        ]

    async def leave(self, key: BucketKey, provider: str, at: datetime) -> None:  # noqa: ARG002 - the door says when
        """Remove a bucket's rows. Raises `StoreError` where something is still open in it."""
        rows = await self._fetch(LEAVE, key.market, provider, key.bucket_id)
        if rows[0]["count"]:
            raise StoreError(f"{key.bucket_id} at {provider} cannot leave: slots are still open in it")
        self._refs.drop(key, provider)

    async def save_observations(self, state: BucketState, pairs: Mapping[int, Sequence[str]]) -> None:
        """Store last observations; stores nothing where another process has stored a poll since."""
        known = self._refs.get(state.key, state.provider)
        chunks = chunks_of_pairs(state, pairs)
        if known is not None and chunks:
            rows = [chunk_row(known.ref, chunk) for chunk in chunks]
            await self._fetch(SAVE_PAIRS, known.ref, state.row.poll_seq, rows)

    async def save_days(self, day: date, rows: Sequence[BucketDay]) -> None:
        """Keep the buckets' rows of a day; a second time replaces them."""
        latest = {(row.key, row.provider): row for row in rows}
        columns = zip(*(_day_values(row) for row in latest.values()), strict=True)
        if latest:
            await self._fetch(SAVE_DAYS, day, *columns)

    async def beat(self, process: str, loop: str, at: datetime) -> None:
        """Store a heartbeat."""
        await self._fetch(BEAT, process, loop, at)

    async def newest_scan(self) -> datetime | None:
        """When the newest stored poll ended."""
        newest: datetime | None = (await self._fetch(NEWEST_SCAN))[0]["newest"]
        return newest

    async def settings_mark(self, market: str) -> str | None:
        """The mark of the settings that the stored observations were made under."""
        rows = await self._fetch(SETTINGS_MARK, market)
        return str(rows[0]["mark"]) if rows else None

    async def forget_observations(self, market: str, mark: str) -> None:
        """Forget all pairs of a market, and keep the new mark."""
        await self._fetch(FORGET_PAIRS, market, mark)

    async def _load_slots(
        self,
        connection: "PoolConnectionProxy[asyncpg.Record]",
        states: Mapping[int, BucketState],
        provider: str,
    ) -> dict[int, int]:
        """Put the open slots into memory; answers how many entries each bucket's rows have."""
        reader, entries = SlotReader(provider), dict[int, int]()
        for ref, state in states.items():
            rows = [StoredRow(*row) for row in await connection.fetch(LOAD_CHANGES, ref)]
            entries[ref] = sum(row.entries for row in rows)
            with _nothing_collected():
                found = reader.read(rows)
            if unknown := reader.unknown_venues(found):
                learnt = await load_venues(connection, provider, unknown)
                reader.learn(learnt)
                self._venues.keep(list(learnt.values()))
            with _nothing_collected():
                state.restore(reader.slots_of(found))
        return entries

    async def _fetch(self, statement: str, *values: Any) -> list[asyncpg.Record]:
        with unavailable():
            async with self._pool.acquire(timeout=CONNECT_TIMEOUT) as connection:
                return await connection.fetch(statement, *values)


def _day_values(row: BucketDay) -> tuple[Any, ...]:
    key = row.key
    counts = (row.lead_days, row.baseline_slots, row.open_slots, row.observed_venues)
    return (key.market, key.bucket_id, row.provider, key.service_date, key.time_slot, *counts)


async def _make_rows(
    connection: "PoolConnectionProxy[asyncpg.Record]", buckets: Sequence[BucketKey], provider: str
) -> None:
    await connection.execute(
        MAKE_ROWS,
        [key.market for key in buckets],
        provider,
        [key.bucket_id for key in buckets],
        [key.service_date for key in buckets],
        [key.time_slot for key in buckets],
    )


async def _load_rows(
    connection: "PoolConnectionProxy[asyncpg.Record]", buckets: Sequence[BucketKey], provider: str
) -> dict[int, BucketState]:
    keys = {(key.market, key.bucket_id): key for key in buckets}
    markets, bucket_ids = [market for market, _ in keys], [bucket_id for _, bucket_id in keys]
    states: dict[int, BucketState] = {}
    for row in await connection.fetch(LOAD_ROWS, markets, provider, bucket_ids):
        state = states[row["ref"]] = BucketState(keys[row["market"], row["bucket_id"]], provider)
        state.row = BucketRow(
            poll_seq=row["poll_seq"],
            scanned_at=row["scanned_at"],
            baseline_built_at=row["baseline_built_at"],
            outcome=None if row["outcome"] is None else Outcome(row["outcome"]),
            cause=row["cause"],
        )
    return states


async def _load_contents(
    connection: "PoolConnectionProxy[asyncpg.Record]", states: Mapping[int, BucketState]
) -> None:
    refs = list(states)
    chunks: dict[int, list[PairChunk]] = {}
    for row in await connection.fetch(LOAD_PAIRS, refs):
        chunks.setdefault(row["ref"], []).append(_chunk_of(row))
    for ref, of_bucket in chunks.items():
        restore_pairs(states[ref], of_bucket)
    for row in await connection.fetch(LOAD_BASELINE, refs):
        states[row["ref"]].baseline.update(split_ids(row["slot_ids"]))


async def _load_drops(
    connection: "PoolConnectionProxy[asyncpg.Record]",
    states: Iterable[BucketState],
    provider: str,
    since: datetime,
) -> None:
    by_id = {(state.key.market, state.key.bucket_id): state for state in states}
    markets, bucket_ids = list({market for market, _ in by_id}), list({bucket_id for _, bucket_id in by_id})
    for row in await connection.fetch(LOAD_DROPS, markets, provider, bucket_ids, since):
        state = by_id.get((row["market"], row["bucket_id"]))
        if state is not None:
            state.last_drops[row["slot_id"]] = row["opened_at"]


@contextmanager
def _nothing_collected() -> Iterator[None]:
    """Without the collector, which would look again and again through slots that are all kept; never held over an await."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _chunk_of(row: asyncpg.Record) -> PairChunk:
    return PairChunk(
        party_size=row["party_size"],
        chunk=row["chunk"],
        venue_ids=tuple(row["venue_ids"]),
        counts=tuple(row["counts"]),
        observed_at=tuple(row["observed_at"]),
    )
