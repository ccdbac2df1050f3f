"""The event log on PostgreSQL itself: order under many writers, the cost of a quiet poll, and commits whose answer is lost."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from urllib.parse import quote

import asyncpg
import msgspec
import pytest

from tablewire.domain.buckets import BucketKey
from tablewire.domain.filters import EventFilter
from tablewire.errors import CommitUnknown, PollConflict, StoreUnavailable
from tablewire.storage.store import PostgresStore
from tests.database import FaultyServer
from tests.stored_scenes import ALL_TYPES, StoredScene, change_with, facts, made_up_event, quiet_poll
from tests.unit.domain.scenes import DAY, EIGHT, KEY, NINE, call

EVERY = EventFilter()
LIMIT = 30.0
"""Seconds after which a test that waits is hung."""


async def write(store: PostgresStore, writer: int, polls: int) -> int:
    """Record polls of a bucket of one's own, with one to three events each; answers how many events that were."""
    scene = await StoredScene.begin(store, key=BucketKey(f"market{writer}", DAY, "19:00"))
    for poll in range(polls):
        first = (writer * polls + poll) * 3
        events = [
            made_up_event(first + number, market=scene.state.key.market) for number in range(poll % 3 + 1)
        ]
        await scene.commit(change_with(scene.state, *events))
    return len(scene.log)


async def follow(store: PostgresStore, seen: list[int], finished: asyncio.Event) -> None:
    """Read by cursor until everything is written and read."""
    while True:
        was_finished = finished.is_set()
        page = await store.after(seen[-1] if seen else 0, 50, wanted=EVERY, types=ALL_TYPES)
        seen += [event.id for event in page]
        if was_finished and not page:
            return


async def test_a_reader_by_cursor_never_misses_an_event_however_many_write(store: PostgresStore) -> None:
    seen: list[int] = []
    finished = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(follow(store, seen, finished), name="reader")
        async with asyncio.TaskGroup() as writers:
            tasks = [
                writers.create_task(write(store, number, 15), name=f"writer {number}") for number in range(28)
            ]
        finished.set()
    written = sum(task.result() for task in tasks)
    assert seen == list(range(1, written + 1))


async def test_of_two_writers_of_one_bucket_each_poll_is_stored_by_one(dsn: str) -> None:
    stores = [await PostgresStore.open(dsn) for _ in range(2)]

    async def poll(store: PostgresStore, writer: int) -> int:
        stored = 0
        for number in range(20):
            scene = await StoredScene.begin(store)
            with suppress(PollConflict):
                stored += len(
                    await scene.commit(change_with(scene.state, made_up_event(writer * 100 + number)))
                )
        return stored

    counts = await asyncio.gather(*(poll(store, writer) for writer, store in enumerate(stores)))
    row = (await StoredScene.begin(stores[0])).state.row
    assert (await stores[0].bounds()).newest == row.poll_seq == sum(counts)
    for store in stores:
        await store.close()


async def test_a_quiet_poll_writes_at_most_400_bytes_however_many_slots_are_open(dsn: str) -> None:
    store = await PostgresStore.open(dsn)
    scene = await StoredScene.begin(store)
    await scene.keep(call(0, {f"venue{number}": [EIGHT, NINE] for number in range(500)}))
    connection = await asyncpg.connect(dsn)
    await scene.commit(quiet_poll(scene.state))
    before = await connection.fetchval("SELECT pg_current_wal_insert_lsn()")
    polls = 50
    for number in range(polls):
        cause = None if number % 2 else "page 3 failed: it timed out after 12 s, twice"
        await scene.commit(quiet_poll(scene.state, cause=cause))
    after = await connection.fetchval("SELECT pg_current_wal_insert_lsn()")
    written = await connection.fetchval("SELECT pg_wal_lsn_diff($1, $2)", after, before)
    await connection.close()
    await store.close()
    assert written / polls <= 400


