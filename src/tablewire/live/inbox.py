"""The inbox: takes every notification that is stored or changed to those of its user's streams that are open."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Final, Protocol

import anyio

from tablewire.domain.filters import EventFilter
from tablewire.domain.notifications import Notification
from tablewire.errors import BadCursor, StoreError
from tablewire.live.audience import Stream, Wish
from tablewire.live.feed import Resumption, parse_cursor
from tablewire.live.hub import Hub
from tablewire.live.moments import Moments
from tablewire.live.own_places import Note, OwnPlaces
from tablewire.live.protocol import Sink
from tablewire.live.sse import NDJSON, SSE, Encoding

_BATCH: Final = 500
_REPLAY_BATCH: Final = 200


class InboxReader(Protocol):
    """The stored notifications; `storage.notification_door.NotificationReader` says more."""

    async def after(
        self, cursor: int, limit: int, *, user_id: int | None = None, upto: int | None = None
    ) -> list[Notification]:
        """Those whose place is above `cursor` and at most `upto`, in that order."""
        ...

    async def ends(self) -> tuple[int, int]:
        """(oldest place kept or next to be given, newest place given)."""
        ...


class Listener:
    """One open stream of one user's notifications."""

    __slots__ = ("since", "stream", "user_id")

    def __init__(self, stream: Stream, user_id: int, since: int) -> None:
        self.stream = stream
        self.user_id = user_id
        self.since = since
        """The place that its client came with: it may have every notification with this id or a lower one."""


