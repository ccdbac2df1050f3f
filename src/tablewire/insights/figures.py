"""A figure: a number with the samples it comes from, and none where there are none."""

from collections.abc import Collection
from math import isqrt

import msgspec

from tablewire.insights.local_time import HOUR, SECOND

LEAST_OBSERVED = HOUR
"""With less observed time than this a figure that depends on it is null."""


class Figure(msgspec.Struct, frozen=True, gc=False):
    """A number and how many samples are behind it; null, never 0, without any."""

    value: float | None
    samples: int


NOTHING = Figure(None, 0)


class Count(msgspec.Struct, frozen=True, gc=False):
    """A whole number and how many samples are behind it; null, never 0, without any."""

    value: int | None
    samples: int


UNCOUNTED = Count(None, 0)


def share(part: int, whole: int) -> Figure:
    """A part of a whole as a percentage, 0 to 100."""
    return Figure(100 * part / whole, whole) if whole else NOTHING


def ratio(part: int, whole: int) -> Figure:
    """A part of a whole, 0 to 1."""
    return Figure(part / whole, whole) if whole else NOTHING


def rate(count: int, observed: int, per: int, samples: int) -> Figure:
    """How often something happens in `per` microseconds of observed time; null under an hour of it."""
    return Figure(count * per / observed if observed >= LEAST_OBSERVED else None, samples)


def mean_seconds(total: int, count: int) -> Figure:
    """The mean of durations whose sum is `total` microseconds."""
    return Figure(total / (count * SECOND), count) if count else NOTHING


def spread(counts: Collection[int]) -> Figure:
    """The population standard deviation of counts."""
    return spread_of_sums(len(counts), sum(counts), sum(count * count for count in counts))


def spread_of_sums(times: int, total: int, squares: int) -> Figure:
    """The population standard deviation of so many counts, from their sum and the sum of their squares."""
    if not times:
        return NOTHING
    # In whole numbers, with bits enough that rounding once at the end gives what `statistics.pstdev` gives, at a hundredth of its cost.
    return Figure(isqrt((times * squares - total**2) << 128) / (times << 64), times)
