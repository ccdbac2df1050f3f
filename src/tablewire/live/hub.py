"""The hub: takes every stored event, in the order of the log, to everyone who listens."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import date, datetime
from typing import cast

import anyio
import msgspec

from tablewire.domain.buckets import parse_bucket_id
from tablewire.domain.events import Event
from tablewire.domain.filters import EventFilter
from tablewire.errors import BadInput, StoreError
from tablewire.live.audience import Audience, Group, Stream, StreamLimits, Wish
from tablewire.live.protocol import EventReader, Sink
from tablewire.live.resets import Reset
from tablewire.live.ring import ALL_TYPES, Ring, Selection, Selections
from tablewire.live.sse import Entry, encode_json

RING_SIZE = 4_096
_BATCH = 500
_WRITES_AT_ONCE = 1_000
"""After so many writes the loop gets a turn."""
_SHUTDOWN_SPREAD_MS = (1_000, 15_000)
_SCAN_FIELDS = frozenset({"market", "provider", "service_date"})
EVERYTHING = EventFilter()


class Scan(msgspec.Struct, frozen=True, kw_only=True):
    """One poll of one bucket, for those who watch the work itself."""

    market: str
    bucket_id: str
    provider: str
    outcome: str
    scanned_at: datetime
    drops: int
    reopened: int
    closed: int


class _ScanFields(msgspec.Struct, frozen=True):
    market: str
    provider: str
    service_date: date


class HubStats(msgspec.Struct):
    """What the hub has done since its start."""

    streams: int = 0
    """Open now."""
    groups: int = 0
    """Distinct filters that are listened with now."""
    frames: int = 0
    """Frames sent, each client's counted."""
    bytes: int = 0
    slow_dropped: int = 0
    """Clients cut because they did not keep up."""
    refused: int = 0
    """Streams refused because of a limit."""


