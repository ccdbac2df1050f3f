"""A long run: the whole service on simulated time, faults all along, checked hour by hour so that only the service's own memory can grow."""

import ctypes
import gc
import os
import sys
from asyncio import AbstractEventLoop
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from types import BuiltinMethodType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any, cast

import msgspec

from tablewire.app import Service
from tablewire.domain.events import Event
from tablewire.domain.filters import EVENT_TYPES, EventFilter
from tablewire.domain.state import BucketState, Change
from tablewire.engine.supervisor import Loop
from tablewire.settings import Settings
from tablewire.simulator.server import Simulator, SimulatorOptions
from tablewire.storage.protocol import Store
from tablewire.telemetry import Metrics
from tests.integration.detection.schedules import every_fault
from tests.integration.detection.truth_lines import SOON, Line
from tests.integration.detection.virtual_time import MIDDAY, VirtualClock, VirtualLoop
from tests.integration.detection.world import LATENCY, providers_of

_LOOK_EVERY = timedelta(minutes=10)
_KEPT = timedelta(hours=2)
"""How long the truth about a table that closed is kept: longer than anything is told after it happened."""
_LAST_LOOKS = timedelta(minutes=10)
"""Party sizes are looked at apart: when each was last looked at lies at most so long before the slot was last seen."""
_PATIENCE = timedelta(seconds=95)
"""A loop that has not been heard of for longer is not alive: three intervals."""


_NOT_HELD = (type, ModuleType, CodeType, FunctionType, MethodType, BuiltinMethodType, AbstractEventLoop)
"""Code, and doors to others: what hangs on them is not the holder's."""

Slot = tuple[str, str, str]
"""(provider, venue id, start)."""


class Course(msgspec.Struct, frozen=True, kw_only=True):
    """What a long run is made of."""

    seed: int
    hours: float
    venues: int
    opentable_venues: int
    days: int
    rate: float
    speed: float = 2.0
    start: datetime = MIDDAY


class Hour(msgspec.Struct, frozen=True, kw_only=True):
    """What one simulated hour left behind."""

    number: int
    events: int
    calls: int
    open_slots: int
    resident: int
    """Bytes of memory of the process, what is free given back."""
    make_believe: int
    """Bytes of those that the make-believe city and the witness hold."""
    objects: int
    """Objects that the collector knows of."""

    @property
    def own(self) -> int:
        """Bytes of memory that are the service's."""
        return self.resident - self.make_believe


class LongRun(msgspec.Struct, kw_only=True):
    """What a long run came to."""

    hours: list[Hour] = msgspec.field(default_factory=list)
    openings: int = 0
    closings: int = 0
    false_openings: list[str] = msgspec.field(default_factory=list)
    false_closings: list[str] = msgspec.field(default_factory=list)
    early_closings: int = 0
    """Closings that were true when they were told, but came after `closed_at`: a soft block had hidden the table before it went (decision 0002)."""
    behind_a_block: int = 0
    """Openings that were true, but had opened before: a soft block over a single table had hidden them (decision 0002)."""
    repeats: list[str] = msgspec.field(default_factory=list)
    dead_loops: list[str] = msgspec.field(default_factory=list)
    restarts: int = 0
    faults: int = 0
    last_id: int = 0
    ids_out_of_order: bool = False


