"""How a stream is served as raw ASGI: the head, what its client missed, then whatever is written to its sink."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Final, Protocol

import anyio
from litestar.types import Receive, Scope, Send

from tablewire.api.wire import WireSink, wire_of
from tablewire.errors import StoreError
from tablewire.live.audience import Stream
from tablewire.live.sse import NDJSON, SSE, Encoding

RETRY_MS: Final = 2_000
"""When a browser comes back after its connection broke."""
_LAST_WORDS_SECONDS = 10


class Replay(Protocol):
    """What a stream has to be sent before it can hear what comes."""

    async def missed(self) -> bytes:
        """The next frames. Raises `StoreError`."""
        ...

    def go_live(self) -> bool:
        """Let the stream hear what comes; False where it has not been sent everything, or is over."""
        ...


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


AnySink = PlainSink | WireSink


def sink_of(scope: Scope) -> AnySink:
    """The sink of a request: its transport where the server hands it over."""
    wire = wire_of(scope)
    return PlainSink() if wire is None else WireSink(wire)


def encoding_of(headers: dict[bytes, bytes]) -> Encoding:
    """How the client wants its frames written."""
    return NDJSON if NDJSON.media_type.encode() in headers.get(b"accept", b"") else SSE


async def serve_stream(
    receive: Receive, send: Send, stream: Stream, sink: AnySink, replay: Replay, greeting: bytes
) -> None:
    """Serve a stream that has been opened on that sink, until its client leaves, its time is up, or the service ends."""
    if isinstance(sink, WireSink):
        await _serve_wire(receive, send, stream, sink, replay, greeting)
    else:
        await _serve_plain(receive, send, stream, sink, replay, greeting)


async def send_head_only(send: Send, encoding: Encoding) -> None:
    """What `HEAD` is answered."""
    await _send_head(send, encoding)
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _serve_wire(
    receive: Receive, send: Send, stream: Stream, sink: WireSink, replay: Replay, greeting: bytes
) -> None:
    if await _begin(send, stream, replay, greeting):
        while not sink.over:
            if (await receive())["type"] == "http.disconnect":
                return
    if sink.lost:
        await _gone(receive)
    else:
        await _end(stream, send)


async def _serve_plain(
    receive: Receive, send: Send, stream: Stream, sink: PlainSink, replay: Replay, greeting: bytes
) -> None:
    async with anyio.create_task_group() as tasks:
        sink.on_abort(tasks.cancel_scope.cancel)
        tasks.start_soon(_cut_when_gone, receive, sink, name="stream_disconnect")
        if await _begin(send, stream, replay, greeting):
            await sink.pump(send)
        await _end(stream, send)
        tasks.cancel_scope.cancel()


async def _begin(send: Send, stream: Stream, replay: Replay, greeting: bytes) -> bool:
    """Send the head and what was missed; whether the stream is live now."""
    await _send_head(send, stream.wish.encoding)
    await _send_part(send, greeting)
    while not replay.go_live():
        if stream.sink.lost:
            return False
        if stream.ending is None:
            try:
                await _send_part(send, await replay.missed())
            except StoreError:
                # The head is out, so no error can be answered: the client comes back with its cursor.
                stream.ending, stream.retry_ms = "unavailable", RETRY_MS
        if stream.ending is not None:
            await _send_part(send, stream.bye())
            return False
    return True


async def _send_head(send: Send, encoding: Encoding) -> None:
    kind = encoding.media_type + ("; charset=utf-8" if encoding.media_type == SSE.media_type else "")
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
