"""The live stream as a raw ASGI application: the head, the replay, then whatever the hub writes."""

from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec
from litestar.types import Receive, Scope, Send

from tablewire.api.gate import client_of
from tablewire.api.problems import Refusal
from tablewire.api.query import Query
from tablewire.api.rooms import Rooms
from tablewire.api.streaming import RETRY_MS, encoding_of, send_head_only, serve_stream, sink_of
from tablewire.domain.filters import parse_types
from tablewire.errors import BadInput, TooManyStreams
from tablewire.live.audience import Stream, Wish
from tablewire.live.feed import Feed, Resumption
from tablewire.live.hub import Hub
from tablewire.live.resets import Reset
from tablewire.live.sse import SSE, Encoding, encode_json

OWN_PARAMETERS: Final = ("types", "since", "max_events", "max_age")
_LONGEST_AGE = timedelta(days=10_000)


class Hello(msgspec.Struct, frozen=True):
    """The first frame of a stream."""

    cursor: str
    server_time: datetime
    next_scan_at: datetime | None
    demo: bool


class _Missed:
    """What one stream has missed of the feed."""

    __slots__ = ("_feed", "_hub", "_stream")

    def __init__(self, hub: Hub, feed: Feed, stream: Stream) -> None:
        self._hub = hub
        self._feed = feed
        self._stream = stream

    async def missed(self) -> bytes:
        return self._stream.frame(await self._feed.missed(self._stream))

    def go_live(self) -> bool:
        return self._hub.go_live(self._stream)


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
            await send_head_only(send, wish.encoding)
            return
        try:
            await self._serve(scope, receive, send, wish, since)
        except TooManyStreams:
            self._rooms.hub.count_refused()
            raise

    def _wish(self, scope: Scope, headers: dict[bytes, bytes]) -> tuple[Wish, str | None]:
        query = Query(scope["query_string"], OWN_PARAMETERS, filters=True)
        wanted = self._rooms.restaurants.widened(query.filter())
        encoding = encoding_of(headers)
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
        hub, feed = self._rooms.hub, self._rooms.feed
        start = await feed.resume(since)
        sink = sink_of(scope)
        with hub.open(wish, sink, client_of(scope)) as stream:
            stream.position = start.cursor
            greeting = self._greeting(wish.encoding, start)
            await serve_stream(receive, send, stream, sink, _Missed(hub, feed, stream), greeting)

    def _greeting(self, encoding: Encoding, start: Resumption) -> bytes:
        now, cursor = datetime.now(UTC), str(start.cursor)
        hello = Hello(cursor, now, self._rooms.health.next_scan_at(), self._rooms.options.demo)
        frame = encoding.control("hello", encode_json(hello), cursor=start.cursor, retry_ms=RETRY_MS)
        if start.reset is None:
            return frame
        reset = Reset(start.reset, str(self._rooms.feed.oldest_cursor), cursor)
        return frame + encoding.control("reset", encode_json(reset), cursor=start.cursor)