async def test_counts_on_the_buckets_row_follow_what_is_stored(store: PostgresStore, dsn: str) -> None:
    scene = await StoredScene.begin(store)
    await scene.keep(call(0, {"v": [EIGHT, NINE], "w": []}), call(0, {"v": [EIGHT]}, size=4))
    await scene.keep(call(1, {"v": [EIGHT], "w": [NINE]}))
    await scene.commit(quiet_poll(scene.state))
    connection = await asyncpg.connect(dsn)
    row = await connection.fetchrow(
        "SELECT observed_pairs, open_slots, baseline_slots FROM discovery_buckets"
    )
    await connection.close()
    assert tuple(row or ()) == (3, len(scene.state.open), len(scene.state.baseline)) == (3, 2, 2)


async def test_open_slots_has_a_row_for_each_slot_that_is_open(dsn: str, store: PostgresStore) -> None:
    scene = await StoredScene.begin(store)
    await scene.keep(call(0, {"v": [EIGHT], "w": [NINE]}))
    await scene.keep(call(1, {"v": [EIGHT, NINE], "w": []}))
    connection = await asyncpg.connect(dsn)
    rows = await connection.fetch("SELECT * FROM open_slots ORDER BY actual_time")
    await connection.close()
    slots = sorted(scene.state.open.values(), key=lambda slot: slot.actual_time)
    assert [
        (row["slot_id"].bytes, row["starts_at"], tuple(row["sizes"]), row["event_id"]) for row in rows
    ] == [(slot.slot_id, slot.starts_at, slot.sizes, slot.event_id) for slot in slots]
    assert [(row["venue_id"], row["origin"], row["seen_at"], row["book_url"]) for row in rows] == [
        (slot.venue.venue_id, slot.origin, slot.seen_at, slot.book_url) for slot in slots
    ]


async def test_a_failing_statement_stores_nothing_of_its_poll(store: PostgresStore) -> None:
    scene = await StoredScene.begin(store)
    before = facts(scene.state)
    broken = change_with(scene.state, made_up_event(1), made_up_event(2, first_seen_at=None))
    with pytest.raises(Exception, match="first_seen_at"):
        await store.record(broken, scene.state)
    assert (await store.bounds()).newest == 0
    assert facts((await StoredScene.begin(store)).state) == before


# --- a store that breaks off


@asynccontextmanager
async def held_head(dsn: str) -> AsyncIterator[asyncpg.Connection]:
    """Whoever records an event has to wait as long as this holds; yields a second connection, to watch and to act."""
    holder, watcher = [await asyncpg.connect(dsn) for _ in range(2)]
    await holder.execute("BEGIN; SELECT FROM feed_head FOR UPDATE")
    try:
        yield watcher
    finally:
        # Not closed in good order: where the server was killed, saying goodbye may fail.
        for connection in (holder, watcher):
            connection.terminate()


async def until_it_waits(connection: asyncpg.Connection) -> int:
    """Wait until a recording waits for the head; answers its process."""
    waiting = "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%record_poll%'"
    async with asyncio.timeout(LIMIT):
        while (pid := await connection.fetchval(waiting)) is None:
            await asyncio.sleep(0.01)
    return int(pid)


async def test_a_connection_cut_while_a_poll_is_recorded_leaves_its_commit_unknown(dsn: str) -> None:
    store = await PostgresStore.open(dsn)
    scene = await StoredScene.begin(store)
    async with held_head(dsn) as watcher:
        recording = asyncio.create_task(store.record(change_with(scene.state, made_up_event(1)), scene.state))
        await watcher.execute("SELECT pg_terminate_backend($1)", await until_it_waits(watcher))
        with pytest.raises(CommitUnknown):
            await recording
    await store.close()


async def test_a_cancelled_statement_is_known_to_have_stored_nothing(dsn: str) -> None:
    store = await PostgresStore.open(dsn)
    scene = await StoredScene.begin(store)
    async with held_head(dsn) as watcher:
        recording = asyncio.create_task(store.record(change_with(scene.state, made_up_event(1)), scene.state))
        await watcher.execute("SELECT pg_cancel_backend($1)", await until_it_waits(watcher))
        with pytest.raises(StoreUnavailable):
            await recording
    await scene.commit(quiet_poll(scene.state))
    await store.close()


