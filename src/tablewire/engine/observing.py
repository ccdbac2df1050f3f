"""Observed time: what polls observed without a gap, kept as spans in memory, and stored every few minutes."""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import anyio
import anyio.lowlevel

from tablewire.domain.events import microseconds
from tablewire.domain.state import Change
from tablewire.engine.clock import Clock
from tablewire.engine.supervisor import Loop
from tablewire.errors import StoreError
from tablewire.insights.intervals import Span, Spans, clip, union
from tablewire.insights.local_time import local_date, local_day
from tablewire.storage.figure_door import ObservedBook, ObservedDay
from tablewire.telemetry import LogEvent, get_logger

log = get_logger("engine.observing")

STORE_EVERY = timedelta(minutes=10)
"""What a crash may cost of observed time; each storing writes the day's rows anew."""
TURN = 5.0
"""Seconds between looks at the clock."""

Place = tuple[str, str, date]
"""Market, provider, service date."""


class _Spans:
    """The spans of one place's venues since they were last stored."""

    __slots__ = ("last", "over")

    def __init__(self) -> None:
        self.last: dict[str, Span] = {}
        """The newest span of each venue: what is seen next mostly goes on with it."""
        self.over: list[tuple[str, Span]] = []

    def add(self, venue_id: str, span: Span, shared: dict[Span, Span]) -> None:
        """The venue was observed all that time; equal spans are kept once."""
        last = self.last.get(venue_id)
        if last is not None:
            if span[0] <= last[1] and last[0] <= span[1]:
                span = min(last[0], span[0]), max(last[1], span[1])
            else:
                self.over.append((venue_id, last))
        self.last[venue_id] = shared.setdefault(span, span)

    def whole(self) -> dict[str, Spans]:
        """All spans by venue."""
        found: dict[str, list[Span]] = {venue_id: [span] for venue_id, span in self.last.items()}
        for venue_id, span in self.over:
            found[venue_id].append(span)
        return {venue_id: union(spans) for venue_id, spans in found.items()}


class Observing:
    """Hears of every poll that was stored, and keeps what it proves."""

    def __init__(self, book: ObservedBook, zones: Mapping[str, ZoneInfo], clock: Clock) -> None:
        self._book = book
        self._zones = zones
        self._clock = clock
        self._places: dict[Place, _Spans] = {}
        self._stored_at = clock.now()
        self._one_store = anyio.Lock()

    def see(self, change: Change) -> None:
        """Note what a stored poll observed."""
        key = change.key
        place = self._places.setdefault((key.market, change.provider, key.service_date), _Spans())
        instants: dict[datetime, int] = {}
        shared: dict[Span, Span] = {}
        for seen in change.observed:
            if seen.since is None:
                continue
            for at in (seen.since, seen.sent_at):
                if at not in instants:
                    instants[at] = microseconds(at)
            span = instants[seen.since], instants[seen.sent_at]
            if span[0] < span[1]:
                place.add(seen.venue_id, span, shared)

    @asynccontextmanager
    async def still(self) -> AsyncIterator[None]:
        """Within it nothing is stored."""
        async with self._one_store:
            yield

    def forget(self) -> None:
        """The store has been emptied."""
        self._places = {}

    async def run(self, loop: Loop) -> None:
        """The loop `observed_time`: store now and then; while the store is away everything waits."""
        while True:
            loop.beat()
            if self._clock.now() - self._stored_at >= STORE_EVERY:
                try:
                    await self.store()
                except StoreError as error:
                    log.debug(LogEvent.STORE_AWAY, message=f"observed time has to wait: {error}")
            await self._clock.sleep(TURN)

    async def store(self) -> None:
        """Store what has been observed; what the store does not take is kept. Raises `StoreError`."""
        async with self._one_store:
            now = self._clock.now()
            for place in list(self._places):
                spans = self._places.pop(place)
                stored = False
                try:
                    await self._book.add(self._rows(place, spans.whole()), now)
                    stored = True
                finally:
                    if not stored:  # also where it was cancelled
                        self._put_back(place, spans)
                await anyio.lowlevel.checkpoint()
            self._stored_at = now

    def _put_back(self, place: Place, spans: _Spans) -> None:
        """What was observed meanwhile joins it. Some of it may have been stored: that does no harm."""
        now = self._places.get(place)
        self._places[place] = spans
        if now is not None:
            for venue_id, span in (*now.over, *now.last.items()):
                spans.add(venue_id, span, {})

    def _rows(self, place: Place, spans: Mapping[str, Spans]) -> Iterator[ObservedDay]:
        """The spans of each local day that they touch."""
        market, provider, service_date = place
        zone = self._zones[market]
        first = min((of_venue[0][0] for of_venue in spans.values()), default=None)
        if first is None:
            return
        last = max(of_venue[-1][1] for of_venue in spans.values())
        day = local_date(first, zone)
        while (local := local_day(day, zone)).start < last:
            cut = {venue_id: clip(of_venue, local.start, local.end) for venue_id, of_venue in spans.items()}
            within = {venue_id: of_venue for venue_id, of_venue in cut.items() if of_venue}
            if within:
                yield ObservedDay(
                    market=market, provider=provider, service_date=service_date, day=day, spans=within
                )
            day += timedelta(days=1)
