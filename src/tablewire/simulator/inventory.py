"""What is free: one sheet a venue and day, and the one place where a table changes hands."""

import math
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from tablewire.simulator.chance import key_of, unit
from tablewire.simulator.local_time import LocalTime
from tablewire.simulator.plan import Place
from tablewire.simulator.routes import OPENTABLE, RESY
from tablewire.simulator.truth import OpenSlot, Truth, What, Why
from tablewire.simulator.venues import Venue

_OWN_LIFE: Mapping[str, tuple[int, ...]] = {RESY: (), OPENTABLE: (1,)}
"""What tells the random numbers of two platforms' houses with one id apart."""


class ScriptedTable(msgspec.Struct, frozen=True):
    """A table put on the market by hand, for one party size. `place.off` is the minute at which it goes."""

    place: Place
    size: int


class Sheet:
    """The tables of one venue on one service day.

    `free` holds one bit a place of the venue's plan. `version` changes whenever an answer about this sheet would.
    `next_at` is when something is next due here (endless: never), `random_at` when the next booking or cancellation is.
    """

    __slots__ = (
        "count", "day", "free", "idle", "key", "next_at", "off", "random_at", "released", "scripted", "venue",
        "version",
    )  # fmt: skip

    def __init__(self, venue: Venue, day: int, seed: int) -> None:
        self.venue = venue
        self.day = day
        self.key = key_of(seed, venue.id, day, *_OWN_LIFE[venue.provider])
        self.count = 0
        self.free = 0
        self.off = 0
        self.version = 0
        self.released = False
        self.idle = False
        self.random_at = math.inf
        self.next_at = math.inf
        self.scripted: list[ScriptedTable] = []

    def draw(self) -> float:
        """The sheet's next random number: at least 0, less than 1."""
        self.count += 1
        return unit(self.key, self.count)

    def booked(self) -> int:
        """The bits of the places that are still on the market and taken."""
        on_market = self.venue.plan.everything >> self.off << self.off
        return on_market & ~self.free

    def places(self) -> Iterator[Place]:
        """The free places, earliest start first, whether the public can book them or not."""
        plan = self.venue.plan
        if self.free:
            for index in plan.by_start:
                if self.free >> index & 1:
                    yield plan.places[index]
        for table in self.scripted:
            yield table.place


class Inventory:
    """All sheets of the city, by day. Every change of a table goes through here and is told to the truth."""

    def __init__(self, truth: Truth, clock: LocalTime, party_sizes: Sequence[int]) -> None:
        self.truth = truth
        self.clock = clock
        self.party_sizes = tuple(party_sizes)
        self.days: dict[int, list[Sheet]] = {}

    def sheet(self, day: int, venue: Venue) -> Sheet | None:
        """The sheet of a venue on a day; None for a day that the calendar does not hold."""
        sheets = self.days.get(day)
        return sheets[venue.index] if sheets is not None else None

    def set_place(self, sheet: Sheet, index: int, at: float, why: Why, *, free: bool) -> None:
        """Free or take one place of the plan."""
        start = sheet.venue.plan.places[index].start
        before = self.shown(sheet, start)
        sheet.free = sheet.free | (1 << index) if free else sheet.free & ~(1 << index)
        self._changed(sheet, start, before, at, why)

    def set_all(self, sheet: Sheet, free: int, at: float, why: Why) -> None:
        """Replace the whole of what is free (a release, a new day on the calendar)."""
        before = {start: self.shown(sheet, start) for start in sheet.venue.plan.at_start}
        sheet.free = free
        sheet.version += 1
        for start, shown in before.items():
            self._tell(sheet, start, shown, at, why)

    def add_scripted(self, sheet: Sheet, table: ScriptedTable, at: float, why: Why) -> None:
        """Put a table on the market by hand."""
        before = self.shown(sheet, table.place.start)
        sheet.scripted.append(table)
        sheet.scripted.sort(key=lambda one: one.place.start)
        self._changed(sheet, table.place.start, before, at, why)

    def remove_scripted(self, sheet: Sheet, table: ScriptedTable, at: float, why: Why) -> None:
        """Take a table that was put there by hand off the market."""
        before = self.shown(sheet, table.place.start)
        sheet.scripted.remove(table)
        self._changed(sheet, table.place.start, before, at, why)

    def expire(self, sheet: Sheet, now: float) -> None:
        """Take off the market whatever has reached its time."""
        places, clock = sheet.venue.plan.places, self.clock
        while sheet.off < len(places) and clock.instant(sheet.day, places[sheet.off].off) <= now:
            if sheet.free >> sheet.off & 1:
                due = clock.instant(sheet.day, places[sheet.off].off)
                self.set_place(sheet, sheet.off, due, "expired", free=False)
            sheet.off += 1
        for table in [one for one in sheet.scripted if clock.instant(sheet.day, one.place.off) <= now]:
            self.remove_scripted(sheet, table, clock.instant(sheet.day, table.place.off), "expired")

    def next_expiry(self, sheet: Sheet) -> float:
        """When the next free place leaves the market by itself; endless if none is free."""
        first = min((table.place.off for table in sheet.scripted), default=None)
        if sheet.free:
            lowest = (sheet.free & -sheet.free).bit_length() - 1
            off = sheet.venue.plan.places[lowest].off
            first = off if first is None else min(first, off)
        return math.inf if first is None else self.clock.instant(sheet.day, first)

    def shown(self, sheet: Sheet, start: int) -> int:
        """The watched party sizes (one bit each) for which this start can be booked now."""
        bits = 0
        plan = sheet.venue.plan
        if sheet.free:
            for index in plan.at_start.get(start, ()):
                if sheet.free >> index & 1:
                    bits |= plan.size_bits[index]
        for table in sheet.scripted:
            if table.place.start == start and table.size in self.party_sizes:
                bits |= 1 << self.party_sizes.index(table.size)
        return bits

    def open_slots(self, day: int | None = None) -> Iterator[OpenSlot]:
        """Everything the public could book now, of one service day or of all."""
        days = self.days if day is None else [day]
        for one in days:
            for sheet in self.days.get(one, ()):
                if sheet.free or sheet.scripted:
                    yield from self._open_of(sheet)

    def _open_of(self, sheet: Sheet) -> Iterator[OpenSlot]:
        starts = {place.start for place in sheet.places()}
        for start in sorted(starts):
            bits = self.shown(sheet, start)
            for bit, size in enumerate(self.party_sizes):
                if bits >> bit & 1:
                    wall = self.clock.wall(sheet.day, start)
                    yield OpenSlot(sheet.venue.id, wall, size, sheet.venue.provider)

    def _changed(self, sheet: Sheet, start: int, before: int, at: float, why: Why) -> None:
        sheet.version += 1
        self._tell(sheet, start, before, at, why)

    def _tell(self, sheet: Sheet, start: int, before: int, at: float, why: Why) -> None:
        after = self.shown(sheet, start)
        if before == after:
            return
        wall = self.clock.wall(sheet.day, start)
        for bit, size in enumerate(self.party_sizes):
            if (before ^ after) >> bit & 1:
                what: What = "open" if after >> bit & 1 else "close"
                self.truth.record(at, sheet.venue.id, wall, size, what, why, sheet.venue.provider)
