"""Markets, and what time it is in them."""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import msgspec

DAY_TURNS_AT = time(2, 5)
"""The local wall time at which a new service day begins, and the window slides."""


class Market(msgspec.Struct, frozen=True, kw_only=True):
    """A city as the providers sell it."""

    id: str
    time_zone: str
    latitude: float
    longitude: float
    radius_m: int
    opentable_metro_id: int | None = None

    @property
    def zone(self) -> ZoneInfo:
        """The market's time zone."""
        return ZoneInfo(self.time_zone)


NYC = Market(
    id="nyc",
    time_zone="America/New_York",
    latitude=40.712941,
    longitude=-74.006393,
    radius_m=16_100,
    opentable_metro_id=8,
)
"""New York City: the centre and radius are those of the captured search that found 2,722 venues."""


@lru_cache(maxsize=65_536)
def instant(local: datetime, zone: ZoneInfo) -> datetime:
    """The UTC instant of a wall time without zone.

    A wall time that comes twice means the first; one that never comes (a spring gap) means the first instant after the gap.
    """
    aware = local.replace(tzinfo=zone, fold=0)
    found = aware.astimezone(UTC)
    if found.astimezone(zone).replace(tzinfo=None) == local:
        return found
    return _end_of_gap(local, zone)


def _end_of_gap(local: datetime, zone: ZoneInfo) -> datetime:
    early = local.replace(tzinfo=zone, fold=1).astimezone(UTC)
    late = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    after = late.astimezone(zone).utcoffset()
    while late - early > timedelta(seconds=1):
        middle = (early + (late - early) / 2).replace(microsecond=0)
        if middle in (early, late):
            break
        if middle.astimezone(zone).utcoffset() == after:
            late = middle
        else:
            early = middle
    return late


def service_day_begins(day: date, zone: ZoneInfo) -> datetime:
    """The UTC instant at which a date becomes service today: 02:05 local."""
    return instant(datetime.combine(day, DAY_TURNS_AT), zone)


def service_today(now: datetime, zone: ZoneInfo) -> date:
    """The date of (local wall clock - 2 h 05 min): the evening that is still being served."""
    day = now.astimezone(zone).date()
    return day if now >= service_day_begins(day, zone) else day - timedelta(days=1)


def window(now: datetime, zone: ZoneInfo, days: int) -> tuple[date, ...]:
    """The dates watched at `now`: service today and the `days - 1` after it."""
    today = service_today(now, zone)
    return tuple(today + timedelta(days=ahead) for ahead in range(days))
