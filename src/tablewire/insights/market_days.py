"""One market's one local day, rolled up by the hour: how many drops, of which weekday, where, and whether prime."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable
from datetime import date
from functools import lru_cache
from typing import Self
from zoneinfo import ZoneInfo

import msgspec

from tablewire.domain.names import name_key
from tablewire.insights.intervals import Spans, clip, lengths_between
from tablewire.insights.local_time import MINUTE, local_day


class MarketDrop(msgspec.Struct, frozen=True, gc=False):
    """One NEW_DROP of a market, or several that are alike."""

    at: int
    """Microseconds."""
    weekday: int
    """Of its service date, Monday 0."""
    prime: bool
    neighborhood: str | None = None
    drops: int = 1


_Cell = tuple[int, int, bool, str | None]
CellRow = tuple[int, int, bool, str | None, int]
"""The place of the hour, the weekday, whether prime, the neighbourhood, and how many drops."""


class Cells(msgspec.Struct, frozen=True, kw_only=True, array_like=True, gc=False):
    """Equal drops of one hour counted together, one entry each in every column."""

    hours: tuple[int, ...] = ()
    """The place of the hour among the day's hours: 0 to 24."""
    weekdays: tuple[int, ...] = ()
    prime: tuple[bool, ...] = ()
    neighborhoods: tuple[str | None, ...] = ()
    drops: tuple[int, ...] = ()

    @classmethod
    def of(cls, rows: Iterable[CellRow]) -> Self:
        """Rows as columns."""
        columns = list(zip(*rows, strict=True)) or [()] * 5
        return cls(**dict(zip(cls.__struct_fields__, columns, strict=True)))

    @property
    def rows(self) -> Iterable[CellRow]:
        """The columns, row by row."""
        return zip(self.hours, self.weekdays, self.prime, self.neighborhoods, self.drops, strict=True)


MARKET_ROW_VERSION = 1
"""What a stored row has to be of: rows of another version are rolled up anew."""


class MarketDay(msgspec.Struct, frozen=True, kw_only=True, array_like=True, gc=False):
    """A row of `market_days`."""

    day: date
    observed: tuple[int, ...]
    """Microseconds of each local hour of the day in which some venue of the market was observed."""
    cells: Cells


class MarketHour(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One local hour of a market."""

    at: int
    """Its beginning in microseconds."""
    weekday: int
    hour: int
    """What the clock says."""
    observed: int
    drops: int
    prime: int

    @property
    def is_sample(self) -> bool:
        """Whether it was observed for at least half of an hour, so that its count can stand beside those of others."""
        return self.observed >= _HALF_AN_HOUR


_HALF_AN_HOUR = 1_800_000_000
SETTLED = 15 * MINUTE
"""So long after the end of an hour or a day all that it brought is stored."""


def roll_up_market(day: date, zone: ZoneInfo, drops: Iterable[MarketDrop], observed: Spans) -> MarketDay:
    """What a local day brought; drops and observed time of other days are passed over."""
    local = local_day(day, zone)
    cells: Counter[_Cell] = Counter()
    for drop in drops:
        if local.start <= drop.at < local.end:
            place = bisect_right(local.edges, drop.at) - 1
            cells[place, drop.weekday, drop.prime, drop.neighborhood] += drop.drops
    ordered = sorted(cells, key=lambda cell: (*cell[:3], cell[3] is not None, cell[3] or ""))
    return MarketDay(
        day=day,
        observed=tuple(lengths_between(clip(observed, local.start, local.end), local.edges)),
        cells=Cells.of((*cell, cells[cell]) for cell in ordered),
    )


class MarketCut(msgspec.Struct, frozen=True, kw_only=True):
    """Which drops are counted. What is left out is no limit."""

    weekdays: frozenset[int] = frozenset()
    """Of the service date, Monday 0."""
    prime: bool | None = None
    neighborhoods: frozenset[str] = frozenset()
    """As `domain.names.name_key` has them."""

    def of(self, row: MarketDay) -> MarketDay:
        """The same day with these drops only: it was looked at for as long."""
        kept = (cell for cell in row.cells.rows if self._has(cell))
        return MarketDay(day=row.day, observed=row.observed, cells=Cells.of(kept))

    def _has(self, cell: CellRow) -> bool:
        _, weekday, prime, neighborhood, _ = cell
        return (
            (not self.weekdays or weekday in self.weekdays)
            and (self.prime is None or prime == self.prime)
            and self.has_place(neighborhood or "")
        )

    def has_place(self, neighborhood: str) -> bool:
        """Whether the drops of a neighbourhood are counted."""
        return not self.neighborhoods or _key(neighborhood) in self.neighborhoods


_key = lru_cache(maxsize=4_096)(name_key)
"""A year names each neighbourhood hundreds of times."""
