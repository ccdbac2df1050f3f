"""Stands beside the wire: knows when every table was really on sale, and what a look at each moment could show of it."""

import math
from bisect import bisect_left, bisect_right
from collections import defaultdict
from datetime import date
from itertools import pairwise

import msgspec

from tablewire.simulator.city import City
from tests.integration.insights.stays import Kind, Slot, Spans, Stay, joined, service_day, starts_at, wall

_ONE_POLL = 10.0
"""Seconds: the looks at all party sizes of a date lie closer together, two polls farther apart."""
_EXPIRY_LEAD = 15 * 60.0
_MOST = 20
_MANY = 3
"""An empty page that clears so many venues is not believed."""


class Poll(msgspec.Struct):
    """The looks at one date that belong together."""

    at: float
    touched: dict[Slot, set[Kind]] = msgspec.field(default_factory=dict)
    """Slots that were shown otherwise than before, and what the looks that show them newly prove."""
    gap: float = 0.0
    """The longest time since the look before."""
    doubted: set[Slot] = msgspec.field(default_factory=set)
    """Slots that an empty page did not show which may be a soft block."""


class Witness:
    """Follows the city's truth, and every look at it."""

    def __init__(self, city: City, gap: float) -> None:
        self.city = city
        self.gap = gap
        self.looks: dict[date, dict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
        self.seen: list[Stay] = []
        """What could be told from the looks."""
        self.lines: dict[Slot, list[Stay]] = defaultdict(list)
        """What was so: of each slot, while any party size had it."""
        self.held_for_long = 0
        """Looks that would have cleared most of a page. The guard holds those for an hour, which is not worked out here."""
        self._known = 0
        self._now: dict[Slot, set[int]] = defaultdict(set)
        self._shown: dict[Slot, set[int]] = defaultdict(set)
        self._open: dict[Slot, Stay] = {}
        self._changed: dict[tuple[date, int], set[Slot]] = defaultdict(set)
        self._polls: dict[date, Poll] = {}
        self.baseline: set[Slot] = set()
        self._offs: dict[Slot, tuple[int, float]] = {}
        self._counts: dict[tuple[date, int], int] = defaultdict(int)
        self._missed: dict[Slot, set[int]] = defaultdict(set)
        self._missed_at: dict[Slot, float] = {}
        for one in city.open_slots():
            self._happen((one.venue_id, one.actual_time), one.party_size, -math.inf, "open", "")

    # --- the truth

    def follow(self) -> None:
        """Work in what has happened."""
        for one in self.city.truth.since(self._known):
            assert one.n == self._known + 1, "the truth's log is too short"
            self._known = one.n
            self._happen((one.venue_id, one.actual_time), one.party_size, one.at, one.what, one.why)

    def _happen(self, slot: Slot, size: int, at: float, what: str, why: str) -> None:
        sizes = self._now[slot]
        place = service_day(slot), size
        self._changed[place].add(slot)
        self._counts[place] += 1 if what == "open" else -1
        if what == "open":
            # A table may change hands at one instant: what goes and comes then never was away.
            lines = self.lines[slot]
            if not sizes and lines and lines[-1].closed == at:
                lines[-1].closed, lines[-1].end = math.inf, "open"
            elif not sizes:
                lines.append(Stay(slot=slot, kind="drop", opened=at))
            sizes.add(size)
            return
        sizes.discard(size)
        if not sizes:
            line = self.lines[slot][-1]
            line.closed, line.end = at, "expired" if why == "expired" else "taken"

    # --- what looks show

    def look(self, at: float, day: date, size: int) -> None:
        """A whole answer for a date and party size was given at an instant."""
        self.follow()
        poll = self._polls.get(day)
        if poll is not None and at - poll.at > _ONE_POLL:
            self._settle(day)
            poll = None
        if poll is None:
            poll = self._polls[day] = Poll(at=at)
        poll.at = at
        if doubted := self._doubts(at, day, size):
            poll.doubted |= doubted
            for slot in doubted:
                self._missed[slot].add(size)
            return
        before = self.looks[day][size]
        standing: Kind = "drop" if before and at - before[-1] <= self.gap else "gap" if before else "baseline"
        poll.gap = max(poll.gap, at - before[-1] if before else 0.0)
        before.append(at)
        for slot in self._changed.pop((day, size), ()):
            self._take(poll, slot, size, standing)

    def _doubts(self, at: float, day: date, size: int) -> set[Slot]:
        """The slots that an empty page would clear, where it is not believed: a soft block looks the same, unless it is said twice."""
        few = len(self._changed[day, size]) < _MOST
        if self._counts[day, size] and few:
            return set()
        cleared = {
            slot
            for slot in self._changed[day, size]
            if size in self._shown[slot] and slot in self._open and at < self._open[slot].off
        }
        if len(cleared) >= _MOST:
            here = sum(
                size in self._shown[slot] and at < stay.off
                for slot, stay in self._open.items()
                if stay.day == day
            )
            self.held_for_long += 2 * len(cleared) > here
        if self._counts[day, size]:
            return set()
        said_before = all(size in self._missed[slot] for slot in cleared)
        return cleared if len({slot[0] for slot in cleared}) >= _MANY or not said_before else set()

    def _take(self, poll: Poll, slot: Slot, size: int, standing: Kind) -> None:
        kinds = poll.touched.setdefault(slot, set())
        self._missed[slot].discard(size)
        if size in self._now[slot] and size not in self._shown[slot]:
            kinds.add(standing)
            self._note_off(slot, size)
        (self._shown[slot].add if size in self._now[slot] else self._shown[slot].discard)(size)
        if self._shown[slot] and not self._shown[slot] <= self._missed[slot]:
            self._missed_at.pop(slot, None)

    def _note_off(self, slot: Slot, size: int) -> None:
        """When the smallest party's tables of a start go off by themselves: the last of them counts."""
        known = self._offs.get(slot)
        if slot in self._open or (known is not None and known[0] < size):
            return
        start = wall(slot)
        day = service_day(slot)
        minute = start.hour * 60 + start.minute + 1440 * (start.date() > day)
        sheet = self.city.inventory.sheet(day.toordinal(), self.city.by_id[slot[0]])
        assert sheet is not None
        offs = [
            self.city.local.instant(sheet.day, place.off)
            for place in sheet.places()
            if place.start == minute and place.public and place.least <= size <= place.most
        ]
        self._offs[slot] = size, max(offs)

    def _settle(self, day: date) -> None:
        poll = self._polls.pop(day, None)
        if poll is None:
            return
        for slot, kinds in poll.touched.items():
            stay, shown = self._open.get(slot), self._shown[slot]
            if stay is None and shown and starts_at(slot) > poll.at:
                self._open_slot(slot, kinds, poll.at)
            elif stay is not None and (not shown or starts_at(slot) <= poll.at):
                self._close_slot(stay, poll.at, poll.gap)
            if slot not in self._open:
                self._offs.pop(slot, None)
                self._missed_at.pop(slot, None)
                self._missed.pop(slot, None)
        for slot in poll.doubted:
            if slot in self._open and self._shown[slot] <= self._missed[slot]:
                self._missed_at.setdefault(slot, poll.at)

    def _open_slot(self, slot: Slot, kinds: set[Kind], at: float) -> None:
        kind: Kind = "gap"
        if "drop" in kinds:
            kind = "reopened" if slot in self.baseline else "drop"
        elif "baseline" in kinds:
            kind = "baseline"
            self.baseline.add(slot)
        off = min(self._offs.pop(slot)[1], starts_at(slot) - _EXPIRY_LEAD)
        self._open[slot] = stay = Stay(slot=slot, kind=kind, opened=at, off=off)
        self.seen.append(stay)

    def _close_slot(self, stay: Stay, at: float, gap: float) -> None:
        del self._open[stay.slot]
        stay.closed = starts_at(stay.slot)
        if at < stay.closed:
            stay.closed = self._missed_at.get(stay.slot, at)
        stay.end = "expired" if stay.closed >= stay.off else "taken"
        stay.known = gap <= self.gap

    def finish(self, now: float) -> None:
        """The last look has been."""
        for day in list(self._polls):
            self._settle(day)
        for slot, stay in list(self._open.items()):
            if starts_at(slot) <= now:
                self._close_slot(stay, now, 0.0)

    # --- what came of it

    def watched(self, day: date) -> Spans:
        """When a date was watched: between two looks for one party size that are no longer apart than the gap."""
        return joined(
            [
                (before, after)
                for looks in self.looks[day].values()
                for before, after in pairwise(looks)
                if after - before <= self.gap
            ]
        )

    def true_stays(self) -> list[Stay]:
        """What was so from the first look at each date on, named as an eye that never blinks would have named it."""
        found = []
        watched = {day: self.watched(day) for day in list(self.looks)}
        for slot, lines in self.lines.items():
            spans = watched.get(service_day(slot))
            if not spans:
                continue
            first = spans[0][0]
            in_baseline = any(line.opened <= first < line.closed for line in lines)
            for line in lines:
                if line.closed <= first:
                    continue
                kind: Kind = "baseline"
                if line.opened > first:
                    place = bisect_right(spans, (line.opened, math.inf)) - 1
                    awake = place >= 0 and line.opened <= spans[place][1]
                    kind = "gap" if not awake else "reopened" if in_baseline else "drop"
                found.append(
                    msgspec.structs.replace(
                        line, kind=kind, opened=max(line.opened, first), off=starts_at(slot) - _EXPIRY_LEAD
                    )
                )
        return found

    def gap_round(self, day: date, at: float) -> tuple[float, float] | None:
        """The looks between which an instant lies, for the party size that was looked at most often."""
        looks = max(self.looks[day].values(), key=len, default=[])
        place = bisect_left(looks, at)
        return (looks[place - 1], looks[place]) if 0 < place < len(looks) else None

    def line_of(self, stay: Stay) -> Stay | None:
        """The table that was seen to open, with all that came of it; None where it was gone in between without a look."""
        lines = [line for line in self.lines[stay.slot] if line.opened <= stay.opened < line.closed]
        return lines[-1] if lines else None
