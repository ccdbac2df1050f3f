"""The store: a poll's transaction, what it writes, and how long a start takes to read it all."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from itertools import count

import asyncpg
import msgspec

from tablewire.domain.events import Event, EventType
from tablewire.domain.slots import OpenSlot
from tablewire.domain.state import BucketState
from tablewire.storage.store import PostgresStore
from tests.bench import databases
from tests.bench.figures import Bench, ratios, shown
from tests.bench.peers.orm import OrmStore, row
from tests.bench.things import BEGIN, bucket, event, open_slot, poll_of

SLOTS = 10_000
CHURN = 100
"""Slots that open and slots that close in a poll: together 2% of all."""
ROUND = 101
"""Polls at that churn in which a bucket's rows are written anew once, which counts."""


class Ours:
    """One bucket with 10,000 open slots in our store."""

    def __init__(self, store: PostgresStore, state: BucketState) -> None:
        self._store = store
        self._state = state
        self._next = count(SLOTS)
        self._chance = random.Random(7)

    @classmethod
    async def begin(cls, dsn: str) -> "Ours":
        """A store with the slots in it."""
        store = await PostgresStore.open(dsn)
        key = bucket(1)
        state = (await store.load([key], "resy"))[key]
        one = cls(store, state)
        change = poll_of(state, opened=[one._slot(number) for number in range(SLOTS)])
        state.apply(change, await store.record(change, state))
        return one

    async def poll(self, events: list[Event], changed: int) -> float:
        """Store a poll with these events, in which so many slots opened and as many closed, anywhere among the venues.

        Answers the seconds from the change to memory that has it.
        """
        state = self._state
        closed = self._chance.sample(list(state.open), changed)
        opened = [self._slot(next(self._next)) for _ in range(changed)]
        change = poll_of(state, opened=opened, closed=closed, events=events)
        began = time.perf_counter()
        state.apply(change, await self._store.record(change, state))
        return time.perf_counter() - began

    async def close(self) -> None:
        """Give all connections back."""
        await self._store.close()

    def _slot(self, number: int) -> OpenSlot:
        """A slot of its own for each number, at one of always the same 1,000 venues."""
        venue = open_slot(self._chance.randrange(SLOTS)).venue
        slot = open_slot(number, in_baseline=False)
        return msgspec.structs.replace(slot, venue=venue, book_page=venue.url)


class Usual:
    """The same with the ORM and a JSON list."""

    def __init__(self, store: OrmStore) -> None:
        self._store = store
        self._ids = [open_slot(number).slot_id.hex() for number in range(SLOTS)]
        self._next = count(SLOTS)

    async def poll(self, events: list[Event], changed: int) -> float:
        """Store a poll; answers the seconds from the events to their commit."""
        fresh = [open_slot(next(self._next)).slot_id.hex() for _ in range(changed)]
        self._ids = self._ids[changed:] + fresh
        began = time.perf_counter()
        await self._store.record("b", BEGIN, [row(one) for one in events], self._ids)
        return time.perf_counter() - began


def run(bench: Bench) -> None:
    """All of it."""
    with databases.server(bench.new_folder()) as dsn:
        asyncio.run(_polls(bench, dsn))
        asyncio.run(_start(bench, dsn))


async def _polls(bench: Bench, dsn: str) -> None:
    ours = await Ours.begin(dsn)
    orm = OrmStore(dsn)
    await orm.make()
    usual = Usual(orm)
    await usual.poll([], 0)
    watcher = await asyncpg.connect(dsn)
    try:
        for size in (10, 100, 1000) if bench.full else (10, 100):
            await _transactions(bench, ours, usual, size)
        await _written(bench, watcher, ours, usual)
    finally:
        await watcher.close()
        await ours.close()
        await orm.close()


