"""How long tables last, where some were still open when last looked at: medians by Kaplan and Meier."""

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from math import exp, inf, log, sqrt

import msgspec

from tablewire.insights.local_time import SECOND

Z95 = 1.959963984540054
"""The normal deviate of a two-sided 95% interval."""
QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)
_ROUNDING = 1e-12
"""Products of shares come this close to a level that they reach."""
_HALF = 0.5 + _ROUNDING
_HALF_HAZARD = -log(_HALF)


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


Step = tuple[int, float, float]
"""One fall of the curve: microseconds after the opening, the share of tables still open after it, and Greenwood's sum of
taken / (at risk * (at risk - taken)) so far, infinite once nothing is left."""


def curve(lasted: Sequence[int]) -> Iterator[Step]:
    """The Kaplan-Meier curve of durations in ascending order, a step for each length at which tables were taken."""
    samples = len(lasted)
    surviving, greenwood = 1.0, 0.0
    place = 0
    while place < samples:
        code, at_risk = lasted[place], samples - place
        place += 1
        if code & 1:
            continue
        while place < samples and lasted[place] == code:
            place += 1
        left = samples - place
        surviving *= left / at_risk
        greenwood += (at_risk - left) / (at_risk * left) if left else inf
        yield code >> 1, surviving, greenwood


def bound_reaches_half(surviving: float, greenwood: float, z: float) -> bool:
    """Whether the log-log bound z deviates below (above, for negative z) the curve is at one half or under it."""
    if surviving >= 1:
        return False
    if surviving <= 0:  # no spread can be told; all bounds end here
        return True
    hazard = -log(surviving)
    return hazard * exp(z * sqrt(greenwood) / hazard) >= _HALF_HAZARD


def median(lasted: Iterable[int]) -> Median:
    """The median of durations; with nothing censored it is the plain one."""
    ordered = sorted(lasted)
    low, value, high = (None if at is None else at / SECOND for at in crossings(ordered))
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
    level = 1 - gone + _ROUNDING
    return next((at / SECOND for at, surviving, _ in curve(lasted) if surviving <= level), None)


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


Crossings = tuple[int | None, int | None, int | None]
"""The ages at which the lower bound, the curve and the upper bound come down to one half."""


def crossings(ordered: Sequence[int]) -> Crossings:
    """The crossings of the curve of durations in ascending order."""
    if not ordered:
        return None, None, None
    ranks = _uncensored_ranks(len(ordered))
    if any(code & 1 for code in ordered[: ranks[-1]]):
        return searched_crossings(ordered)
    # Up to the last crossing nothing is censored: so far the curve depends on nothing but the number of samples.
    low, value, high = (ordered[rank - 1] >> 1 for rank in ranks)
    return low, value, high


def searched_crossings(ordered: Sequence[int]) -> Crossings:
    """The same, whatever is censored, step by step."""
    low = value = None
    for at, surviving, greenwood in curve(ordered):
        if low is None and bound_reaches_half(surviving, greenwood, Z95):
            low = at
        if surviving > _HALF:
            continue
        if value is None:
            value = at
        if bound_reaches_half(surviving, greenwood, -Z95):
            return low, value, at
    return low, value, None


@lru_cache(maxsize=16_384)
def _uncensored_ranks(samples: int) -> tuple[int, ...]:
    """Which of so many durations, all known and counted from 1, are the crossings: the last one is, at the latest."""
    found = searched_crossings([taken_after(rank) for rank in range(1, samples + 1)])
    return tuple(rank or samples for rank in found)


def _plain_median(ordered: Sequence[int]) -> float:
    middle = len(ordered) // 2
    if len(ordered) % 2:
        return (ordered[middle] >> 1) / SECOND
    return ((ordered[middle - 1] >> 1) + (ordered[middle] >> 1)) / (2 * SECOND)
