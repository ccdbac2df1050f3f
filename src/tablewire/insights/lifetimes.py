"""How long tables last, where some were still open when last looked at: medians by Kaplan and Meier."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from math import exp, log, sqrt

import msgspec

from tablewire.insights.local_time import SECOND

Z95 = 1.959963984540054
"""The normal deviate of a two-sided 95% interval."""
QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)
_ROUNDING = 1e-12
"""Products of shares come this close to a level that they reach."""


def taken_after(microseconds: int) -> int:
    """A duration that is known, as one number; see `open_for`."""
    return microseconds << 1


def open_for(microseconds: int) -> int:
    """A duration that is at least so long (censored), as one number.

    Durations of both kinds sort by their length, at the same length the known one first: who was seen to leave then
    was still there for those who were not.
    """
    return microseconds << 1 | 1


class Median(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A median in seconds with its 95% interval; null where the curve, or a bound of it, does not reach one half."""

    value: float | None = None
    low: float | None = None
    high: float | None = None
    samples: int = 0
    taken: int = 0
    """How many of the samples are known in full; the others are at least so long."""


class Lasting(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """How long tables last: those that were taken, their mean, and what the curve of all of them says."""

    count: int
    """Tables that were taken after a known time: the samples of the mean."""
    mean: float | None
    median: Median
    quantiles: dict[str, float | None]
    """Seconds after which a share of the tables is gone: `0.25`: one quarter."""


class Step(msgspec.Struct, frozen=True, gc=False):
    """One fall of the curve."""

    at: int
    """Microseconds after the opening."""
    surviving: float
    """The share of tables still open after it."""
    greenwood: float
    """The sum of taken / (at risk * (at risk - taken)) so far; infinite once nothing is left."""

    def reaches(self, level: float, z: float = 0.0) -> bool:
        """Whether the curve (z = 0), or its bound z deviates away (log-log; below for z > 0), is at `level` or under it."""
        if not z or self.surviving >= 1:
            return self.surviving <= level + _ROUNDING
        if self.surviving <= 0:  # no spread can be told; all bounds end here
            return True
        hazard = -log(self.surviving)
        return exp(-hazard * exp(z * sqrt(self.greenwood) / hazard)) <= level + _ROUNDING


def curve(lasted: Sequence[int]) -> Iterator[Step]:
    """The Kaplan-Meier curve of durations in ascending order, a step for each length at which tables were taken."""
    at_risk = len(lasted)
    surviving, greenwood = 1.0, 0.0
    for length, group in groupby(lasted, key=lambda code: code >> 1):
        codes = list(group)
        taken = sum(1 for code in codes if not code & 1)
        if taken:
            left = at_risk - taken
            surviving *= left / at_risk
            greenwood += taken / (at_risk * left) if left else float("inf")
            yield Step(length, surviving, greenwood)
        at_risk -= len(codes)


def median(lasted: Iterable[int]) -> Median:
    """The median of durations; with nothing censored it is the plain one."""
    ordered = sorted(lasted)
    low, value, high = _crossings(ordered)
    censored = sum(code & 1 for code in ordered)
    if ordered and not censored:
        value = _plain_median(ordered)
    return Median(
        value=value,
        low=low,
        high=high,
        samples=len(ordered),
        taken=len(ordered) - censored,
    )


def quantile(lasted: Sequence[int], gone: float) -> float | None:
    """Seconds after which at least a share `gone` is taken; null where the curve of ascending durations stays above it."""
    return next((step.at / SECOND for step in curve(lasted) if step.reaches(1 - gone)), None)


def lasting(lasted: Iterable[int], taken: Sequence[int]) -> Lasting:
    """All that is said of how long tables last; `taken` are the known durations in microseconds that the mean is of."""
    ordered = sorted(lasted)
    found = median(ordered)
    return Lasting(
        count=len(taken),
        mean=sum(taken) / (len(taken) * SECOND) if taken else None,
        median=found,
        quantiles={
            str(share): found.value if share == 0.5 else quantile(ordered, share) for share in QUANTILES
        },
    )


def _crossings(ordered: Sequence[int]) -> tuple[float | None, float | None, float | None]:
    """When the lower bound, the curve and the upper bound come down to one half."""
    low = value = high = None
    for step in curve(ordered):
        seconds = step.at / SECOND
        if low is None and step.reaches(0.5, Z95):
            low = seconds
        if value is None and step.reaches(0.5):
            value = seconds
        if value is not None and step.reaches(0.5, -Z95):
            high = seconds
            break
    return low, value, high


def _plain_median(ordered: Sequence[int]) -> float:
    middle = len(ordered) // 2
    if len(ordered) % 2:
        return (ordered[middle] >> 1) / SECOND
    return ((ordered[middle - 1] >> 1) + (ordered[middle] >> 1)) / (2 * SECOND)
