"""The truth as lines: for each slot and party size, from when to when it was really open."""

import math
from collections.abc import Iterable, Sequence

import msgspec

from tests.integration.detection.world import Run

Slot = tuple[str, str]
"""(venue id, actual time)."""
SOON = 1e-4
"""Seconds: more than floats lose of an instant, less than anything here takes."""


class Line(msgspec.Struct):
    """One stretch of being open; `closed` is infinite while it lasts, `opened` where it was found open."""

    opened: float
    closed: float = math.inf


class Truth:
    """Answers what was open when."""

    def __init__(self, run: Run) -> None:
        self._lines: dict[tuple[Slot, int], list[Line]] = {}
        for found in run.found:
            self._of((str(found.venue_id), found.actual_time), found.party_size).append(Line(-math.inf))
        for one in sorted(run.truth, key=lambda happening: (happening.at, happening.n)):
            lines = self._of((str(one.venue_id), one.actual_time), one.party_size)
            if one.what == "open":
                lines.append(Line(one.at))
            else:
                lines[-1].closed = one.at

    def was_open(self, slot: Slot, size: int, since: float, until: float) -> bool:
        """Whether it was open for a party size at some moment between."""
        return any(
            line.opened <= until + SOON and line.closed >= since - SOON for line in self._at(slot, size)
        )

    def was_closed(self, slot: Slot, size: int, since: float, until: float) -> bool:
        """Whether it was not open for a party size at some moment between."""
        return not any(
            line.opened < since - SOON and line.closed > until + SOON for line in self._at(slot, size)
        )

    def openings(self, slot: Slot, sizes: Iterable[int], after: float, until: float) -> list[float]:
        """When it opened for any of the party sizes after one moment and by another, oldest first."""
        return sorted(
            line.opened
            for size in sizes
            for line in self._at(slot, size)
            if after - SOON < line.opened <= until + SOON
        )

    def closings(self, slot: Slot, sizes: Iterable[int], after: float, until: float) -> list[float]:
        """When it closed for any of the party sizes after one moment and by another, oldest first."""
        return sorted(
            line.closed
            for size in sizes
            for line in self._at(slot, size)
            if after - SOON < line.closed <= until + SOON
        )

    def _of(self, slot: Slot, size: int) -> list[Line]:
        return self._lines.setdefault((slot, size), [])

    def _at(self, slot: Slot, size: int) -> Sequence[Line]:
        return self._lines.get((slot, size), ())
