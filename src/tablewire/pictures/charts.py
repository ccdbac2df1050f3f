"""What a chart shows: plain numbers, made from a venue's rolled-up days."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, timedelta

import msgspec

from tablewire.insights.figures import LEAST_OBSERVED
from tablewire.insights.local_time import SECOND
from tablewire.insights.venue import HourOfWeek

MARKS = 2_000
"""Durations that are drawn as points; where there are more, as many of them, evenly taken."""


class Day(msgspec.Struct, frozen=True, array_like=True):
    """How many tables dropped on a local day, or null where hardly anybody looked."""

    day: date
    drops: int | None


class Lasted(msgspec.Struct, frozen=True, array_like=True):
    """How long one table lasted that was taken on a day."""

    day: date
    seconds: float


class Chart(msgspec.Struct, frozen=True, kw_only=True):
    """The picture of a venue, or of a whole market."""

    title: str
    zone: str
    days: tuple[Day, ...]
    lasted: tuple[Lasted, ...]
    taken: int
    """How many tables were taken: more than there are points where these would be too many."""
    hours: tuple[tuple[float | None, ...], ...]
    """Drops per observed hour: seven weekdays from Monday, 24 hours each."""


def lasted_of(day: date, codes: Iterable[int]) -> Iterable[Lasted]:
    """The tables of a day that are known to have been taken, as points."""
    return (Lasted(day, (code >> 1) / SECOND) for code in codes if not code & 1)


def thinned(lasted: Iterable[Lasted], most: int = MARKS) -> tuple[Lasted, ...]:
    """No more points than that, evenly taken by day and duration: each day keeps the shape of its durations."""
    every = sorted(lasted, key=lambda one: (one.day, one.seconds))
    if len(every) <= most:
        return tuple(every)
    return tuple(every[(2 * place + 1) * len(every) // (2 * most)] for place in range(most))


def week_of(hours: Sequence[HourOfWeek]) -> tuple[tuple[float | None, ...], ...]:
    """The hours of a week as a table; null where nobody looked for long enough."""
    known = {(hour.weekday, hour.hour): hour.drops_per_hour for hour in hours}
    return tuple(tuple(known.get((weekday, hour)) for hour in range(24)) for weekday in range(7))


def drops_by_day(days: Iterable[tuple[date, int, int]], since: date, until: date) -> tuple[Day, ...]:
    """Every day from the first to the last, with the drops and the observed time of all venues together.

    Null where venues were looked at for less than an hour in all: also before the service began, and while it was off.
    """
    drops: Counter[date] = Counter()
    observed: Counter[date] = Counter()
    for day, count, time in days:
        drops[day] += count
        observed[day] += time
    every = (since + timedelta(days=ahead) for ahead in range((until - since).days + 1))
    return tuple(Day(day, drops[day] if observed[day] >= LEAST_OBSERVED else None) for day in every)
