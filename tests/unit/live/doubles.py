"""Doubles for tests of the live and HTTP rooms: a log in memory, events made to measure, and a running server."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import msgspec
import uvicorn
from litestar import Litestar

from tablewire.api.rooms import HttpOptions, Rooms
from tablewire.api.router import create_app
from tablewire.api.wire import WireProtocol
from tablewire.domain.buckets import BucketKey
from tablewire.domain.events import Event, EventType, Origin
from tablewire.domain.filters import EVENT_TYPES, EventFilter
from tablewire.domain.health import (
    AskedProvider,
    DbDebug,
    DiscoveryDebug,
    FastChecks,
    HealthReport,
    HealthSummary,
    ProviderHealth,
)
from tablewire.domain.markets import NYC
from tablewire.domain.slots import OpenSlot, Venue, slot_id
from tablewire.domain.snapshots import Outcome
from tablewire.domain.state import BucketState
from tablewire.errors import StoreUnavailable
from tablewire.live.audience import StreamLimits
from tablewire.live.board import Board
from tablewire.live.feed import Feed
from tablewire.live.hub import Hub
from tablewire.live.views import Views
from tablewire.storage.protocol import Bounds, KnownVenue

NOW = datetime(2026, 2, 11, 15, 4, 5, 123000, tzinfo=UTC)
DAY = date(2026, 2, 18)
HANG = 30.0


def make_event(number: int, **fields: Any) -> Event:
    """A drop with an id."""
    plain: dict[str, Any] = {
        "id": number,
        "event_type": EventType.NEW_DROP,
        "market": "nyc",
        "provider": "resy",
        "bucket_id": "2026-02-18_19:00",
        "service_date": DAY,
        "slot_id": f"{number:032x}",
        "venue_id": "834",
        "venue_name": "Carbone",
        "neighborhood": "Greenwich Village",
        "price_range": 4,
        "slot_date": DAY,
        "slot_time": time(20, 30),
        "time_bucket": "prime",
        "origin": Origin.DROP,
        "party_sizes": (2, 4),
        "seatings": ("Dining Room",),
        "opened_at": NOW,
        "opened_after": NOW - timedelta(seconds=30),
        "first_seen_at": NOW,
        "last_seen_at": None,
        "closed_at": None,
        "close_reason": None,
        "drop_duration_seconds": None,
        "book_url": "https://resy.com/cities/ny/carbone",
        "image_url": None,
        "availability_times": ("20:30", "21:00"),
    }
    return Event(**(plain | fields))


class MemoryLog:
    """A log of events and a book of venues in memory. `away` makes every read fail."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.last_id = 0
        self.oldest = 1
        self.away = False
        self.reads: list[str] = []
        self.venues: dict[tuple[str, str], KnownVenue] = {}

    def store(self, count: int = 1, **fields: Any) -> list[Event]:
        """Store drops."""
        made = [make_event(self.last_id + step, **fields) for step in range(1, count + 1)]
        self.last_id += count
        self.events += made
        return made

    def forget_below(self, oldest: int) -> None:
        """What retention does."""
        self.events = [event for event in self.events if event.id >= oldest]
        self.oldest = oldest

    def know(self, venue: Venue) -> None:
        """A venue was seen."""
        self.venues[(venue.provider, venue.venue_id)] = KnownVenue(venue, NOW, NOW)

    async def bounds(self) -> Bounds:
        self._read("bounds")
        return Bounds(self.oldest, self.last_id)

    async def after(
        self, cursor: int, limit: int, *, wanted: EventFilter, types: frozenset[str], upto: int | None = None
    ) -> list[Event]:
        self._read("after")
        await asyncio.sleep(0)
        most = self.last_id if upto is None else upto
        found = (event for event in self._passing(wanted, types) if cursor < event.id <= most)
        return list(found)[:limit]

    async def before(
        self, cursor: int | None, limit: int, *, wanted: EventFilter, types: frozenset[str]
    ) -> list[Event]:
        self._read("before")
        await asyncio.sleep(0)
        end = self.last_id + 1 if cursor is None else cursor
        return [event for event in self._passing(wanted, types) if event.id < end][-limit:]

    async def of_venue(
        self, provider: str, venue_id: str, cursor: int | None, limit: int, *, types: frozenset[str]
    ) -> list[Event]:
        self._read("of_venue")
        found = [
            event
            for event in self._passing(EventFilter(), types)
            if (event.provider, event.venue_id) == (provider, venue_id)
            and (cursor is None or event.id < cursor)
        ]
        return found[::-1][:limit]

    async def learn(self, venues: Any, at: datetime) -> None:
        for venue in venues:
            self.venues[(venue.provider, venue.venue_id)] = KnownVenue(venue, at, at)

    async def find(
        self,
        *,
        name: str | None,
        neighborhoods: tuple[str, ...],
        providers: tuple[str, ...],
        cuisines: tuple[str, ...],
        price_max: int | None,
        after: tuple[str, str] | None,
        limit: int,
        once: bool = False,
    ) -> list[KnownVenue]:
        from tablewire.domain.names import name_key

        self._read("find")
        found = sorted(
            ((name_key(known.venue.name), f"{key[0]}:{key[1]}"), known) for key, known in self.venues.items()
        )
        return [
            known
            for place, known in found
            if (name is None or name in place[0])
            and (not providers or known.venue.provider in providers)
            and (not cuisines or known.venue.cuisine in cuisines)
            and (price_max is None or (known.venue.price_range or 9) <= price_max)
            and (not neighborhoods or name_key(known.venue.neighborhood or "") in neighborhoods)
            and (after is None or place > after)
        ][:limit]

    async def get(self, provider: str, venue_id: str) -> KnownVenue | None:
        self._read("get")
        return self.venues.get((provider, venue_id))

    def _passing(self, wanted: EventFilter, types: frozenset[str]) -> list[Event]:
        kinds = {EVENT_TYPES[word] for word in types}
        return [event for event in self.events if event.event_type in kinds and wanted.matches(event)]

    def _read(self, what: str) -> None:
        self.reads.append(what)
        if self.away:
            raise StoreUnavailable("no connection")


