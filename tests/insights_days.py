"""Made-up days of a venue in New York, for tests of figures."""

from datetime import date, time, timedelta
from zoneinfo import ZoneInfo

from tablewire.domain.events import CloseReason, Origin
from tablewire.insights.daily import VenueDay, Watched, roll_up
from tablewire.insights.local_time import HOUR, MINUTE, SECOND, at_wall, local_day
from tablewire.insights.looks import Looks
from tablewire.insights.stays import Stay, bits
from tablewire.insights.window import Window

NEW_YORK = ZoneInfo("America/New_York")
MONDAY = date(2026, 2, 16)


def at(hour: int, minute: int = 0, day: date = MONDAY) -> int:
    return at_wall(day, time(hour, minute), NEW_YORK)


def stay(
    opened: int,
    seconds: float | None = 142,
    *,
    reason: CloseReason = CloseReason.TAKEN,
    origin: Origin = Origin.DROP,
    on: date = MONDAY,
    minute: int = 1140,
    prime: bool = True,
    sizes: tuple[int, ...] = (2,),
) -> Stay:
    known = origin in (Origin.DROP, Origin.REOPENED)
    lasts = None if seconds is None else round(seconds * SECOND)
    return Stay(
        service_date=on,
        minute=minute,
        prime=prime,
        sizes=bits(sizes),
        origin=origin,
        first_seen_at=opened,
        opened_at=opened if known else None,
        closed_at=None if lasts is None else opened + lasts,
        reason=None if lasts is None else reason,
        lasted=lasts if known and reason is CloseReason.TAKEN else None,
    )


def watched_day(
    *stays: Stay, day: date = MONDAY, dates: int = 1, shown_before: frozenset[date] = frozenset()
) -> Watched:
    """A day on which the venue was looked at from midnight to midnight for so many dates."""
    local = local_day(day, NEW_YORK)
    observed = {day + timedelta(days=lead): ((local.start, local.end),) for lead in range(dates)}
    return Watched(stays=stays, looks=Looks(observed), shown_before=shown_before)


def row(*stays: Stay, day: date = MONDAY, dates: int = 1) -> VenueDay:
    return roll_up(day, NEW_YORK, watched_day(*stays, day=day, dates=dates))


def window_of(*days: VenueDay, still_open: tuple[Stay, ...] = (), since: date = MONDAY) -> Window:
    last = max((day.day for day in days), default=since)
    return Window(
        zone=NEW_YORK, since=since, now=local_day(last, NEW_YORK).end, days=days, still_open=still_open
    )


__all__ = ["HOUR", "MINUTE", "MONDAY", "NEW_YORK", "at", "row", "stay", "watched_day", "window_of"]
