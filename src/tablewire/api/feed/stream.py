"""The live stream as a raw ASGI application: the head, the replay, then whatever the hub writes."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Final

import anyio
import msgspec
from litestar.types import Receive, Scope, Send

from tablewire.api.problems import Refusal
from tablewire.api.query import Query
from tablewire.api.rooms import Rooms
from tablewire.api.wire import WireSink, wire_of
from tablewire.domain.filters import parse_types
from tablewire.errors import BadInput, StoreError, TooManyStreams
from tablewire.live.audience import Stream, Wish
from tablewire.live.feed import Resumption
from tablewire.live.sse import NDJSON, SSE, Encoding, encode_json

OWN_PARAMETERS: Final = ("types", "since", "max_events", "max_age")
RETRY_MS: Final = 2_000
"""When a browser comes back after its connection broke."""
_LAST_WORDS_SECONDS = 10
_LONGEST_AGE = timedelta(days=10_000)


class Hello(msgspec.Struct, frozen=True):
    """The first frame of a stream."""

    cursor: str
    server_time: datetime
    next_scan_at: datetime | None
    demo: bool


class Reset(msgspec.Struct, frozen=True):
    """A stream could not start where its client wanted: the client reads what lies between by `/feed`."""

    reason: str
    oldest_cursor: str
    cursor: str


class PlainSink:
    """A sink over plain ASGI: frames wait here until the server takes them."""

    __slots__ = ("_cut", "_pending", "_size", "_wake", "lost", "over")

    def __init__(self) -> None:
        self._pending: list[bytes] = []
        self._size = 0
        self._wake = asyncio.Event()
        self._cut: Callable[[], None] | None = None
        self.over = False
        """Whether the answer is to be ended."""
        self.lost = False

    @staticmethod
    def framing(data: bytes) -> bytes:
        """The server frames by itself."""
        return data

    def write(self, data: bytes) -> None:
        """Keep a frame for the server."""
        self._pending.append(data)
        self._size += len(data)
        self._wake.set()

    def buffered(self) -> int:
        """Bytes that the server has not taken."""
        return self._size

    def end(self) -> None:
        """End the answer after what is pending."""
        self.over = True
        self._wake.set()

    def abort(self) -> None:
        """Give the client up."""
        self.over = self.lost = True
        if self._cut is not None:
            self._cut()

    def on_abort(self, cut: Callable[[], None]) -> None:
        """What ends the handler when the client is given up."""
        self._cut = cut

    async def pump(self, send: Send) -> None:
        """Hand frames to the server until the answer is over."""
        while not (self.over and not self._pending):
            await self._wake.wait()
            self._wake.clear()
            data = b"".join(self._pending)
            self._pending.clear()
            if data:
                await send({"type": "http.response.body", "body": data, "more_body": True})
                self._size -= len(data)


class LiveStream:
    """`GET /feed/stream`."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one stream until its client leaves, its time is up, or the service ends."""
        if self._rooms.hub.closing:
            raise Refusal(503, "shutting-down", "The service is going down.", retry_after=5)
        wish, since = self._wish(scope, dict(scope["headers"]))
        if scope.get("state", {}).get("head"):
            await _send_head(send, wish.encoding)
            await send({"type": "http.response.body", "body": b"", "more_body": False})
            return
        try:
            await self._serve(scope, receive, send, wish, since)
        except TooManyStreams:
            self._rooms.hub.count_refused()
            raise

    def _wish(self, scope: Scope, headers: dict[bytes, bytes]) -> tuple[Wish, str | None]:
        query = Query(scope["query_string"], OWN_PARAMETERS, filters=True)
        wanted = self._rooms.restaurants.widened(query.filter())
        encoding = NDJSON if NDJSON.media_type.encode() in headers.get(b"accept", b"") else SSE
        since = headers.get(b"last-event-id", b"").decode("latin-1") or query.text("since", most=100)
        max_events = query.whole("max_events", None, 1, 1_000_000)
        max_age = query.duration("max_age", None, _LONGEST_AGE)
        types_text = query.text("types")
        try:
            types = parse_types(types_text, also=("scan",))
        except BadInput as error:
            query.wrong.extend(error.fields)
            types = frozenset()
        query.check()
        age = None if max_age is None else max_age.total_seconds()
        if encoding is SSE:
            life = self._rooms.hub.life()
            age = life if age is None else min(age, life)
        return Wish(wanted=wanted, types=types, encoding=encoding, max_events=max_events, max_age=age), since

    async def _serve(self, scope: Scope, receive: Receive, send: Send, wish: Wish, since: str | None) -> None:
        start = await self._rooms.feed.resume(since)
        wire = wire_of(scope)
        sink = PlainSink() if wire is None else WireSink(wire)
        with self._rooms.hub.open(wish, sink, client_of(scope)) as stream:
            stream.position = start.cursor
            if isinstance(sink, WireSink):
                await self._serve_wire(stream, sink, receive, send, start)
            else:
                await self._serve_plain(stream, sink, receive, send, start)

    async def _serve_wire(
        self, stream: Stream, sink: WireSink, receive: Receive, send: Send, start: Resumption
    ) -> None:
        if await self._begin(stream, send, start):
            while not sink.over:
                if (await receive())["type"] == "http.disconnect":
                    return
        if sink.lost:
            await _gone(receive)
        else:
            await _end(stream, send)

    async def _serve_plain(
        self, stream: Stream, sink: PlainSink, receive: Receive, send: Send, start: Resumption
    ) -> None:
        async with anyio.create_task_group() as tasks:
            sink.on_abort(tasks.cancel_scope.cancel)
            tasks.start_soon(_cut_when_gone, receive, sink, name="stream_disconnect")
            if await self._begin(stream, send, start):
                await sink.pump(send)
            await _end(stream, send)
            tasks.cancel_scope.cancel()

    async def _begin(self, stream: Stream, send: Send, start: Resumption) -> bool:
        """Send the head and what was missed; whether the stream is live now."""
        hub, feed = self._rooms.hub, self._rooms.feed
        await _send_head(send, stream.wish.encoding)
        await _send_part(send, self._greeting(stream.wish.encoding, start))
        while not hub.go_live(stream):
            if stream.sink.lost:
                return False
            if stream.ending is None:
                try:
                    await _send_part(send, stream.frame(await feed.missed(stream)))
                except StoreError:
                    # The head is out, so no error can be answered: the client comes back with its cursor.
                    stream.ending, stream.retry_ms = "unavailable", RETRY_MS
            if stream.ending is not None:
                await _send_part(send, stream.bye())
                return False
        return True

    def _greeting(self, encoding: Encoding, start: Resumption) -> bytes:
        now, cursor = datetime.now(UTC), str(start.cursor)
        hello = Hello(cursor, now, self._rooms.health.next_scan_at(), self._rooms.options.demo)
        frame = encoding.control("hello", encode_json(hello), cursor=start.cursor, retry_ms=RETRY_MS)
        if start.reset is None:
            return frame
        reset = Reset(start.reset, str(self._rooms.feed.oldest_cursor), cursor)
        return frame + encoding.control("reset", encode_json(reset), cursor=start.cursor)


def client_of(scope: Scope) -> str:
    """Whose stream it is: the address it comes from."""
    client = scope.get("client")
    return client[0] if client else "local"


async def _send_head(send: Send, encoding: Encoding) -> None:
    kind = encoding.media_type + ("; charset=utf-8" if encoding is SSE else "")
    await send(
        {
            "type": "http.response.start",
            "status": 200,
            "headers": [
                (b"content-type", kind.encode()),
                (b"cache-control", b"no-store"),
                (b"x-accel-buffering", b"no"),
            ],
        }
    )


async def _send_part(send: Send, body: bytes) -> None:
    if body:
        await send({"type": "http.response.body", "body": body, "more_body": True})


async def _end(stream: Stream, send: Send) -> None:
    """End the answer; a client that does not take its last words is cut."""
    with suppress(TimeoutError):
        async with asyncio.timeout(_LAST_WORDS_SECONDS):
            await send({"type": "http.response.body", "body": b"", "more_body": False})
            return
    stream.sink.abort()


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _cut_when_gone(receive: Receive, sink: PlainSink) -> None:
    await _gone(receive)
    sink.abort()
