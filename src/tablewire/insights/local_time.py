"""Instants in microseconds as a market's own dates, hours and times of day, also where its clocks change."""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import msgspec

from tablewire.domain.events import microseconds
from tablewire.domain.markets import instant

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class LocalDay(msgspec.Struct, frozen=True):
    """One local date: its instants, and the hours its clocks show, in order (23 or 25 where they change)."""

    day: date
    edges: tuple[int, ...]
    """The beginning of each hour in microseconds, and the end of the day."""
    clock: tuple[int, ...]
    """What the clock says in each of those hours: 0 to 23, one of them twice or left out where it changes."""

    @property
    def start(self) -> int:
        """Its first instant."""
        return self.edges[0]

    @property
    def end(self) -> int:
        """The first instant after it."""
        return self.edges[-1]


@lru_cache(maxsize=4_096)
def local_day(day: date, zone: ZoneInfo) -> LocalDay:
    """A date as its market lives it."""
    at, end = _midnight(day, zone), _midnight(day + timedelta(days=1), zone)
    edges, clock = [], []
    while at < end:
        local = wall(at, zone)
        edges.append(at)
        clock.append(local.hour)
        at += HOUR - (local.minute * 60 + local.second) * SECOND
    return LocalDay(day, (*edges, end), tuple(clock))


def wall(at: int, zone: ZoneInfo) -> datetime:
    """The local wall clock at an instant."""
    return (_EPOCH + timedelta(microseconds=at)).astimezone(zone)


def local_date(at: int, zone: ZoneInfo) -> date:
    """The local date of an instant."""
    return wall(at, zone).date()


def second_of_day(at: int, zone: ZoneInfo) -> int:
    """How many seconds after midnight the local wall clock shows."""
    local = wall(at, zone)
    return local.hour * 3600 + local.minute * 60 + local.second


@lru_cache(maxsize=4_096)
def at_wall(day: date, wall_time: time, zone: ZoneInfo) -> int:
    """The instant at which a date's clocks show a time; see `markets.instant` for hours that come twice or never."""
    return microseconds(instant(datetime.combine(day, wall_time), zone))


def _midnight(day: date, zone: ZoneInfo) -> int:
    return at_wall(day, time(0), zone)
