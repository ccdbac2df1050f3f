"""When venues were looked at, by service date: venues of one page share it, and what follows from it for a day."""

from collections.abc import Mapping
from datetime import date

import msgspec

from tablewire.insights.intervals import Spans, clip, length, lengths_between, union
from tablewire.insights.local_time import LocalDay
from tablewire.insights.stays import lead_days


class DayLooks(msgspec.Struct, frozen=True, kw_only=True):
    """The looks of one local day, as far as it has come."""

    dates: Mapping[date, Spans]
    """By service date, in order; of those only that were observed for some time."""
    observed: tuple[int, ...]
    """Microseconds of each local hour of the day in which some date was observed."""
    leads: tuple[int, ...]
    """How many days ahead each of `dates` is,"""
    lengths: tuple[int, ...]
    """and for how many microseconds it was observed."""


class Looks:
    """The observed time of some days by service date. What a day's part of it comes to is found once, for all venues."""

    __slots__ = ("_dates", "_found")

    def __init__(self, dates: Mapping[date, Spans]) -> None:
        self._dates = dates
        self._found: dict[tuple[date, int], DayLooks] = {}

    def on(self, local: LocalDay, end: int) -> DayLooks:
        """What was looked at on a local day before `end` (microseconds)."""
        found = self._found.get((local.day, end))
        if found is None:
            found = self._found[local.day, end] = _looks_on(self._dates, local, end)
        return found


NOBODY = Looks({})


def _looks_on(dates: Mapping[date, Spans], local: LocalDay, end: int) -> DayLooks:
    seen = {on: within for on, spans in sorted(dates.items()) if (within := clip(spans, local.start, end))}
    everything = union(span for spans in set(seen.values()) for span in spans)
    return DayLooks(
        dates=seen,
        observed=tuple(lengths_between(everything, local.edges)),
        leads=tuple(lead_days(on, local.day) for on in seen),
        lengths=tuple(map(length, seen.values())),
    )