class Inbox:
    """Notifications to streams. Its streams are the hub's, with its limits and goodbyes; their places are those of notifications.

    The owner calls `start` once, `announce` after each telling, and runs `run`. `show` makes the JSON that clients see.
    """

    def __init__(
        self,
        hub: Hub,
        reader: InboxReader,
        show: Callable[[Notification], bytes],
        now: Callable[[], datetime],
    ) -> None:
        self._hub = hub
        self._reader = reader
        self._show = show
        self._now = now
        self._oldest = 1
        self._newest = 0
        self._reading = asyncio.Lock()
        """Held while the order of what is announced is decided, also over reads of the store."""
        self._nudged = asyncio.Event()
        self._listeners: defaultdict[int, set[Listener]] = defaultdict(set)
        self.streamed = Moments()
        """When notifications were first written to a stream of this process."""
        self._encodings = {one.media_type: OwnPlaces(one, lambda: self._newest) for one in (SSE, NDJSON)}

    @property
    def newest(self) -> int:
        """The place up to which everything has been announced."""
        return self._newest

    @property
    def oldest_cursor(self) -> int:
        """The place after which everything comes that is kept."""
        return max(self._oldest - 1, 0)

    def encoding(self, encoding: Encoding) -> Encoding:
        """The same encoding for streams of this inbox."""
        return self._encodings[encoding.media_type]

    async def start(self) -> None:
        """Learn where the store stands. Raises `StoreError`."""
        async with self._reading:
            self._oldest, self._newest = await self._reader.ends()

    async def run(self) -> None:
        """For ever, once a second and when it is nudged: announce what other processes have stored, and what has changed."""
        while True:
            with anyio.move_on_after(1):
                await self._nudged.wait()
            self._nudged.clear()
            # A store that is away shows in health; the next second asks again.
            with suppress(StoreError):
                await self.catch_up()

    def nudge(self) -> None:
        """Something has been stored or changed: look at once."""
        self._nudged.set()

    async def announce(self, notifications: Sequence[Notification]) -> None:
        """Announce notifications that have just been stored; what another process stored before them comes first.

        Where the store has to be read for that and cannot be, nothing is announced now: `catch_up` makes good for it.
        """
        async with self._reading:
            fresh = sorted(
                (one for one in notifications if one.place > self._newest), key=lambda one: one.place
            )
            if not fresh:
                return
            if fresh[0].place == self._newest + 1 and fresh[-1].place == self._newest + len(fresh):
                self._deliver(fresh, fresh[-1].place)
                return
            with suppress(StoreError):
                await self._read_upto(fresh[-1].place)

    async def catch_up(self) -> None:
        """Announce what is stored beyond the newest place known here. Raises `StoreError`."""
        async with self._reading:
            self._oldest, newest = await self._reader.ends()
            await self._read_upto(newest)

    async def resume(self, cursor: str | None) -> Resumption:
        """Where a stream starts that comes back with a cursor, or (None) that starts now. Raises `StoreError`."""
        if cursor is None:
            return Resumption(self._newest)
        try:
            place = parse_cursor(cursor)
        except BadCursor:
            return Resumption(self._newest, "bad")
        if place == 0:
            return Resumption(self.oldest_cursor)
        if not self.oldest_cursor <= place <= self._newest:
            await self.catch_up()  # ask the store before saying that it is gone
            if place > self._newest:
                return Resumption(self._newest, "ahead")
            if place < self.oldest_cursor:
                return Resumption(self._newest, "too_old")
        return Resumption(place)

    @contextmanager
    def open(self, user_id: int, wish: Wish, sink: Sink, client: str, since: int) -> Iterator[Listener]:
        """A stream of a user's notifications, open within the block. Raises `TooManyStreams`."""
        with self._hub.open(wish, sink, client) as stream:
            stream.position = since
            listener = Listener(stream, user_id, since)
            self._listeners[user_id].add(listener)
            try:
                yield listener
            finally:
                self._forget(listener)

    async def missed(self, listener: Listener) -> bytes:
        """The next frames that a stream has to be sent before it can go live; its position moves on. Raises `StoreError`."""
        stream, upto = listener.stream, self._newest
        batch = await self._reader.after(stream.position, _REPLAY_BATCH, user_id=listener.user_id, upto=upto)
        stream.position = batch[-1].place if len(batch) == _REPLAY_BATCH else upto
        self._remember(batch)
        return _frames(stream, self._notes(batch, listener.since))

    def go_live(self, listener: Listener) -> bool:
        """Let a stream that has been sent everything hear what comes; False where it has not, or is over."""
        stream = listener.stream
        if stream.ending is not None or stream.position < self._newest:
            return False
        self._hub.join(stream)
        return True

    async def _read_upto(self, newest: int) -> None:
        while self._newest < newest:
            if not any(self._hearing()):
                self._newest = newest
                return
            batch = await self._reader.after(self._newest, _BATCH, upto=newest)
            # Whoever changes again leaves its place: a short batch proves that nothing else lies up to `newest`.
            self._deliver(batch, batch[-1].place if len(batch) == _BATCH else newest)

    def _deliver(self, batch: Sequence[Notification], newest: int) -> None:
        """Without any wait: a sign of life in between would carry a place that not all have reached."""
        before, self._newest = self._newest, newest
        of_user: defaultdict[int, list[Notification]] = defaultdict(list)
        for one in batch:
            if one.user_id in self._listeners:
                of_user[one.user_id].append(one)
        for user_id, told in of_user.items():
            hearing = [one.stream for one in self._listeners[user_id] if one.stream.live]
            if not hearing:
                continue
            notes = self._notes(told, before)
            for stream in hearing:
                self._hub.send(stream, _frames(stream, notes))
            self._remember(told)

    def _notes(self, batch: Iterable[Notification], since: int) -> list[Note]:
        return [
            Note(one.place, "notification" if one.id > since else "update", self._show(one)) for one in batch
        ]

    def _remember(self, streamed: Iterable[Notification]) -> None:
        self.streamed.note((one.id for one in streamed), self._now())

    def _hearing(self) -> Iterator[Listener]:
        return (one for listeners in self._listeners.values() for one in listeners if one.stream.live)

    def _forget(self, listener: Listener) -> None:
        mine = self._listeners[listener.user_id]
        mine.discard(listener)
        if not mine:
            del self._listeners[listener.user_id]


def wish_for(encoding: Encoding, *, max_events: int | None, max_age: float | None) -> Wish:
    """What the stream of an inbox asks of the hub: nothing of the feed."""
    return Wish(
        wanted=EventFilter(),
        types=frozenset({"notification"}),
        encoding=encoding,
        max_events=max_events,
        max_age=max_age,
    )


def _frames(stream: Stream, notes: Iterable[Note]) -> bytes:
    frames = []
    for note in notes:
        if stream.ending is not None:
            break
        frames.append(stream.wish.encoding.event(note))
        stream.count_one()
    return b"".join(frames)
