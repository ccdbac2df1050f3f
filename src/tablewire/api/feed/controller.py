"""The addresses of the feed: pages, the stream, and the views of what is open now."""

import asyncio
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

import msgspec

from tablewire.api import parameters
from tablewire.api.feed.asks import AskLimit
from tablewire.api.feed.pages import DEFAULT_LIMIT, MAX_LIMIT, FeedPages
from tablewire.api.feed.schemas import (
    Availability,
    FeedPage,
    JustOpened,
    NewestFirst,
    StillOpen,
    newest_first,
)
from tablewire.api.feed.stream import LiveStream
from tablewire.api.gate import client_of
from tablewire.api.query import Query
from tablewire.api.rooms import Rooms
from tablewire.api.routes import AnyRequest, Operation, Parameter, Reply, Route
from tablewire.domain.filters import parse_types
from tablewire.domain.health import AskedProvider
from tablewire.live.board import OpenRow
from tablewire.live.feed import PageWish, parse_cursor
from tablewire.live.sse import encode_json, with_resy_url
from tablewire.live.views import ALL_KINDS, ONLY_DROPS, OpenedGroup, open_for

DEFAULT_WITHIN = timedelta(minutes=10)
LONGEST_WITHIN = timedelta(days=10_000)
MORE_KINDS = ("reopened", "baseline", "gap")
_ROWS_AT_ONCE = 500


class FeedController:
    """`older` is for the older paths: Resy's events carry `resy_url` too."""

    def __init__(self, rooms: Rooms, *, older: bool = False) -> None:
        self._rooms = rooms
        self._older = older
        self._asks = AskLimit(rooms.options.live_asks_per_minute)
        self.pages = FeedPages(rooms.hub, rooms.feed, rooms.restaurants, older=older)
        self.stream = LiveStream(rooms)

    async def just_opened(self, request: AnyRequest) -> Reply:
        """The drops of the last while that are still open."""
        query = Query(request.scope["query_string"], ("within",), filters=True)
        wanted = self._rooms.restaurants.widened(query.filter())
        within = query.duration("within", DEFAULT_WITHIN, LONGEST_WITHIN) or DEFAULT_WITHIN
        query.check()
        groups = await self._rooms.views.just_opened(wanted, within)
        return Reply(body=self._scans(groups=b"[%s]" % b",".join(self._group(group) for group in groups)))

    async def still_open(self, request: AnyRequest) -> Reply:
        """Every drop that is open now, and more kinds where asked for."""
        query = Query(request.scope["query_string"], ("include",), filters=True)
        wanted = self._rooms.restaurants.widened(query.filter())
        more = query.words("include", MORE_KINDS) or frozenset()
        query.check()
        rows = await self._rooms.views.open_slots(wanted, ONLY_DROPS | more)
        return Reply(body=self._scans(slots=await self._slots(rows)))

    async def new_drops(self, request: AnyRequest) -> Reply:
        """The newest events, newest first."""
        query = Query(request.scope["query_string"], ("limit", "before"), filters=True)
        wanted = self._rooms.restaurants.widened(query.filter())
        limit = query.whole("limit", DEFAULT_LIMIT, 1, MAX_LIMIT) or DEFAULT_LIMIT
        before = query.text("before")
        query.check()
        cursor = None if before is None else parse_cursor(before, "before")
        wish = PageWish(wanted=wanted, types=parse_types(None), limit=limit, before=cursor)
        return Reply(body=newest_first(await self._rooms.feed.page(wish), older=self._older))

    async def availability(self, request: AnyRequest) -> Reply:
        """What is open now; with `live=true` the providers are asked first."""
        query = Query(request.scope["query_string"], ("live", "limit"), filters=True)
        wanted = self._rooms.restaurants.widened(query.filter())
        limit = query.whole("limit", 200, 1, 1_000) or 200
        live = query.flag("live")
        query.check()
        asked: Mapping[str, AskedProvider] = {}
        if live:
            self._asks.take(client_of(request.scope))
            asked = await self._rooms.polling.ask_live(wanted)
        rows, total = await self._rooms.views.newest_open(wanted, ALL_KINDS, limit)
        slots = await self._slots(rows)
        more = b"true" if total > limit else b"false"
        return Reply(
            body=self._scans(
                live=encode_json(live),
                asked=encode_json(asked),
                total=b"%d" % total,
                has_more=more,
                slots=slots,
            )
        )

    def _scans(self, **parts: bytes) -> bytes:
        scans = _Scans(self._rooms.views.last_scan_at(), self._rooms.health.next_scan_at())
        return b"%s,%s}" % (
            encode_json(scans)[:-1],
            b",".join(b'"%s":%s' % (name.encode(), part) for name, part in parts.items()),
        )

    def _row(self, row: OpenRow) -> bytes:
        json = encode_json(row)
        return with_resy_url(json, row.provider, row.book_url) if self._older else json

    async def _slots(self, rows: list[OpenRow]) -> bytes:
        now, made = self._rooms.views.now(), list[bytes]()
        for number, row in enumerate(rows, start=1):
            kind = row.kind.encode()
            made.append(
                b'%s,"kind":"%s","open_for_seconds":%d}' % (self._row(row)[:-1], kind, open_for(row, now))
            )
            if number % _ROWS_AT_ONCE == 0:
                await asyncio.sleep(0)
        return b"[%s]" % b",".join(made)

    def _group(self, group: OpenedGroup) -> bytes:
        bare = encode_json(msgspec.structs.replace(group, events=[]))
        return b"%s[%s]}" % (bare[: -len(b"[]}")], b",".join(self._row(row) for row in group.events))