class Muzzle:
    """A socket before the server's: it can let a statement through, and cut the line instead of passing on the answer."""

    def __init__(self, server: Path) -> None:
        self._server = server
        self._lines: set[asyncio.Task[None]] = set()
        self.armed = False

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_server, to_server = await asyncio.open_unix_connection(str(self._server))
        there = asyncio.create_task(self._pass(reader, to_server), name="there")
        back = asyncio.create_task(self._pass(from_server, writer, answers=True), name="back")
        self._lines |= {there, back}
        await asyncio.wait({there, back}, return_when=asyncio.FIRST_COMPLETED)
        for end in (writer, to_server):
            end.close()

    async def _pass(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, answers: bool = False
    ) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(65_536):
                if answers and self.armed:
                    return
                writer.write(data)
                await writer.drain()

    async def end(self) -> None:
        for line in self._lines:
            line.cancel()
        await asyncio.gather(*self._lines, return_exceptions=True)


@asynccontextmanager
async def muzzled(dsn: str, folder: Path) -> AsyncIterator[tuple[str, Muzzle]]:
    """The database behind a socket that can lose an answer."""
    before, _, host = dsn.partition("?host=")
    muzzle = Muzzle(Path(host) / ".s.PGSQL.5432")
    server = await asyncio.start_unix_server(muzzle.take, str(folder / ".s.PGSQL.5432"))
    try:
        yield f"{before}?host={quote(str(folder))}", muzzle
    finally:
        server.close()
        await muzzle.end()


async def test_a_commit_whose_answer_is_lost_is_unknown_and_found_when_the_bucket_is_read_again(
    dsn: str, tmp_path: Path
) -> None:
    async with muzzled(dsn, tmp_path) as (behind, muzzle):
        store = await PostgresStore.open(behind)
        scene = await StoredScene.begin(store)
        await scene.keep(call(0, {"v": [EIGHT]}))
        await scene.keep(call(1, {"v": [EIGHT]}))
        await scene.keep(call(2, {"v": []}))  # by now the statement is prepared
        muzzle.armed = True
        with pytest.raises(CommitUnknown):
            await scene.keep(call(3, {"v": [EIGHT, NINE]}))
        muzzle.armed = False
        stored = (await StoredScene.begin(store)).state
        assert (stored.row.poll_seq, len(stored.open)) == (4, 2)
        await store.close()


async def test_the_store_says_so_while_postgres_is_away_and_goes_on_when_it_is_back(
    postgres: FaultyServer,
) -> None:
    store = await PostgresStore.open(postgres.dsn)
    scene = await StoredScene.begin(store)
    await scene.keep(call(0, {"v": [EIGHT]}))
    await postgres.stop()
    for attempt in (
        store.record(quiet_poll(scene.state), scene.state),
        store.ping(),
        store.bounds(),
        store.load([KEY], "resy"),
        store.get("resy", "1"),
    ):
        with pytest.raises(StoreUnavailable):
            await attempt
    await postgres.start()
    await scene.keep(call(1, {"v": [EIGHT, NINE]}))
    assert await store.get("resy", "1") is None
    assert facts((await StoredScene.begin(store)).state) == facts(scene.state)
    await store.close()


async def test_what_was_committed_survives_a_killed_server(postgres: FaultyServer) -> None:
    store = await PostgresStore.open(postgres.dsn)
    scene = await StoredScene.begin(store)
    await scene.keep(call(0, {"v": [EIGHT]}))
    await scene.keep(call(1, {"v": [EIGHT, NINE]}))
    async with held_head(postgres.dsn) as watcher:
        change = msgspec.structs.replace(quiet_poll(scene.state), events=(made_up_event(1),))
        recording = asyncio.create_task(store.record(change, scene.state))
        await until_it_waits(watcher)
        postgres.kill()
        with pytest.raises(CommitUnknown):
            await recording
    await postgres.start()
    assert facts((await StoredScene.begin(store)).state) == facts(scene.state)
    assert (await store.bounds()).newest == 1
    await store.close()


async def test_opening_a_store_where_no_server_answers_says_so(tmp_path: Path) -> None:
    store = await PostgresStore.open(f"postgresql://tablewire@/none?host={quote(str(tmp_path))}")
    with pytest.raises(StoreUnavailable):
        await store.ping()
    await store.close()


async def test_a_database_that_is_not_migrated_is_not_ready(empty_dsn: str) -> None:
    store = await PostgresStore.open(empty_dsn)
    with pytest.raises(StoreUnavailable, match="tablewire migrate"):
        await store.ping()
    await store.close()
