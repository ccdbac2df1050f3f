"""Who listens to the live feed, in groups that want the same, and how long each of them may."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from types import TracebackType
from typing import Self

import msgspec

from tablewire.domain.filters import EventFilter
from tablewire.errors import TooManyStreams
from tablewire.live.protocol import Framing, Sink
from tablewire.live.ring import passes
from tablewire.live.sse import Encoding, Entry

HEARTBEAT_SECONDS = 15
"""Every stream gets a sign of life this often; a fifteenth of them in each second."""
STUCK_SECONDS = 30
"""A stream that is over, but whose client does not even take its replay, is cut after this."""


class StreamLimits(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked of clients that listen."""

    streams: int = 10_000
    """Open streams, all clients together."""
    per_client: int = 20
    """Open streams of one client; 0: no limit."""
    buffer_bytes: int = 256 * 1024
    """A live client that has not taken so many bytes is cut."""
    shortest_life: float = 420.0
    """Seconds a stream lives at least before it is sent away: the longest life is spread at random down to this."""
    longest_life: float = 600.0
    """Seconds a stream lives at most."""


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What one stream wants to hear, and for how long."""

    wanted: EventFilter
    types: frozenset[str]
    encoding: Encoding
    max_events: int | None = None
    """So many events of any kind, then goodbye; None: no bound."""
    max_age: float | None = None
    """Seconds until goodbye; None: no bound."""


Lane = tuple[Encoding, Framing]


class Group:
    """All live streams that want the same events: what they want is decided once for all of them."""

    __slots__ = ("lanes", "types", "wanted")

    def __init__(self, wanted: EventFilter, types: frozenset[str]) -> None:
        self.wanted = wanted
        self.types = types
        self.lanes: dict[Lane, set[Stream]] = {}

    def select(self, entries: Sequence[Entry]) -> list[Entry]:
        """Those of the events that this group wants."""
        return [entry for entry in entries if passes(entry, self.wanted, self.types)]


class Stream:
    """One client that listens: first through a replay of what it missed, then live. It is open within its `with` block."""

    __slots__ = (
        "_audience",
        "beat",
        "client",
        "due",
        "ending",
        "left",
        "live",
        "position",
        "retry_ms",
        "sink",
        "wish",
    )

    def __init__(self, audience: "Audience", wish: Wish, sink: Sink, client: str) -> None:
        self._audience = audience
        self.wish = wish
        self.sink = sink
        self.client = client
        self.position = 0
        """The id up to which it has been sent all it wants, while it is not live."""
        self.left = wish.max_events
        """How many events it may still be sent; None: no bound."""
        self.live = False
        self.ending: str | None = None
        """Why it is over, once it is."""
        self.retry_ms: int | None = None
        """When its client is asked to come back after goodbye; None: as it likes."""
        self.due: int | None = None
        self.beat = 0

    def __enter__(self) -> Self:
        self._audience.admit(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._audience.dismiss(self)

    def frame(self, entries: Iterable[Entry]) -> bytes:
        """The frames of events, unframed, counted against its bound; `ending` is set when the bound is reached."""
        encoding = self.wish.encoding
        frames = []
        for entry in entries:
            if self.ending is not None:
                break
            frames.append(entry.frame(encoding))
            self.count_one()
        return b"".join(frames)

    def count_one(self) -> None:
        """One event has been sent."""
        if self.left is not None:
            self.left -= 1
            if self.left <= 0:
                self.ending = "max_events"

    def bye(self) -> bytes:
        """The last frame, unframed."""
        reason = (self.ending or "shutdown").encode()
        return self.wish.encoding.control("bye", b'{"reason":"%s"}' % reason, retry_ms=self.retry_ms)


class Audience:
    """All open streams. Nothing in it waits."""

    def __init__(self, limits: StreamLimits, clock: Callable[[], float], chance: Callable[[], float]) -> None:
        self.limits = limits
        self._clock = clock
        self._chance = chance
        self.streams: set[Stream] = set()
        self.groups: dict[tuple[EventFilter, frozenset[str]], Group] = {}
        self._of_client: Counter[str] = Counter()
        self._due: defaultdict[int, set[Stream]] = defaultdict(set)
        self._looked_at = int(clock())
        self._beats: list[set[Stream]] = [set() for _ in range(HEARTBEAT_SECONDS)]
        self._next_beat = 0

    def admit(self, stream: Stream) -> None:
        """Let a stream in. Raises `TooManyStreams`."""
        limits = self.limits
        if len(self.streams) >= limits.streams:
            raise TooManyStreams(limits.streams, per_client=False)
        if limits.per_client and self._of_client[stream.client] >= limits.per_client:
            raise TooManyStreams(limits.per_client, per_client=True)
        self.streams.add(stream)
        self._of_client[stream.client] += 1
        stream.beat = self._next_beat
        self._next_beat = (self._next_beat + 1) % HEARTBEAT_SECONDS
        self._beats[stream.beat].add(stream)
        if stream.wish.max_age is not None:
            self._set_due(stream, stream.wish.max_age)

    def clients(self) -> frozenset[str]:
        """Whoever has a stream open."""
        return frozenset(self._of_client)

    def life(self) -> float:
        """How many seconds a new stream may live: spread, so that streams opened together do not end together."""
        limits = self.limits
        return limits.shortest_life + (limits.longest_life - limits.shortest_life) * self._chance()

    def join(self, stream: Stream) -> None:
        """A stream that has caught up goes live."""
        wish = stream.wish
        key = (wish.wanted, wish.types)
        group = self.groups.get(key)
        if group is None:
            group = self.groups[key] = Group(*key)
        group.lanes.setdefault((wish.encoding, stream.sink.framing), set()).add(stream)
        stream.live = True

    def silence(self, stream: Stream) -> None:
        """A live stream hears nothing more."""
        if not stream.live:
            return
        stream.live = False
        wish = stream.wish
        key, lane = (wish.wanted, wish.types), (wish.encoding, stream.sink.framing)
        group = self.groups[key]
        group.lanes[lane].discard(stream)
        if not group.lanes[lane]:
            del group.lanes[lane]
        if not group.lanes:
            del self.groups[key]

    def dismiss(self, stream: Stream) -> None:
        """A stream is gone; nothing of it stays behind."""
        self.silence(stream)
        if stream not in self.streams:
            return
        self.streams.discard(stream)
        self._beats[stream.beat].discard(stream)
        self._of_client[stream.client] -= 1
        if self._of_client[stream.client] <= 0:
            del self._of_client[stream.client]
        self._clear_due(stream)

    def overdue(self) -> Iterator[Stream]:
        """The streams whose time is up since this was last asked."""
        now = int(self._clock())
        while self._looked_at <= now:
            for stream in self._due.pop(self._looked_at, ()):
                stream.due = None
                yield stream
            self._looked_at += 1

    def set_stuck_limit(self, stream: Stream) -> None:
        """Come back to a stream that could not be ended now."""
        self._set_due(stream, STUCK_SECONDS)

    def beating(self, second: int) -> list[Stream]:
        """The live streams whose sign of life is due in a second."""
        return [stream for stream in self._beats[second % HEARTBEAT_SECONDS] if stream.live]

    def _set_due(self, stream: Stream, seconds: float) -> None:
        stream.due = max(int(self._clock() + seconds), self._looked_at)
        self._due[stream.due].add(stream)

    def _clear_due(self, stream: Stream) -> None:
        if stream.due is None:
            return
        waiting = self._due.get(stream.due)
        if waiting is not None:
            waiting.discard(stream)
            if not waiting:
                del self._due[stream.due]
        stream.due = None
