"""The truth: when each slot was really open, for each party size."""

import math
from collections import defaultdict
from collections.abc import Iterable

from tests.simulation.evidence import Slot
from tests.simulation.world import Played

_A_LITTLE = 1e-4
"""Seconds: more than floats lose of an instant, less than anything here takes."""


class Truth:
    """Answers what was open when, in true seconds since the start."""

    def __init__(self, played: Played) -> None:
        self._lines: dict[tuple[Slot, int], list[list[float]]] = defaultdict(list)
        begin = played.scenario.start.timestamp()
        for found in played.found:
            slot = Slot(found.provider, str(found.venue_id), found.actual_time)
            self._lines[slot, found.party_size].append([-math.inf, math.inf])
        for one in played.simulator.truth.events:
            lines = self._lines[Slot(one.provider, str(one.venue_id), one.actual_time), one.party_size]
            if one.what == "open":
                lines.append([one.at - begin, math.inf])
            else:
                lines[-1][1] = one.at - begin

    def opened(self, slot: Slot, sizes: Iterable[int], after: float, until: float) -> bool:
        """Whether it opened for any of the party sizes between two moments."""
        return any(
            after - _A_LITTLE <= opened <= until + _A_LITTLE
            for size in sizes
            for opened, _ in self._lines.get((slot, size), ())
        )

    def closed(self, slot: Slot, size: int, after: float, until: float) -> bool:
        """Whether it was not open for a party size at some moment between two."""
        return not any(
            opened < after - _A_LITTLE and closed > until + _A_LITTLE
            for opened, closed in self._lines.get((slot, size), ())
        )
