"""Databases for benchmarks: an embedded server as the service starts it, which loses no commit."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import asyncpg

from tablewire.domain.buckets import BucketKey
from tablewire.storage import migrate
from tablewire.storage.embedded import EmbeddedPostgres
from tablewire.storage.store import PostgresStore
from tests.bench.things import bucket, event, open_slot, poll_of

_names = count(1)


@contextmanager
def server(folder: Path) -> Iterator[str]:
    """A server with a migrated database, whose URL this is."""
    embedded = EmbeddedPostgres(folder)

    async def start() -> str:
        dsn = await embedded.start()
        await migrate.upgrade(dsn)
        return dsn

    dsn = asyncio.run(start())
    try:
        yield dsn
    finally:
        asyncio.run(embedded.stop())


def fresh(dsn: str) -> str:
    """One more migrated database on the same server."""
    name = f"bench_{next(_names)}"

    async def make() -> str:
        connection = await asyncpg.connect(dsn)
        try:
            await connection.execute(f'CREATE DATABASE "{name}"')
        finally:
            await connection.close()
        made = dsn.replace("/tablewire?", f"/{name}?")
        await migrate.upgrade(made)
        return made

    return asyncio.run(make())


async def fill_slots(
    store: PostgresStore, buckets: int, slots: int, provider: str = "resy"
) -> list[BucketKey]:
    """Store so many open slots, spread over so many buckets."""
    keys = [bucket(number) for number in range(buckets)]
    states = await store.load(keys, provider)
    for number, key in enumerate(keys):
        begin, end = number * slots // buckets, (number + 1) * slots // buckets
        change = poll_of(states[key], opened=[open_slot(one, key.service_date) for one in range(begin, end)])
        await store.record(change, states[key])
    return keys


async def analyze(dsn: str) -> None:
    """Let the planner know what is stored, as the server does by itself after a while."""
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute("VACUUM ANALYZE")
    finally:
        await connection.close()


async def fill_events(store: PostgresStore, events: int) -> None:
    """Store so many drops."""
    key = bucket(0)
    state = (await store.load([key], "resy"))[key]
    for begin in range(0, events, 1000):
        change = poll_of(state, events=[event(one) for one in range(begin, min(events, begin + 1000))])
        state.apply(change, await store.record(change, state))
