"""Cancellation waves: hours that bring far more drops than the same hour of other weeks."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import timedelta
from math import sqrt

import msgspec

from tablewire.insights.market_days import MarketHour

DEVIATIONS = 3
HISTORY = timedelta(days=28)
"""So long before a window lie the weeks that say what is usual."""
LEAST_WEEKS = 2
"""With fewer other weeks there is no telling what is usual."""


class Wave(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An hour that stood out."""

    at: int
    """Its beginning in microseconds."""
    drops: int
    usual: float
    """The mean of the same hour in other weeks."""
    deviations: float
    """How many standard deviations above it."""
    samples: int
    """How many other weeks that is of."""


class _Usual(msgspec.Struct, gc=False):
    """The counts of one hour of the week over all weeks, added up."""

    weeks: int = 0
    drops: int = 0
    squares: int = 0

    def add(self, drops: int, weeks: int = 1) -> None:
        """One week more; with -1 one less."""
        self.weeks += weeks
        self.drops += weeks * drops
        self.squares += weeks * drops * drops

    def without(self, hour: MarketHour) -> "_Usual":
        """What the other weeks come to."""
        others = _Usual(self.weeks, self.drops, self.squares)
        if hour.is_sample:
            others.add(hour.drops, -1)
        return others


def waves(hours: Iterable[MarketHour], history: Sequence[MarketHour]) -> tuple[Wave, ...]:
    """The hours that stand out from the same weekday and hour in history, they themselves left out of it.

    The hours are of the history, which may begin long before them.
    """
    usual: defaultdict[tuple[int, int], _Usual] = defaultdict(_Usual)
    for hour in history:
        if hour.is_sample:
            usual[hour.weekday, hour.hour].add(hour.drops)
    found = (_wave(hour, usual[hour.weekday, hour.hour].without(hour)) for hour in hours)
    return tuple(wave for wave in found if wave is not None)


def _wave(hour: MarketHour, others: _Usual) -> Wave | None:
    if others.weeks < LEAST_WEEKS:
        return None
    mean = others.drops / others.weeks
    spread = sqrt(others.weeks * others.squares - others.drops**2) / others.weeks
    # Few weeks can agree by luck, and nights have none at all: counts vary at least as chance alone makes them.
    deviation = max(spread, sqrt(mean), 1.0)
    above = (hour.drops - mean) / deviation
    if above <= DEVIATIONS:
        return None
    return Wave(at=hour.at, drops=hour.drops, usual=mean, deviations=above, samples=others.weeks)