class Hub:
    """Takes events to streams: each encoded once, each distinct filter evaluated once, nobody held up by a slow reader.

    The owner calls `start` once, `publish` after each commit, and runs `run` (or calls `catch_up` and `tick` each second).
    """

    def __init__(
        self,
        reader: EventReader,
        *,
        limits: StreamLimits | None = None,
        ring_size: int = RING_SIZE,
        clock: Callable[[], float] = time.monotonic,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.reader = reader
        self.ring = Ring(ring_size)
        self.oldest = 1
        """The oldest id that the log keeps, as last heard of."""
        self._ring_size = ring_size
        self._selections = Selections(self.ring)
        self._audience = Audience(limits or StreamLimits(), clock, chance)
        self._chance = chance
        self._stats = HubStats()
        self._writing = asyncio.Lock()
        """Held while the log's order is decided, also over reads of the store."""
        self._delivering = asyncio.Lock()
        """Held while events are written: a sign of life in between would carry a place not yet reached by all."""
        self._second = 0
        self._closing = False

    @property
    def newest(self) -> int:
        """The id up to which everything has been published."""
        return self.ring.newest

    @property
    def closing(self) -> bool:
        """Whether no stream is let in any more."""
        return self._closing

    def stats(self) -> HubStats:
        """How it is doing, as of now."""
        now = msgspec.structs.replace(self._stats)
        now.streams = len(self._audience.streams)
        now.groups = len(self._audience.groups)
        return now

    async def start(self) -> None:
        """Learn where the log stands, and read its newest events. Raises `StoreError`."""
        async with self._writing:
            ends = await self.reader.bounds()
            newest = await self.reader.before(
                ends.newest + 1, self._ring_size, wanted=EVERYTHING, types=ALL_TYPES
            )
            floor = newest[0].id - 1 if len(newest) == self._ring_size else ends.oldest - 1
            self.oldest = ends.oldest
            self._selections.clear()
            self.ring.restart(floor, ends.newest, [Entry(event) for event in newest])

    async def publish(self, events: Sequence[Event]) -> None:
        """Announce events that have just been stored, ids ascending.

        What another process stored before them is read and announced first; what was announced already is not again. Where the
        store cannot be read, nothing is announced now: `catch_up` makes good for it.
        """
        async with self._writing:
            fresh = [event for event in events if event.id > self.newest]
            if not fresh:
                return
            if fresh[0].id > self.newest + 1:
                try:
                    await self._read_upto(fresh[0].id - 1)
                except StoreError:
                    return
            await self._deliver([Entry(event) for event in fresh], fresh[-1].id)

    async def catch_up(self) -> None:
        """Announce what is stored beyond the newest event known here. Raises `StoreError`."""
        async with self._writing:
            ends = await self.reader.bounds()
            if ends.oldest > max(self.oldest, self.newest):
                # All that is known here is gone: another process has emptied the log.
                self._say_cleared(ends.oldest - 1)
            if ends.oldest > self.oldest:
                self.oldest = ends.oldest
                self.ring.forget_below(ends.oldest)
            if ends.newest > self.newest:
                await self._read_upto(ends.newest)

    async def run(self) -> None:
        """Once a second, for ever: signs of life and goodbyes, and beside them what other processes have stored."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._tick_forever, name="live_tick")
            tasks.start_soon(self._follow_forever, name="live_follow")

    async def tick(self) -> None:
        """One second has passed: send the signs of life that are due, and end what has lived long enough."""
        async with self._delivering:
            self._second += 1
            for stream in self._audience.beating(self._second):
                self._write(stream, stream.wish.encoding.heartbeat(self.newest))
            for stream in list(self._audience.overdue()):
                self._end(stream, "max_age")

    @asynccontextmanager
    async def still(self) -> AsyncIterator[None]:
        """Within it nothing of the log is read or announced."""
        async with self._writing:
            yield

    def forget(self) -> None:
        """The log has been emptied, and ids go on: nothing is left to be read, and every stream is told. To be called within `still`."""
        self._say_cleared(self.newest)

    def announce_scan(self, scan: Scan) -> None:
        """Tell those who asked for `scan` of one poll of one bucket."""
        groups = [group for group in self._audience.groups.values() if "scan" in group.types]
        if not groups:
            return
        data = encode_json(scan)
        for group in groups:
            if _wants_scan(group, scan):
                for (encoding, framing), streams in list(group.lanes.items()):
                    self._send_all(list(streams), framing(encoding.control("scan", data)), 1)

    def close_all(self, reason: str = "shutdown") -> None:
        """Say goodbye to everyone, with times to come back that are spread, and let nobody in any more."""
        self._closing = True
        low, high = _SHUTDOWN_SPREAD_MS
        for stream in list(self._audience.streams):
            stream.retry_ms = int(low + (high - low) * self._chance())
            self._end(stream, reason)

    def clients(self) -> frozenset[str]:
        """Everybody who has a stream open, by the name they were let in under."""
        return self._audience.clients()

    async def dismiss(self, clients: Collection[str], reason: str = "revoked") -> None:
        """End every stream of some clients, those that still catch up too."""
        async with self._delivering:
            for stream in list(self._audience.streams):
                if stream.client in clients:
                    self._end(stream, reason)

    def open(self, wish: Wish, sink: Sink, client: str) -> Stream:
        """A stream, to be entered with `with` (where `TooManyStreams` may be raised) and made live with `go_live`."""
        return Stream(self._audience, wish, sink, client)

    def life(self) -> float:
        """How many seconds a stream that starts now may live."""
        return self._audience.life()

    def go_live(self, stream: Stream) -> bool:
        """Let a stream that has been sent everything hear what comes; False where it has not, or is over."""
        if stream.ending is not None or stream.position < self.newest:
            return False
        self._audience.join(stream)
        return True

    def join(self, stream: Stream) -> None:
        """Let a stream that is fed by another log than the hub's hear signs of life and goodbyes; `send` writes to it."""
        self._audience.join(stream)

    def send(self, stream: Stream, frames: bytes) -> bool:
        """Write frames to such a stream, cut it where it does not keep up, end it where its bound is reached; whether it was live."""
        if not stream.live:
            return False
        self._write(stream, frames)
        if stream.ending is not None:
            self._end(stream, stream.ending)
        return True

    def selection(self, wanted: EventFilter, types: frozenset[str]) -> Selection:
        """What of the ring passes a filter, up to date."""
        return self._selections.of(wanted, types)

    def count_refused(self) -> None:
        """A stream was refused."""
        self._stats.refused += 1

    async def _tick_forever(self) -> None:
        while True:
            await anyio.sleep(1)
            await self.tick()

    async def _follow_forever(self) -> None:
        while True:
            await anyio.sleep(1)
            # A store that is away shows in health; the next second asks again.
            with suppress(StoreError):
                await self.catch_up()

    async def _read_upto(self, newest: int) -> None:
        while self.newest < newest:
            batch = await self.reader.after(
                self.newest, _BATCH, wanted=EVERYTHING, types=ALL_TYPES, upto=newest
            )
            # Ids may be missing in the log for good: a short batch proves that nothing else lies up to `newest`.
            reached = batch[-1].id if len(batch) == _BATCH else newest
            await self._deliver([Entry(event) for event in batch], reached)

    async def _deliver(self, entries: list[Entry], newest: int) -> None:
        async with self._delivering:
            self.ring.extend(entries, newest)
            await self._send_by_group(entries)

    async def _send_by_group(self, entries: list[Entry]) -> None:
        # Who goes live from here on has read these events from the ring: only those who listen now are written to.
        plan = [
            (list(streams), lane, selected)
            for group in self._audience.groups.values()
            if (selected := group.select(entries))
            for lane, streams in group.lanes.items()
        ]
        written = 0
        for streams, (encoding, framing), selected in plan:
            data = framing(b"".join([entry.frame(encoding) for entry in selected]))
            for start in range(0, len(streams), _WRITES_AT_ONCE):
                some = streams[start : start + _WRITES_AT_ONCE]
                self._send_events(some, data, selected)
                written += len(some)
                if written >= _WRITES_AT_ONCE:
                    written = 0
                    await asyncio.sleep(0)

    def _send_events(self, streams: Sequence[Stream], data: bytes, selected: list[Entry]) -> None:
        bounded = [stream for stream in streams if stream.left is not None]
        if not bounded:
            self._send_all(streams, data, len(selected))
            return
        self._send_all([stream for stream in streams if stream.left is None], data, len(selected))
        for stream in bounded:
            if not stream.live:
                continue
            self._write(stream, stream.frame(selected))
            if stream.ending is not None:
                self._end(stream, stream.ending)

    def _send_all(self, streams: Sequence[Stream], data: bytes, frames: int) -> None:
        """The one hot loop: the same bytes to many."""
        limit = self._audience.limits.buffer_bytes
        sent = 0
        lost: list[Stream] = []
        for stream in streams:
            if not stream.live:
                continue
            sink = stream.sink
            try:
                sink.write(data)
            except RuntimeError:  # its connection was lost a moment ago
                lost.append(stream)
                continue
            sent += 1
            if sink.buffered() > limit:
                lost.append(stream)
                self._stats.slow_dropped += 1
        self._stats.frames += sent * frames
        self._stats.bytes += sent * len(data)
        for stream in lost:
            self._cut(stream)

    def _say_cleared(self, newest: int) -> None:
        self.oldest = newest + 1
        self._selections.clear()
        self.ring.restart(newest, newest, [])
        reset = encode_json(Reset("cleared", str(newest), str(newest)))
        for stream in list(self._audience.streams):
            if stream.live:
                self._write(stream, stream.wish.encoding.control("reset", reset, cursor=newest))
            elif stream.ending is None:
                # Its replay sees this between two batches; its client comes back with its place.
                stream.ending = "cleared"

    def _write(self, stream: Stream, frame: bytes) -> None:
        if frame:
            self._send_all((stream,), stream.sink.framing(frame), 1)

    def _cut(self, stream: Stream) -> None:
        stream.ending = stream.ending or "slow"
        self._audience.silence(stream)
        stream.sink.abort()

    def _end(self, stream: Stream, reason: str) -> None:
        if stream.live:
            stream.ending = stream.ending or reason
            self._write(stream, stream.bye())
            self._audience.silence(stream)
            stream.sink.end()
        elif stream.ending is None:
            # Its replay sees this between two batches; one that is not even taken is cut later.
            stream.ending = reason
            self._audience.set_stuck_limit(stream)
        else:
            self._cut(stream)


def _wants_scan(group: Group, scan: Scan) -> bool:
    terms = tuple(term for term in group.wanted.terms if term.field in _SCAN_FIELDS)
    if not terms:
        return True
    try:
        service_date, _ = parse_bucket_id(scan.bucket_id)
    except BadInput:
        return False
    told = _ScanFields(scan.market, scan.provider, service_date)
    # The terms kept name these fields only.
    return EventFilter(terms).matches(cast("Event", told))
