"""Which hours are asked for: each part of the day as calls that ask round a time of day, at most three hours either way."""

from datetime import date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise

import msgspec

from tablewire.domain.buckets import DayParts

DAY = 24 * 60
FARTHEST = 180
"""Minutes before and after the requested time that one call reaches."""
_GRIDS = (30, 15)
"""Minutes on which requested times lie where they can, the roundest first."""


class Hours(msgspec.Struct, frozen=True):
    """The hours in which starts are looked for; an end that is not later than the beginning is on the next day."""

    begin: time = time(11)
    end: time = time(23)


class Reach(msgspec.Struct, frozen=True):
    """What one call asks for, in minutes from the midnight in which the service date begins."""

    middle: int
    backward: int
    forward: int

    def asked_at(self, service_date: date) -> datetime:
        """The wall time that the call names."""
        return midnight(service_date) + timedelta(minutes=self.middle)


class Part(msgspec.Struct, frozen=True):
    """One part of the day: from when to when its starts lie, in minutes as above, and the calls that cover it."""

    time_slot: str
    begin: int
    end: int
    reaches: tuple[Reach, ...]
    is_last: bool
    """Whether it is the day's last part, to which the very end of the hours belongs."""

    def is_over(self, service_date: date, now: datetime) -> bool:
        """Whether all of it has passed at a wall time."""
        return midnight(service_date) + timedelta(minutes=self.end) < now


def parts_of(day_parts: DayParts, hours: Hours) -> tuple[Part, ...]:
    """The parts of the day that any of the hours lie in, in order."""
    begin, end = _minutes(hours.begin), _minutes(hours.end)
    if end <= begin:
        end += DAY
    edges = [begin, *(min(max(_minutes(edge), begin), end) for edge in day_parts.edges), end]
    return tuple(
        Part(time_slot, low, high, _reaches(low, high), is_last=time_slot == day_parts.time_slots[-1])
        for time_slot, (low, high) in zip(day_parts.time_slots, pairwise(edges), strict=True)
        if low < high
    )


@lru_cache(maxsize=256)
def midnight(day: date) -> datetime:
    """The wall time at which a date begins."""
    return datetime.combine(day, time())


def moment(time_slot: str) -> Part:
    """A part of the day of which only its time slot is asked for."""
    at = _minutes(time.fromisoformat(time_slot))
    return Part(time_slot, at, at, (Reach(at, 0, 0),), is_last=True)


def _reaches(begin: int, end: int) -> tuple[Reach, ...]:
    calls = -(-(end - begin) // (2 * FARTHEST))
    borders = [begin + (end - begin) * call // calls for call in range(calls + 1)]
    return tuple(_reach(low, high) for low, high in pairwise(borders))


def _reach(begin: int, end: int) -> Reach:
    centre = (begin + end) // 2
    middles = (centre // grid * grid for grid in _GRIDS)
    middle = next((one for one in middles if begin <= one and end - one <= FARTHEST), centre)
    return Reach(middle, middle - begin, end - middle)


def _minutes(of: time) -> int:
    return of.hour * 60 + of.minute
