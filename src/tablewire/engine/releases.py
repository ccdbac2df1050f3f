"""Releases: the moments of the day at which restaurants put a whole date on sale."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec

from tablewire.domain.markets import instant

RELEASES_AT = (time(0, 0), time(9, 0), time(10, 0))
"""Local wall times; what comes of each at which distance is learned."""


class Release(msgspec.Struct, frozen=True):
    """One moment of release."""

    at: float
    """Seconds since 1970."""
    day: date
    """Its local date."""
    wall: time


def last_release(now: datetime, zone: ZoneInfo) -> Release:
    """The latest release by `now`."""
    today = now.astimezone(zone).date()
    moments = [
        Release(instant(datetime.combine(day, wall), zone).timestamp(), day, wall)
        for day in (today - timedelta(days=1), today)
        for wall in RELEASES_AT
    ]
    return max((one for one in moments if one.at <= now.timestamp()), key=lambda one: one.at)
