"""The stream of a user's notifications as a raw ASGI application."""

from collections.abc import Callable
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Final, cast

import msgspec
from litestar.types import Receive, Scope, Send

from tablewire.api.gate import client_of
from tablewire.api.problems import Refusal
from tablewire.api.query import Query
from tablewire.api.streaming import RETRY_MS, encoding_of, send_head_only, serve_stream, sink_of
from tablewire.domain.users import User
from tablewire.errors import TooManyStreams
from tablewire.live.feed import Resumption
from tablewire.live.hub import Hub
from tablewire.live.inbox import Inbox, Listener, wish_for
from tablewire.live.resets import Reset
from tablewire.live.sse import SSE, Encoding, encode_json

OWN_PARAMETERS: Final = ("since", "max_events", "max_age")
_LONGEST_AGE = timedelta(days=10_000)


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What the client of one stream wants."""

    encoding: Encoding
    since: str | None
    max_events: int | None
    max_age: float | None


class InboxHello(msgspec.Struct, frozen=True):
    """The first frame of a stream."""

    cursor: str
    server_time: datetime


class _Missed:
    """What one stream has missed of the notifications."""

    __slots__ = ("_inbox", "_listener")

    def __init__(self, inbox: Inbox, listener: Listener) -> None:
        self._inbox = inbox
        self._listener = listener

    async def missed(self) -> bytes:
        return await self._inbox.missed(self._listener)

    def go_live(self) -> bool:
        return self._inbox.go_live(self._listener)


class InboxStream:
    """`GET /notifications/stream`."""

    def __init__(self, hub: Hub, inbox: Inbox, now: Callable[[], datetime]) -> None:
        self._hub = hub
        self._inbox = inbox
        self._now = now

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one stream until its client leaves, its time is up, or the service ends."""
        if self._hub.closing:
            detail = "The service is going down."
            raise Refusal(HTTPStatus.SERVICE_UNAVAILABLE, "shutting-down", detail, retry_after=5)
        asked = self._asked(scope)
        if scope.get("state", {}).get("head"):
            await send_head_only(send, asked.encoding)
            return
        try:
            await self._serve(scope, receive, send, asked)
        except TooManyStreams:
            self._hub.count_refused()
            raise

    def _asked(self, scope: Scope) -> Asked:
        query = Query(scope["query_string"], OWN_PARAMETERS)
        headers = dict(scope["headers"])
        encoding = encoding_of(headers)
        given = query.text("since", most=100)
        max_events = query.whole("max_events", None, 1, 1_000_000)
        max_age = query.duration("max_age", None, _LONGEST_AGE)
        query.check()
        age = None if max_age is None else max_age.total_seconds()
        if encoding is SSE:
            life = self._hub.life()
            age = life if age is None else min(age, life)
        since = headers.get(b"last-event-id", b"").decode("latin-1") or given
        return Asked(encoding=encoding, since=since, max_events=max_events, max_age=age)

    async def _serve(self, scope: Scope, receive: Receive, send: Send, asked: Asked) -> None:
        start = await self._inbox.resume(asked.since)
        user = cast("User", scope["state"]["user"])
        sink = sink_of(scope)
        wish = wish_for(
            self._inbox.encoding(asked.encoding), max_events=asked.max_events, max_age=asked.max_age
        )
        with self._inbox.open(user.id, wish, sink, client_of(scope), start.cursor) as listener:
            greeting = self._greeting(asked.encoding, start)
            await serve_stream(receive, send, listener.stream, sink, _Missed(self._inbox, listener), greeting)

    def _greeting(self, encoding: Encoding, start: Resumption) -> bytes:
        hello = InboxHello(str(start.cursor), self._now())
        frame = encoding.control("hello", encode_json(hello), cursor=start.cursor, retry_ms=RETRY_MS)
        if start.reset is None:
            return frame
        reset = Reset(start.reset, str(self._inbox.oldest_cursor), str(start.cursor))
        return frame + encoding.control("reset", encode_json(reset), cursor=start.cursor)
