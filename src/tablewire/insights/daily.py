"""One venue's one local day, rolled up: all that has to be kept of it so that figures over many days come out exactly."""

from bisect import bisect_right
from collections.abc import Collection, Iterable, Sequence
from datetime import date, time
from zoneinfo import ZoneInfo

import msgspec

from tablewire.domain.events import CloseReason, Origin
from tablewire.insights.intervals import Span, Spans, covers, intersection, length, union
from tablewire.insights.lifetimes import open_for, taken_after
from tablewire.insights.local_time import LocalDay, at_wall, local_date, local_day, second_of_day
from tablewire.insights.looks import NOBODY, DayLooks, Looks
from tablewire.insights.stays import Stay, lead_days

ROW_VERSION = 1
"""What a stored row has to be of: rows of another version are rolled up anew."""
BOOKED_BY = time(17, 0)
"""A date with no prime table open at this local time on it is fully booked."""


class Drops(msgspec.Struct, frozen=True, kw_only=True, array_like=True, gc=False):
    """The drops of a day, one entry each in every column, by their instants."""

    hours: tuple[int, ...] = ()
    """The place of the hour of opening among the day's hours: 0 to 24."""
    leads: tuple[int, ...] = ()
    """Days from the opening to the service date."""
    minutes: tuple[int, ...] = ()
    """The minute of the day that the table is for."""
    sizes: tuple[int, ...] = ()
    """Party sizes as bits."""
    prime: tuple[bool, ...] = ()


class Endings(msgspec.Struct, frozen=True, kw_only=True, array_like=True, gc=False):
    """The closings of a day of tables whose opening is known, taken or expired, one entry each in every column."""

    lasted: tuple[int, ...] = ()
    """How long, as `lifetimes` codes it: known where taken, at least where expired. Ascending."""
    ago: tuple[int, ...] = ()
    """How many local days before this one it opened."""
    weekdays: tuple[int, ...] = ()
    """The weekday of the service date, Monday 0."""
    minutes: tuple[int, ...] = ()
    sizes: tuple[int, ...] = ()


class Dates(msgspec.Struct, frozen=True, kw_only=True, array_like=True, gc=False):
    """The prime time of the service dates that were observed on a day, one entry each in every column."""

    leads: tuple[int, ...] = ()
    observed: tuple[int, ...] = ()
    """Microseconds in which the date was observed."""
    prime_open: tuple[int, ...] = ()
    """Microseconds of those in which at least one prime table was open."""


class VenueDay(msgspec.Struct, frozen=True, kw_only=True, array_like=True, gc=False):
    """A row of `venue_days`: everything in it is a whole number, and adds up over days."""

    day: date
    finished: bool
    """Whether all of the day is in it."""
    observed: tuple[int, ...]
    """Microseconds of each local hour of the day in which the venue was observed at some date."""
    dates: Dates
    fully_booked: bool | None
    """Whether no prime table for this very date was open at 17:00; null where nobody looked then."""
    drops: Drops
    endings: Endings
    release_leads: tuple[int, ...] = ()
    """Drops for new dates: the days ahead,"""
    release_seconds: tuple[int, ...] = ()
    """and the local second of the day at which they came."""

    @property
    def observed_time(self) -> int:
        """Microseconds in which the venue was observed."""
        return sum(self.observed)


class Watched(msgspec.Struct, frozen=True, kw_only=True):
    """What was seen of a venue by the end of a day: all stays that touch the day, and when it was looked at."""

    stays: Sequence[Stay]
    """Those that opened before the day's end and closed, if at all, in it or later."""
    looks: Looks = NOBODY
    """When it was observed; a day takes its own part of it."""
    shown_before: Collection[date] = ()
    """Service dates of which the venue had shown some table before the day began."""


def roll_up(day: date, zone: ZoneInfo, watched: Watched, until: int | None = None) -> VenueDay:
    """What a local day was; with `until` (microseconds) only what had happened of it by then."""
    local = local_day(day, zone)
    end = local.end if until is None else min(local.end, until)
    looks = watched.looks.on(local, end)
    drops = _drops_between(watched.stays, local.start, end)
    new = _for_new_dates(watched, drops)
    return VenueDay(
        day=day,
        finished=end == local.end,
        observed=looks.observed,
        dates=_dates(watched.stays, looks, end),
        fully_booked=_fully_booked(day, zone, watched.stays, looks, end),
        drops=_drop_columns(local, drops),
        endings=_endings(local, zone, watched.stays, end),
        release_leads=tuple(lead_days(stay.service_date, day) for stay in new),
        release_seconds=tuple(second_of_day(stay.first_seen_at, zone) for stay in new),
    )


