"""One market's one local day in totals, so that the figures of a long window need not look at every cell."""

from collections.abc import Iterable, Sequence
from datetime import date
from operator import add
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from tablewire.insights.local_time import local_date, local_day
from tablewire.insights.market_days import MarketCut, MarketDay

SLICES: Final = tuple((weekday, prime) for weekday in range(7) for prime in (False, True))
"""The weekday of the service date, Monday 0, and whether prime: totals are kept for each."""


def slice_of(weekday: int, prime: bool) -> int:  # noqa: FBT001 - a cell has them in this order
    """The place of a slice."""
    return 2 * weekday + prime


class DayTotals(msgspec.Struct, frozen=True, kw_only=True, array_like=True, gc=False):
    """The `totals` of a row of `market_days`: all of it adds up, and the cells say no more but where in an hour a drop was."""

    day: date
    observed: tuple[int, ...]
    """As the row has it."""
    hours: tuple[tuple[int, ...], ...]
    """For each of `SLICES` the drops of each hour of the day."""
    places: dict[str, tuple[int, ...]]
    """By neighbourhood the drops of each of `SLICES`; those of venues without one are under the empty name."""

    def by_hour(self, slices: Iterable[int]) -> list[int]:
        """The drops of each hour in some of the slices."""
        found = [0] * len(self.observed)
        for place in slices:
            if any(self.hours[place]):
                found = list(map(add, found, self.hours[place]))
        return found


class MarketWindow(msgspec.Struct, frozen=True, kw_only=True):
    """The local hours that begin in [since, until), in microseconds."""

    zone: ZoneInfo
    since: int
    until: int

    def hours_of(self, day: date) -> tuple[bool, ...]:
        """Of each hour of a local day whether it is in the window."""
        return tuple(self.since <= edge < self.until for edge in local_day(day, self.zone).edges[:-1])

    @property
    def cut_days(self) -> frozenset[date]:
        """The days of which only some hours are in the window: their totals by neighbourhood are of no use."""
        ends = {local_date(at, self.zone) for at in (self.since, self.until)}
        return frozenset(day for day in ends if len(set(self.hours_of(day))) > 1)


def totals_of(row: MarketDay, within: Sequence[bool] | None = None) -> DayTotals:
    """A day in totals; those by neighbourhood only of the hours `within`, where they are named."""
    counted = within or (True,) * len(row.observed)
    hours = [[0] * len(row.observed) for _ in SLICES]
    places: dict[str | None, list[int]] = {}
    for place, weekday, prime, neighborhood, drops in row.cells.rows:
        part = slice_of(weekday, prime)
        hours[part][place] += drops
        if counted[place]:
            places.setdefault(neighborhood, [0] * len(SLICES))[part] += drops
    return DayTotals(
        day=row.day,
        observed=row.observed,
        hours=tuple(map(tuple, hours)),
        places={name: tuple(parts) for name, parts in _named(places).items()},
    )


def _named(places: dict[str | None, list[int]]) -> dict[str, list[int]]:
    """Without a neighbourhood, and with an empty one, is the same."""
    nowhere = places.pop(None, None)
    found = {name: parts for name, parts in places.items() if name is not None}
    if nowhere is not None:
        found[""] = list(map(add, found.get("", [0] * len(SLICES)), nowhere))
    return found


def slices_of(cut: MarketCut) -> tuple[int, ...]:
    """The slices that a cut counts, by their places; its neighbourhoods are left to the cells."""
    return tuple(
        place
        for place, (weekday, prime) in enumerate(SLICES)
        if (not cut.weekdays or weekday in cut.weekdays) and cut.prime in (None, prime)
    )