class _Scans(msgspec.Struct, frozen=True):
    last_scan_at: datetime | None
    next_scan_at: datetime | None


_WITHIN = Parameter(name="within", description="how far back", schema=parameters.DURATION)
_STREAM_OWN = (
    parameters.SINCE,
    Parameter(
        name="max_events",
        description="so many events, then goodbye",
        schema={"type": "integer", "minimum": 1, "maximum": 1_000_000},
    ),
    Parameter(name="max_age", description="for so long, then goodbye", schema=parameters.DURATION),
    Parameter(
        name="Last-Event-ID",
        description="the cursor to resume from; wins over since",
        schema={"type": "string"},
        where="header",
    ),
)
_STREAM_KINDS = ("text/event-stream", "application/x-ndjson")

PAGES = Operation(
    summary="Drops in the order in which they were stored, by cursor",
    tag="live",
    answer=FeedPage,
    parameters=(
        parameters.SINCE,
        parameters.BEFORE,
        parameters.limit(),
        parameters.TYPES,
        *parameters.FILTERS,
    ),
    errors=(410, 503),
    others={304: "The page that the client has is still right."},
)
STREAM = Operation(
    summary="Drops as they happen, as server-sent events or as lines of JSON",
    tag="live",
    media_types=_STREAM_KINDS,
    parameters=(*_STREAM_OWN, parameters.STREAM_TYPES, *parameters.FILTERS),
    errors=(429, 503),
)
JUST_OPENED = Operation(
    summary="Drops of the last minutes that are still open",
    tag="live",
    answer=JustOpened,
    parameters=(_WITHIN, *parameters.FILTERS),
)
STILL_OPEN = Operation(
    summary="Every drop that is open now",
    tag="live",
    answer=StillOpen,
    parameters=(
        parameters.words("include", "more kinds of open slots", MORE_KINDS),
        *parameters.FILTERS,
    ),
)
NEW_DROPS = Operation(
    summary="The newest drops, newest first",
    tag="live",
    answer=NewestFirst,
    parameters=(parameters.BEFORE, parameters.limit(), *parameters.FILTERS),
    errors=(410, 503),
)
AVAILABILITY = Operation(
    summary="What is open now",
    tag="live",
    answer=Availability,
    parameters=(
        Parameter(name="live", description="ask the providers first", schema={"type": "boolean"}),
        parameters.limit(200, 1_000),
        *parameters.FILTERS,
    ),
    errors=(429, 503),
)


def routes(rooms: Rooms) -> Iterable[Route]:
    """The addresses of the feed."""
    feed = FeedController(rooms)
    yield Route(path="/feed", operation=PAGES, raw=feed.pages)
    yield Route(path="/feed/stream", operation=STREAM, raw=feed.stream)
    yield Route(path="/just-opened", operation=JUST_OPENED, answer=feed.just_opened)
    yield Route(path="/still-open", operation=STILL_OPEN, answer=feed.still_open)
    yield Route(path="/new-drops", operation=NEW_DROPS, answer=feed.new_drops)
    yield Route(path="/availability", operation=AVAILABILITY, answer=feed.availability)
