"""The release rule of a venue, where one stands out: so many days ahead, at one local time of day."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date

import msgspec

WITHIN = 10 * 60
"""Seconds round one time of day in which drops keep to it."""
LEAST_SHARE_PERCENT = 60
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


def release_rule(drops: Iterable[tuple[int, int, date]]) -> Release | None:
    """The rule that drops for new dates, each (days ahead, local second of the day, service date), keep to; None where none stands out.

    What happened for one date only is no rule, however many tables it brought.
    """
    by_lead: defaultdict[int, list[tuple[int, date]]] = defaultdict(list)
    for lead, second, on in drops:
        by_lead[lead].append((second, on))
    samples = sum(len(kept) for kept in by_lead.values())
    rules = [
        (support, -second, -lead)
        for lead, kept in by_lead.items()
        if len(kept) * 100 >= LEAST_SHARE_PERCENT * samples
        for second, support in _repeated(kept)
        if support * 100 >= LEAST_SHARE_PERCENT * samples
    ]
    if not rules:
        return None
    support, later, further = max(rules)
    return Release(
        lead_days=-further,
        time=f"{-later // 3600:02}:{-later // 60 % 60:02}",
        support=support,
        percent=100 * support / samples,
        samples=samples,
    )


def _repeated(drops: Iterable[tuple[int, date]]) -> Iterator[tuple[int, int]]:
    """The times of day round which drops of more than one date lie, and how many."""
    kept = sorted(drops)
    clock = [(second + turn, on) for turn in (-_DAY, 0, _DAY) for second, on in kept]
    other_date = _next_other_date([on for _, on in clock])
    for second in sorted({second for second, _ in kept}):
        first = bisect_left(clock, second - WITHIN, key=_second)
        after = bisect_right(clock, second + WITHIN, key=_second)
        if other_date[first] < after:
            yield second, after - first


def _second(drop: tuple[int, date]) -> int:
    return drop[0]


def _next_other_date(dates: list[date]) -> list[int]:
    """For each place the next one with another date; the length where there is none."""
    found = [len(dates)] * len(dates)
    for place in reversed(range(len(dates) - 1)):
        same = dates[place] == dates[place + 1]
        found[place] = found[place + 1] if same else place + 1
    return found