class FixedHealth:
    """Health that stays as it is told to be."""

    def __init__(self) -> None:
        self.not_ready: str | None = None
        self.fails: Exception | None = None

    def summary(self) -> HealthSummary:
        return HealthSummary(
            status="ok", demo=False, version="0.1.0", started_at=NOW, next_scan_at=NOW, streams=0
        )

    async def ready(self) -> str | None:
        return self.not_ready

    def next_scan_at(self) -> datetime | None:
        return NOW + timedelta(seconds=30)

    def discovery_health(self) -> HealthReport:
        if self.fails is not None:
            raise self.fails
        return HealthReport(
            status="ok",
            demo=False,
            now=NOW,
            next_scan_at=NOW,
            fast_checks=FastChecks(job_alive=True, feed_updating=True),
            bucket_health=(),
            coverage={},
            sweeps={},
            loops=(),
            providers=dict(self.providers()),
        )

    def discovery_debug(self) -> DiscoveryDebug:
        return DiscoveryDebug(providers={})

    async def db_debug(self) -> DbDebug:
        return DbDebug(
            next_scan_at=NOW,
            job_heartbeat=(),
            discovery_buckets=(),
            fast_checks=FastChecks(job_alive=True, feed_updating=True),
            table_sizes={"availability_events": 8192},
            hints=(),
        )

    def providers(self) -> Mapping[str, ProviderHealth]:
        return {"resy": ProviderHealth(enabled=True, breaker="closed", rate=5, rate_now=5, error_rate=0)}


class CountedAsks:
    """Providers that answer at once."""

    def __init__(self) -> None:
        self.asked: list[EventFilter] = []

    async def ask_live(self, wanted: EventFilter) -> Mapping[str, AskedProvider]:
        self.asked.append(wanted)
        return {"resy": AskedProvider(outcome="ok")}


