"""What a witness knows of one table's time on sale, and of when somebody looked."""

import math
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec

ZONE = ZoneInfo("America/New_York")
Slot = tuple[int, str]
"""(venue id, local start)."""
Spans = list[tuple[float, float]]
"""Seconds since 1970, apart and in order."""
Kind = Literal["drop", "reopened", "baseline", "gap"]
End = Literal["taken", "expired", "open"]
_EVENING_ENDS = 5
_PRIME = 17


class Stay(msgspec.Struct):
    """One table's time on sale. Instants are seconds since 1970."""

    slot: Slot
    kind: Kind
    opened: float
    closed: float = math.inf
    end: End = "open"
    known: bool = True
    """Whether its closing is known to an interval between two looks."""
    off: float = math.inf
    """From when on it counts as gone by itself."""

    @property
    def venue(self) -> int:
        return self.slot[0]

    @property
    def day(self) -> date:
        return service_day(self.slot)

    @property
    def prime(self) -> bool:
        return is_prime(self.slot)

    @property
    def has_opening(self) -> bool:
        """Whether somebody saw it open."""
        return self.kind in ("drop", "reopened")

    @property
    def lasted(self) -> float:
        return self.closed - self.opened

    def as_of(self, now: float) -> "Stay":
        """What was known of it then."""
        if self.closed <= now:
            return self
        return msgspec.structs.replace(self, closed=math.inf, end="open", known=True)


@cache
def wall(slot: Slot) -> datetime:
    """The local start."""
    return datetime.strptime(slot[1], "%Y-%m-%d %H:%M:%S")


@cache
def service_day(slot: Slot) -> date:
    """The date that it is sold for: after midnight the evening before."""
    start = wall(slot)
    return start.date() - timedelta(days=start.hour < _EVENING_ENDS)


@cache
def is_prime(slot: Slot) -> bool:
    """Whether it is for 17:00 or later."""
    start = wall(slot)
    return start.hour >= _PRIME or start.hour < _EVENING_ENDS


@cache
def starts_at(slot: Slot) -> float:
    """The instant of its start."""
    return wall(slot).replace(tzinfo=ZONE).timestamp()


def local(at: float) -> datetime:
    """What the clocks show at an instant."""
    return datetime.fromtimestamp(at, UTC).astimezone(ZONE)


def midnight(day: date) -> float:
    """The instant at which a date begins."""
    return datetime(day.year, day.month, day.day, tzinfo=ZONE).timestamp()


def joined(spans: Spans) -> Spans:
    """The same moments as spans that lie apart, in order."""
    found: Spans = []
    for begin, end in sorted(spans):
        if found and begin <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], end)
        elif begin < end:
            found.append((begin, end))
    return found


def shared_time(one: Spans, other: Spans) -> float:
    """Seconds that lie in both; each lies apart and in order."""
    total, place = 0.0, 0
    for begin, end in one:
        while place < len(other) and other[place][1] <= begin:
            place += 1
        at = place
        while at < len(other) and other[at][0] < end:
            total += min(end, other[at][1]) - max(begin, other[at][0])
            at += 1
    return total
