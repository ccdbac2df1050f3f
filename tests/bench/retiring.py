"""Retention beside a writer: how long a poll's storing takes while old events go."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from itertools import count

import msgspec

from tablewire.domain.events import Event, EventType
from tablewire.domain.markets import NYC
from tablewire.domain.state import BucketState
from tablewire.engine.clock import SystemClock
from tablewire.engine.retention import Ages, Removed, Retention
from tablewire.storage.store import PostgresStore
from tests.bench.city_log import Length
from tests.bench.figures import Bench, percentile
from tests.bench.things import bucket, event, poll_of

EACH = 0.02
"""Seconds between two polls."""
EVENTS = 10
KINDS = (EventType.NEW_DROP, EventType.CLOSED)
GOAL = 50.0


class Writer:
    """Stores a poll with ten events now and again, and notes how long each took."""

    def __init__(self, store: PostgresStore, state: BucketState) -> None:
        self._store = store
        self._state = state
        self._numbers = count(1 << 40)

    async def beside(self, work: Callable[[], Awaitable[None]]) -> list[float]:
        """Write until the work is done; answers milliseconds."""
        found, task = list[float](), asyncio.ensure_future(work())
        while not task.done():
            found.append(1000 * await self._poll())
            await asyncio.sleep(EACH)
        await task
        return found

    async def _poll(self) -> float:
        numbers = [next(self._numbers) for _ in range(EVENTS)]
        events = [_event(number, KINDS[place % 2]) for place, number in enumerate(numbers)]
        change = poll_of(self._state, events=events)
        began = time.perf_counter()
        self._state.apply(change, await self._store.record(change, self._state))
        return time.perf_counter() - began


def _event(number: int, kind: EventType) -> Event:
    """Numbers stand for instants elsewhere: here only for slots."""
    made = event(number % 1_000, kind=kind)
    return msgspec.structs.replace(made, slot_id=f"{number:032x}")


async def measure(bench: Bench, dsn: str, length: Length, days: int) -> None:
    """Remove the oldest days of a log that is rolled up; then write for as long alone."""
    store = await PostgresStore.open(dsn)
    state = (await store.load([bucket(9)], "resy"))[bucket(9)]
    clock = SystemClock()
    kept = clock.now() - length.start - timedelta(days=days)
    retention = Retention(store.retention, [NYC], Ages(events=kept, notifications=kept), clock)
    writer, removed = Writer(store, state), list[Removed]()

    async def remove() -> None:
        removed.append(await retention.remove())

    try:
        await writer.beside(lambda: asyncio.sleep(2))
        began = time.monotonic()
        beside = await writer.beside(remove)
        lasted = time.monotonic() - began
        alone = await writer.beside(lambda: asyncio.sleep(lasted))
    finally:
        await store.close()
    bench.say(
        f"   {removed[0].events:,} events and {removed[0].observed_spans:,} rows of observed time removed in {lasted:.0f} s; polls beside it: "
        f"{_told(beside)}; for as long without it: {_told(alone)}"
    )
    bench.at_most("retention_longest_write_ms", max(beside), GOAL)


def _told(milliseconds: list[float]) -> str:
    p50, p99 = (percentile(milliseconds, share) for share in (0.5, 0.99))
    return f"p50 {p50:.1f} ms, p99 {p99:.1f} ms, longest {max(milliseconds):.1f} ms of {len(milliseconds):,}"