class NoMetrics:
    """Two lines of figures."""

    def render(self) -> bytes:
        return b"# TYPE tablewire_up gauge\ntablewire_up 1.0\n"


class World:
    """All rooms over a log in memory."""

    def __init__(
        self,
        *,
        limits: StreamLimits | None = None,
        options: HttpOptions | None = None,
        ring_size: int = 4_096,
    ) -> None:
        self.log = MemoryLog()
        self.hub = Hub(self.log, limits=limits, ring_size=ring_size)
        self.feed = Feed(self.hub)
        self.board = Board()
        self.views = Views(self.board, clock=lambda: NOW)
        self.health = FixedHealth()
        self.asks = CountedAsks()
        self.rooms = Rooms(
            hub=self.hub,
            feed=self.feed,
            views=self.views,
            venues=self.log,
            health=self.health,
            polling=self.asks,
            metrics=NoMetrics(),
            markets=(NYC,),
            options=options or HttpOptions(version="0.1.0"),
        )

    def app(self) -> Litestar:
        """The application over these rooms."""
        return create_app(self.rooms)

    async def drop(self, count: int = 1, **fields: Any) -> list[Event]:
        """Store drops and announce them."""
        events = self.log.store(count, **fields)
        await self.hub.publish(events)
        return events


def make_state(
    *slots: OpenSlot, key: BucketKey | None = None, provider: str = "resy", at: datetime | None = NOW
) -> BucketState:
    """A bucket with some slots open."""
    state = BucketState(key or BucketKey("nyc", DAY, "19:00"), provider)
    state.restore(slots)
    state.row.poll_seq = 1
    state.row.scanned_at = at
    state.row.outcome = Outcome.OK
    return state


def make_slot(start: str = "20:30", venue_id: str = "834", name: str = "Carbone", **fields: Any) -> OpenSlot:
    """A slot that dropped just now."""
    actual = f"{DAY} {start}:00"
    plain: dict[str, Any] = {
        "slot_id": slot_id("resy", venue_id, actual),
        "venue": Venue(provider="resy", venue_id=venue_id, name=name, price_range=4),
        "actual_time": actual,
        "starts_at": datetime.fromisoformat(f"{actual}-05:00"),
        "sizes": (2,),
        "ever_sizes": (2,),
        "origin": "drop",
        "in_baseline": False,
        "first_seen_at": NOW,
        "seen_at": NOW,
        "opened_at": NOW,
        "opened_after": NOW - timedelta(seconds=30),
        "event_id": 1,
        "book_page": "https://resy.com/book",
    }
    return OpenSlot(**(plain | fields))


class ListSink:
    """A sink that keeps what it is given."""

    def __init__(self, buffered: int = 0) -> None:
        self.data = b""
        self.waiting = buffered
        self.ended = False
        self.lost = False

    @staticmethod
    def framing(data: bytes) -> bytes:
        return data

    def write(self, data: bytes) -> None:
        if self.lost:
            raise RuntimeError("closed")
        self.data += data

    def buffered(self) -> int:
        return self.waiting

    def end(self) -> None:
        self.ended = True

    def abort(self) -> None:
        self.lost = True


