"""The release rule of a venue, where one stands out: so many days ahead, at one local time of day."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence

import msgspec

WITHIN = 10 * 60
"""Seconds round one time of day in which drops keep to it."""
LEAST_SHARE_PERCENT = 60
LEAST_DROPS = 2
"""What happened once is no rule."""
_DAY = 24 * 3600


class Release(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A rule, and how well the drops for new dates keep to it."""

    lead_days: int
    time: str
    """Local, `HH:MM`."""
    support: int
    """Drops for new dates that keep to it."""
    percent: float
    samples: int
    """All drops for new dates."""


def release_rule(drops: Iterable[tuple[int, int]]) -> Release | None:
    """The rule that drops for new dates, each (days ahead, local second of the day), keep to; None where none stands out."""
    by_lead: defaultdict[int, list[int]] = defaultdict(list)
    for lead, second in drops:
        by_lead[lead].append(second)
    samples = sum(len(seconds) for seconds in by_lead.values())
    if samples < LEAST_DROPS:
        return None
    (support, later), lead = max(
        ((_fullest(sorted(seconds)), lead) for lead, seconds in by_lead.items()),
        key=lambda found: (found[0], -found[1]),
    )
    second = -later
    if support < LEAST_DROPS or support * 100 < LEAST_SHARE_PERCENT * samples:
        return None
    return Release(
        lead_days=lead,
        time=f"{second // 3600:02}:{second // 60 % 60:02}",
        support=support,
        percent=100 * support / samples,
        samples=samples,
    )


def _fullest(seconds: Sequence[int]) -> tuple[int, int]:
    """How many times of day lie round the one that has most round it, and that one, negative: the earliest wins."""
    round_the_clock = [*(at - _DAY for at in seconds), *seconds, *(at + _DAY for at in seconds)]
    return max(
        (
            bisect_right(round_the_clock, at + WITHIN) - bisect_left(round_the_clock, at - WITHIN),
            -at,
        )
        for at in seconds
    )