def redone_from(happened_at: int, now: int, zone: ZoneInfo) -> date:
    """The first local day whose row a transition changes that is stored now: its own, which may be over; all from it to today are.

    A closing that is only believed later (held, vanished) counts from when the table was last there: until today its
    rows took it for open.
    """
    return min(local_date(happened_at, zone), local_date(now, zone))


def _drops_between(stays: Iterable[Stay], start: int, end: int) -> list[Stay]:
    found = [stay for stay in stays if (at := stay.dropped_at) is not None and start <= at < end]
    return sorted(found, key=lambda stay: (stay.opened_at, stay.service_date, stay.minute, stay.dropped_for))


def _drop_columns(local: LocalDay, drops: Sequence[Stay]) -> Drops:
    return Drops(
        hours=tuple(bisect_right(local.edges, stay.dropped_at or 0) - 1 for stay in drops),
        leads=tuple(lead_days(stay.service_date, local.day) for stay in drops),
        minutes=tuple(stay.minute for stay in drops),
        sizes=tuple(stay.dropped_for for stay in drops),
        prime=tuple(stay.prime for stay in drops),
    )


def _for_new_dates(watched: Watched, drops: Sequence[Stay]) -> list[Stay]:
    """The drops of the very poll that first showed any table of their date, unless that poll built a baseline, too."""
    if all(stay.service_date in watched.shown_before for stay in drops):
        return []
    first: dict[date, int] = {}
    for stay in watched.stays:
        first[stay.service_date] = min(stay.first_seen_at, first.get(stay.service_date, stay.first_seen_at))
    silent = {
        stay.service_date
        for stay in watched.stays
        if stay.origin is not Origin.DROP and stay.first_seen_at == first[stay.service_date]
    }
    known = {*watched.shown_before, *silent}
    return [
        stay
        for stay in drops
        if stay.service_date not in known and stay.opened_at == first[stay.service_date]
    ]


def _dates(stays: Iterable[Stay], looks: DayLooks, end: int) -> Dates:
    prime: dict[date, list[tuple[int, int]]] = {}
    for stay in stays:
        if stay.prime:
            prime.setdefault(stay.service_date, []).append(stay.until(end))
    return Dates(
        leads=looks.leads,
        observed=looks.lengths,
        prime_open=tuple(
            _overlap(prime[on], spans) if on in prime else 0 for on, spans in looks.dates.items()
        ),
    )


def _overlap(stays: Sequence[Span], looks: Spans) -> int:
    """How much of the looks falls into stays."""
    first, last = looks[0][0], looks[-1][1]
    if any(start <= first and last <= end for start, end in stays):
        return length(looks)
    return length(intersection(union(stays), looks))


def _fully_booked(day: date, zone: ZoneInfo, stays: Iterable[Stay], looks: DayLooks, end: int) -> bool | None:
    at = at_wall(day, BOOKED_BY, zone)
    if at >= end or not covers(looks.dates.get(day, ()), at):
        return None
    return not any(
        stay.prime and stay.service_date == day and covers((stay.until(end),), at) for stay in stays
    )


def _endings(local: LocalDay, zone: ZoneInfo, stays: Iterable[Stay], end: int) -> Endings:
    rows = sorted(
        (
            code,
            lead_days(local.day, local_date(stay.opened_at, zone)),
            stay.service_date.weekday(),
            stay.minute,
            stay.sizes,
        )
        for stay in stays
        if stay.closed_at is not None and local.start <= stay.closed_at < end
        if stay.opened_at is not None and (code := ended(stay)) is not None
    )
    lasted, ago, weekdays, minutes, sizes = zip(*rows, strict=True) if rows else ((), (), (), (), ())
    return Endings(lasted=lasted, ago=ago, weekdays=weekdays, minutes=minutes, sizes=sizes)


def ended(stay: Stay) -> int | None:
    """How long a closed table had been open, as `lifetimes` codes it; null where it says nothing about that.

    Taken tables count by their known duration, expired ones as open for at least their age. What vanished or was
    withdrawn, and what was taken nobody knows when, is no sample.
    """
    if stay.reason is CloseReason.TAKEN:
        return None if stay.lasted is None else taken_after(stay.lasted)
    if stay.reason is CloseReason.EXPIRED and stay.opened_at is not None and stay.closed_at is not None:
        return open_for(max(0, stay.closed_at - stay.opened_at))
    return None