class Server:
    """A running server on a free port."""

    def __init__(self, port: int, server: uvicorn.Server) -> None:
        self.port = port
        self.server = server

    async def get(self, path: str, **headers: str) -> "Answer":
        """One request on a connection of its own."""
        return await self.request("GET", path, **headers)

    async def request(self, method: str, path: str, **headers: str) -> "Answer":
        reader, writer = await self.send(method, path, {"Connection": "close", **_dashed(headers)})
        raw = await asyncio.wait_for(reader.read(), HANG)
        writer.close()
        await writer.wait_closed()
        return parse_answer(raw)

    async def send(
        self, method: str, path: str, headers: Mapping[str, str] | None = None
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Send a request and leave the answer unread."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        lines = {"Host": f"127.0.0.1:{self.port}", **(headers or {})}
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        writer.write(f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode())
        await writer.drain()
        return reader, writer

    @contextlib.asynccontextmanager
    async def stream(self, path: str = "/feed/stream", **headers: str) -> AsyncIterator["StreamClient"]:
        """An open stream, its head read."""
        reader, writer = await self.send("GET", path, _dashed(headers))
        client = StreamClient(reader)
        try:
            await client.read_head()
            yield client
        finally:
            writer.transport.abort()


def _dashed(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


class Answer(msgspec.Struct):
    """One whole answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return msgspec.json.decode(self.body)


def parse_answer(raw: bytes) -> Answer:
    """An answer as it came over the wire."""
    head, _, body = raw.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    if headers.get("transfer-encoding") == "chunked":
        whole = b""
        while body:
            size, _, body = body.partition(b"\r\n")
            whole, body = whole + body[: int(size, 16)], body[int(size, 16) + 2 :]
        body = whole
    return Answer(int(first.split()[1]), headers, body)


class Frame(msgspec.Struct):
    """One frame of a stream."""

    event: str | None
    id: str | None
    data: Any
    retry: int | None = None
    comment: bool = False


class StreamClient:
    """Reads frames from a chunked answer."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader
        self._text = b""
        self.status = 0
        self.headers: dict[str, str] = {}
        self.ended = False

    async def read_head(self) -> None:
        raw = await asyncio.wait_for(self._reader.readuntil(b"\r\n\r\n"), HANG)
        answer = parse_answer(raw)
        self.status, self.headers = answer.status, answer.headers

    async def chunk(self) -> bytes:
        """The next chunk; empty at the end of the answer."""
        size = await asyncio.wait_for(self._reader.readuntil(b"\r\n"), HANG)
        body = await asyncio.wait_for(self._reader.readexactly(int(size, 16) + 2), HANG)
        return body[:-2]

    async def frame(self) -> Frame:
        """The next SSE frame. Raises EOFError at the end of the answer."""
        while b"\n\n" not in self._text:
            chunk = await self.chunk()
            if not chunk:
                self.ended = True
                raise EOFError
            self._text += chunk
        text, _, self._text = self._text.partition(b"\n\n")
        return parse_frame(text.decode())

    async def line(self) -> Any:
        """The next line of JSON. Raises EOFError at the end of the answer."""
        while b"\n" not in self._text:
            chunk = await self.chunk()
            if not chunk:
                raise EOFError
            self._text += chunk
        text, _, self._text = self._text.partition(b"\n")
        return msgspec.json.decode(text)


def parse_frame(text: str) -> Frame:
    """One SSE frame, as a browser reads it."""
    frame = Frame(None, None, None)
    data = []
    for line in text.split("\n"):
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        match name:
            case "":
                frame.comment = True
            case "event":
                frame.event = value
            case "id":
                frame.id = value
            case "data":
                data.append(value)
            case "retry":
                frame.retry = int(value)
            case _:
                raise AssertionError(line)
    frame.data = msgspec.json.decode("\n".join(data)) if data else None
    return frame


@contextlib.asynccontextmanager
async def serving(world: World, *, direct: bool = True) -> AsyncIterator[Server]:
    """The application on a free port, in this loop; `direct` takes the short way of frames."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(2_048)
    http: Any = WireProtocol if direct else "httptools"
    config = uvicorn.Config(
        world.app(),
        http=http,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=5,
        lifespan="on",
    )
    server = uvicorn.Server(config)

    running = asyncio.ensure_future(_serve(server, listener))
    try:
        await until(lambda: server.started or running.done())
        yield Server(listener.getsockname()[1], server)
    finally:
        world.hub.close_all()
        server.should_exit = True
        await asyncio.wait_for(running, HANG)
        listener.close()


async def _serve(server: uvicorn.Server, listener: socket.socket) -> None:
    await server._serve([listener])


async def until(holds: Callable[[], object]) -> None:
    """Wait for a condition; give up after the hang limit."""
    async with asyncio.timeout(HANG):
        while not holds():
            await asyncio.sleep(0.005)