async def _transactions(bench: Bench, ours: Ours, usual: Usual, size: int) -> None:
    numbers = count(size * 10_000)
    polls = 20

    def events() -> list[Event]:
        kinds = (EventType.NEW_DROP, EventType.CLOSED)
        return [event(next(numbers), kind=kinds[place % 2]) for place in range(size)]

    async def timed(one: Ours | Usual) -> float:
        made = [events() for _ in range(polls)]
        return sum([await one.poll(of_poll, size // 2) for of_poll in made]) / polls * 1000

    own, orm = await _in_turn(bench.pairs, lambda: timed(ours), lambda: timed(usual))
    bench.say(
        f"A poll with {size} events in a bucket of {SLOTS:,} open slots: ours {shown(own, ' ms', digits=2)}, "
        f"ORM and jsonb {shown(orm, ' ms', digits=2)}"
    )
    bench.at_most(f"store_poll_{size}_events_vs_orm_jsonb", ratios(own, orm), 0.25)


async def _written(
    bench: Bench, watcher: "asyncpg.Connection[asyncpg.Record]", ours: Ours, usual: Usual
) -> None:
    """Bytes of write-ahead log of an average poll, pages that are logged whole after the checkpoint among them."""
    numbers = count(50_000_000)

    async def log_of(one: Ours | Usual, *, polls: int, changed: int, told: bool) -> float:
        await watcher.execute("CHECKPOINT")
        made = [
            [event(next(numbers), kind=EventType.CLOSED) for _ in range(2 * changed if told else 0)]
            for _ in range(polls + 2)
        ]
        for of_poll in made[:2]:
            await one.poll(of_poll, changed)
        before = await watcher.fetchval("SELECT pg_current_wal_insert_lsn()")
        for of_poll in made[2:]:
            await one.poll(of_poll, changed)
        return float(await watcher.fetchval("SELECT pg_current_wal_insert_lsn() - $1", before)) / polls

    quiet = (await _in_turn(bench.pairs, lambda: log_of(ours, polls=50, changed=0, told=False)))[0]
    bench.say(f"Written by a poll in which nothing changed: {shown(quiet, ' bytes')}")
    bench.at_most("store_wal_bytes_of_unchanged_poll", sorted(quiet)[len(quiet) // 2], 400)
    own, orm = await _in_turn(
        bench.pairs,
        lambda: log_of(ours, polls=ROUND, changed=CHURN, told=False),
        lambda: log_of(usual, polls=10, changed=CHURN, told=False),
    )
    bench.say(
        f"Written by a poll's checkpoint at 2% churn of {SLOTS:,} slots ({CHURN} open, {CHURN} close; no events): "
        f"ours {shown(own, ' bytes')}, jsonb {shown(orm, ' bytes')}"
    )
    bench.at_most("store_wal_at_2_percent_churn_vs_jsonb", ratios(own, orm), 1 / 20)
    own, orm = await _in_turn(
        bench.pairs,
        lambda: log_of(ours, polls=ROUND, changed=CHURN, told=True),
        lambda: log_of(usual, polls=5, changed=CHURN, told=True),
    )
    bench.say(
        f"The same with its {2 * CHURN} events: ours {shown(own, ' bytes')}, ORM and jsonb {shown(orm, ' bytes')}"
    )


async def _start(bench: Bench, dsn: str) -> None:
    """Read 100,000 open slots in 28 buckets, as a start does."""
    store = await PostgresStore.open(dsn)
    try:
        keys = await databases.fill_slots(store, 28, 100_000, provider="other")
        seconds, found = [], 0
        for _ in range(bench.pairs + 1):
            began = time.perf_counter()
            states = await store.load(keys, "other")
            seconds.append(time.perf_counter() - began)
            found = sum(len(state.open) for state in states.values())
    finally:
        await store.close()
    if found != 100_000:
        raise RuntimeError(f"{found} slots were loaded")
    bench.say(f"100,000 open slots in 28 buckets read into memory: {shown(seconds[1:], ' s', digits=2)}")
    bench.at_most("store_load_100000_slots_seconds", sorted(seconds[1:])[len(seconds[1:]) // 2], 1.0)


async def _in_turn(times: int, *measures: Callable[[], Awaitable[float]]) -> list[list[float]]:
    """Run the measures in turn, once to warm up and then so many times."""
    found: list[list[float]] = [[] for _ in measures]
    for turn in range(times + 1):
        for results, measure in zip(found, measures, strict=True):
            value = await measure()
            if turn:
                results.append(value)
    return found