async def live_through(loop: VirtualLoop, course: Course, store: Store) -> LongRun:
    """Let the service and the city live together, and hold what is told against the truth as it comes."""
    loop.expect_no_sockets()
    loop.expect_no_sockets()  # but those of a store, which holds the time
    clock = VirtualClock(course.start, loop)
    noted = _Noted(store, clock)
    city = Simulator(
        SimulatorOptions(
            seed=course.seed,
            venues=course.venues,
            opentable_venues=course.opentable_venues,
            neighbourhoods=8,
            days=course.days + 1,
            speed=course.speed,
            clock=clock.now,
            latency=LATENCY,
            requests_limit=1_000,
            truth_limit=20_000,
        )
    )
    witness = _Witness(city, noted)
    city.faults.set(every_fault())
    providers = providers_of(city, clock, seed=course.seed, rate=course.rate)
    settings = Settings.load(
        {"TABLEWIRE_WINDOW_DAYS": str(course.days), "TABLEWIRE_RESY_BASE_URL": "http://city.invalid"}
    )
    service = Service(
        settings, cast("Store", noted), providers, Metrics(version="0", demo=False), clock=clock
    )
    await service.start()
    try:
        looks = round(course.hours * 3600 / _LOOK_EVERY.total_seconds())
        for look in range(1, looks + 1):
            await clock.sleep(_LOOK_EVERY.total_seconds())
            await witness.look(service, store, clock.now())
            if not look % 6:
                witness.note_hour(look // 6, service)
    finally:
        await service.stop()
    return witness.found


class _Noted:
    """A store that notes when each event was stored: its row does not say."""

    def __init__(self, store: Store, clock: VirtualClock) -> None:
        self.stored_at: dict[int, float] = {}
        """By event id; whoever has read it takes it out."""
        self._store = store
        self._clock = clock

    async def record(self, change: Change, state: BucketState) -> tuple[Event, ...]:
        """Store, and note when."""
        events = await self._store.record(change, state)
        now = self._clock.now().timestamp()
        self.stored_at.update((event.id, now) for event in events)
        return events

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


class _Witness:
    """Follows the log with a cursor, and the truth beside it."""

    def __init__(self, city: Simulator, noted: _Noted) -> None:
        self._stored_at = noted.stored_at
        self.found = LongRun()
        self._city = city
        self._lines: dict[Slot, dict[int, list[Line]]] = defaultdict(dict)
        """By slot and party size: when it was open."""
        self._known = 0
        self._open: set[str] = set()
        self._events_before = 0
        for slot in city.city.open_slots():
            self._happen(slot.provider, str(slot.venue_id), slot.actual_time, slot.party_size, None, "open")

    async def look(self, service: Service, store: Store, now: datetime) -> None:
        """Work in what has happened and what has been told since the last look."""
        self._city.city.advance(now)
        for one in self._city.truth.since(self._known):
            self._happen(one.provider, str(one.venue_id), one.actual_time, one.party_size, one.at, one.what)
            self._known = one.n
        told = await store.after(
            self.found.last_id, 100_000, wanted=EventFilter(), types=frozenset(EVENT_TYPES)
        )
        for event in told:
            self._take(event)
        self._forget((now - _KEPT).timestamp())
        self._look_at_loops(service.supervisor.loops, now)

    def note_hour(self, number: int, service: Service) -> None:
        """Note what the hour left behind."""
        gc.collect()
        _give_back()
        found = self.found
        told = found.openings + found.closings
        open_slots = sum(
            len(state.open) for owner in service.discovery.owners.values() for state in owner.states.values()
        )
        found.hours.append(
            Hour(
                number=number,
                events=told - self._events_before,
                calls=self._city.requests.count,
                open_slots=open_slots,
                resident=_resident(),
                make_believe=_weight(self._city, self._lines, self._open),
                objects=len(gc.get_objects()),
            )
        )
        found.faults = sum(record.fault is not None for record in self._city.requests.records)
        self._events_before = told

    def _happen(
        self, provider: str, venue_id: str, start: str, size: int, at: float | None, what: str
    ) -> None:
        lines = self._lines[provider, venue_id, start].setdefault(size, [])
        if what == "open":
            lines.append(Line(float("-inf") if at is None else at))
        elif at is not None:
            lines[-1].closed = at

    def _take(self, event: Event) -> None:
        found = self.found
        found.ids_out_of_order |= event.id != found.last_id + 1
        found.last_id = event.id
        stored_at = self._stored_at.pop(event.id)
        if event.close_reason is None:
            self._take_opening(event)
        else:
            self._take_closing(event, stored_at)

    def _take_opening(self, event: Event) -> None:
        found = self.found
        found.openings += 1
        if event.slot_id in self._open:
            found.repeats.append(_named(event))
        self._open.add(event.slot_id)
        assert event.opened_at is not None
        assert event.opened_after is not None
        after, by = event.opened_after.timestamp(), event.opened_at.timestamp()
        lines = [line for size in event.party_sizes for line in self._of(event, size)]
        if not any(line.opened <= by + SOON and line.closed >= after - SOON for line in lines):
            found.false_openings.append(_named(event))
        elif not any(after - SOON < line.opened <= by + SOON for line in lines):
            found.behind_a_block += 1

    def _take_closing(self, event: Event, stored_at: float) -> None:
        """Each of its party sizes has to have been closed at some moment between its last looks and the telling."""
        found = self.found
        found.closings += 1
        self._open.discard(event.slot_id)
        assert event.closed_at is not None
        assert event.last_seen_at is not None
        since = event.last_seen_at - _LAST_LOOKS
        if event.opened_at is not None:
            since = max(since, event.opened_at)
        lines = [line for size in event.party_sizes for line in self._of(event, size)]
        lasted = max((line.closed for line in lines if line.opened < since.timestamp()), default=0.0)
        if lasted > stored_at + SOON:
            found.false_closings.append(f"{_named(event)}, {event.close_reason}")
        elif lasted > event.closed_at.timestamp() + SOON:
            found.early_closings += 1

    def _of(self, event: Event, size: int) -> Sequence[Line]:
        slot = (event.provider, event.venue_id, f"{event.slot_date} {event.slot_time}")
        return self._lines.get(slot, {}).get(size, ())

    def _forget(self, before: float) -> None:
        for slot, sizes in list(self._lines.items()):
            for size, lines in list(sizes.items()):
                lines[:] = [line for line in lines if line.closed >= before]
                if not lines:
                    del sizes[size]
            if not sizes:
                del self._lines[slot]

    def _look_at_loops(self, loops: Sequence[Loop], now: datetime) -> None:
        for one in loops:
            if one.heartbeat_at is None or now - one.heartbeat_at > _PATIENCE:
                self.found.dead_loops.append(f"{one.name} at {now}: last heard of {one.heartbeat_at}")
        self.found.restarts = sum(one.restarts for one in loops)


def _named(event: Event) -> str:
    return f"{event.id}: {event.provider} {event.venue_id} {event.slot_date} {event.slot_time}"


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _give_back() -> None:
    """Let the allocator return what is free, so that what is resident is what is held."""
    with suppress(OSError, AttributeError):  # the GNU C library's own
        ctypes.CDLL(None).malloc_trim(0)


def _weight(*roots: object) -> int:
    """Bytes of everything that hangs on some objects, code and types left out."""
    seen: set[int] = set()
    left: list[object] = list(roots)
    size = 0
    while left:
        one = left.pop()
        if id(one) in seen or isinstance(one, _NOT_HELD):
            continue
        seen.add(id(one))
        size += sys.getsizeof(one)
        left.extend(gc.get_referents(one))
    return size


def shown(found: LongRun) -> Mapping[str, object]:
    """The figures, short."""
    every = found.hours[:: max(1, len(found.hours) // 12)]
    return {
        "openings": found.openings,
        "closings": found.closings,
        "false": (len(found.false_openings), len(found.false_closings), len(found.repeats)),
        "behind a block": found.behind_a_block,
        "early closings": found.early_closings,
        "restarts": found.restarts,
        "hours": [
            (
                one.number,
                round(one.resident / 1e6),
                round(one.own / 1e6),
                one.objects,
                one.open_slots,
                one.events,
            )
            for one in every
        ],
    }
