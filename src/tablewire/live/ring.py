"""The newest events of the log in memory, whole and as each filter sees them."""

from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Sequence

from tablewire.domain.filters import EventFilter
from tablewire.live.sse import Entry

ALL_TYPES = frozenset({"drop", "reopened", "closed"})


class Ring:
    """The newest events, oldest first: every event of the log with an id above `floor` and up to `newest`."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self.floor = 0
        """Events with this id or a lower one are not here."""
        self.newest = 0
        """The newest id that was considered; the event itself may be missing in the log."""
        self.ids: list[int] = []
        self.entries: list[Entry] = []

    def restart(self, floor: int, newest: int, entries: Sequence[Entry]) -> None:
        """Hold these and forget the others."""
        self.floor, self.newest = floor, newest
        self.entries = list(entries)
        self.ids = [entry.id for entry in entries]

    def extend(self, entries: Sequence[Entry], newest: int) -> None:
        """Take up events above `newest`, in order, and that nothing else lies up to the new newest id."""
        self.entries.extend(entries)
        self.ids.extend(entry.id for entry in entries)
        self.newest = newest
        # Cutting only now and then keeps the cost of one event constant.
        if len(self.ids) >= self._capacity * 5 // 4:
            self._cut(len(self.ids) - self._capacity)

    def forget_below(self, oldest: int) -> None:
        """Drop what the log does not keep any more."""
        gone = bisect_right(self.ids, oldest - 1)
        if gone:
            self._cut(gone)

    def between(self, cursor: int, most: int) -> list[Entry]:
        """At most `most` events after a cursor, which must not be below the floor."""
        start = bisect_right(self.ids, cursor)
        return self.entries[start : start + most]

    def _cut(self, count: int) -> None:
        self.floor = self.ids[count - 1]
        del self.ids[:count]
        del self.entries[:count]


class Selection:
    """What of a ring passes one filter, kept up as the ring moves: each event is looked at once."""

    __slots__ = ("_ring", "_types", "_upto", "_wanted", "entries", "ids")

    def __init__(self, ring: Ring, wanted: EventFilter, types: frozenset[str]) -> None:
        self._ring = ring
        self._wanted = wanted
        self._types = types
        self._upto = ring.floor
        self.ids: list[int] = []
        self.entries: list[Entry] = []

    def refresh(self) -> None:
        """Look at what is new in the ring, and forget what has left it."""
        ring = self._ring
        gone = bisect_right(self.ids, ring.floor)
        if gone:
            del self.ids[:gone], self.entries[:gone]
        if self._upto < ring.newest:
            fresh = ring.entries[bisect_right(ring.ids, self._upto) :]
            passed = [entry for entry in fresh if passes(entry, self._wanted, self._types)]
            self.entries.extend(passed)
            self.ids.extend(entry.id for entry in passed)
            self._upto = ring.newest


class Selections:
    """The selections asked for lately, by filter and types; the one not asked for longest goes first."""

    def __init__(self, ring: Ring, most: int = 256) -> None:
        self._ring = ring
        self._most = most
        self._known: OrderedDict[tuple[EventFilter, frozenset[str]], Selection] = OrderedDict()

    def of(self, wanted: EventFilter, types: frozenset[str]) -> Selection:
        """The selection of a filter, up to date."""
        key = (wanted, types)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = Selection(self._ring, wanted, types)
            if len(self._known) > self._most:
                self._known.popitem(last=False)
        else:
            self._known.move_to_end(key)
        found.refresh()
        return found

    def clear(self) -> None:
        """Forget all of them."""
        self._known.clear()


def passes(entry: Entry, wanted: EventFilter, types: frozenset[str]) -> bool:
    """Whether an event is of the wanted types and satisfies the filter."""
    return entry.word in types and (not wanted.terms or wanted.matches(entry.event))
