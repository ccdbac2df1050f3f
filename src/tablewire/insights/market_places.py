"""One market's one local day by neighbourhood, so that the figures of a few of them need not look at the cells of all."""

from collections.abc import Callable, Mapping, Sequence

import msgspec

from tablewire.insights.market_days import MarketDay
from tablewire.insights.market_totals import SLICES, DayTotals, slice_of

Places = Mapping[str, bytes]
"""The `places` of a row of `market_days`: by neighbourhood its cells, packed; those of venues without one under the empty name."""


class _Cells(msgspec.Struct, frozen=True, kw_only=True, array_like=True, gc=False):
    """The drops of one neighbourhood, one entry each in every column."""

    hours: tuple[int, ...]
    """The place of the hour among the day's hours."""
    slices: tuple[int, ...]
    """The place of the slice in `SLICES`."""
    drops: tuple[int, ...]


_decode = msgspec.msgpack.Decoder(_Cells).decode


def places_of(row: MarketDay) -> dict[str, bytes]:
    """A day's cells by neighbourhood."""
    found: dict[str, list[tuple[int, int, int]]] = {}
    for place, weekday, prime, neighborhood, drops in row.cells.rows:
        found.setdefault(neighborhood or "", []).append((place, slice_of(weekday, prime), drops))
    return {name: _packed(cells) for name, cells in found.items()}


def _packed(cells: Sequence[tuple[int, int, int]]) -> bytes:
    hours, slices, drops = zip(*cells, strict=True)
    return msgspec.msgpack.encode(_Cells(hours=hours, slices=slices, drops=drops))


def totals_of_some(
    whole: DayTotals, places: Places, wanted: Callable[[str], bool], within: Sequence[bool]
) -> DayTotals:
    """A day in totals of the neighbourhoods that are wanted; those by neighbourhood only of the hours `within`."""
    hours = [[0] * len(whole.observed) for _ in SLICES]
    by_place = dict[str, tuple[int, ...]]()
    for name, packed in places.items():
        if not wanted(name):
            continue
        cells, parts = _decode(packed), [0] * len(SLICES)
        for place, part, drops in zip(cells.hours, cells.slices, cells.drops, strict=True):
            hours[part][place] += drops
            parts[part] += drops * within[place]
        by_place[name] = tuple(parts)
    return DayTotals(day=whole.day, observed=whole.observed, hours=tuple(map(tuple, hours)), places=by_place)
