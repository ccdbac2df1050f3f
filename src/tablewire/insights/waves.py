"""Cancellation waves: hours that bring far more drops than the same hour of other weeks."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import timedelta
from math import sqrt
from statistics import fmean, pstdev

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


def waves(hours: Iterable[MarketHour], history: Sequence[MarketHour]) -> tuple[Wave, ...]:
    """The hours that stand out from the same weekday and hour in history, they themselves left out of it."""
    usual: defaultdict[tuple[int, int], list[MarketHour]] = defaultdict(list)
    for hour in history:
        if hour.is_sample:
            usual[hour.weekday, hour.hour].append(hour)
    found = (
        _wave(hour, [other.drops for other in usual[hour.weekday, hour.hour] if other.at != hour.at])
        for hour in hours
    )
    return tuple(wave for wave in found if wave is not None)


def _wave(hour: MarketHour, others: Sequence[int]) -> Wave | None:
    if len(others) < LEAST_WEEKS:
        return None
    mean = fmean(others)
    # Few weeks can agree by luck, and nights have none at all: counts vary at least as chance alone makes them.
    deviation = max(pstdev(others), sqrt(mean), 1.0)
    above = (hour.drops - mean) / deviation
    if above <= DEVIATIONS:
        return None
    return Wave(at=hour.at, drops=hour.drops, usual=mean, deviations=above, samples=len(others))
