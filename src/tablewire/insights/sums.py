"""What rolled-up days of a venue come to together: all that its figures need of them, small enough to be kept."""

from array import array
from collections.abc import Iterable
from datetime import date
from functools import lru_cache, reduce

import msgspec

from tablewire.insights.daily import VenueDay
from tablewire.insights.figures import LEAST_OBSERVED

_OLDER = 64
"""So many dates before the window have a bit of their own."""


class Sums(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The sums of some days of one window; see `VenueDay` for what is added up."""

    observed: int = 0
    """Microseconds."""
    looked_at: int = 0
    """Days that were observed at all."""
    drops: int = 0
    prime: int = 0
    taken: int = 0
    """Tables that were taken after a known time,"""
    taken_time: int = 0
    """and how long they lasted in all."""
    lasted: "array[int]" = msgspec.field(default_factory=lambda: array("q"))
    """How long each table lasted that opened in the window, as `lifetimes` codes it, ascending."""
    judged: int = 0
    """Dates of which it is known whether they were fully booked,"""
    booked: int = 0
    """and how many were."""
    dates: int = 0
    """The service dates that were observed, as bits; see `_bit`."""
    dates_observed: int = 0
    prime_open: int = 0
    whole_days: int = 0
    """Days that are over and were looked at long enough for their counts to be compared,"""
    whole_drops: int = 0
    """their drops,"""
    whole_squares: int = 0
    """and the squares of their counts."""

    def __add__(self, other: "Sums") -> "Sums":
        """Other days of the same window with these."""
        return Sums(
            observed=self.observed + other.observed,
            looked_at=self.looked_at + other.looked_at,
            drops=self.drops + other.drops,
            prime=self.prime + other.prime,
            taken=self.taken + other.taken,
            taken_time=self.taken_time + other.taken_time,
            lasted=array("q", sorted((*self.lasted, *other.lasted))),
            judged=self.judged + other.judged,
            booked=self.booked + other.booked,
            dates=self.dates | other.dates,
            dates_observed=self.dates_observed + other.dates_observed,
            prime_open=self.prime_open + other.prime_open,
            whole_days=self.whole_days + other.whole_days,
            whole_drops=self.whole_drops + other.whole_drops,
            whole_squares=self.whole_squares + other.whole_squares,
        )


NO_DAYS = Sums()


def sums_of(days: Iterable[VenueDay], since: date) -> Sums:
    """The sums of the days of a window that begins on a day; earlier ones are passed over."""
    within = [day for day in days if day.day >= since]
    whole = [len(day.drops.hours) for day in within if day.finished and day.observed_time >= LEAST_OBSERVED]
    judged = [day.fully_booked for day in within if day.fully_booked is not None]
    taken = [code >> 1 for day in within for code in day.endings.lasted if not code & 1]
    return Sums(
        observed=sum(day.observed_time for day in within),
        looked_at=sum(1 for day in within if day.observed_time),
        drops=sum(len(day.drops.hours) for day in within),
        prime=sum(sum(day.drops.prime) for day in within),
        taken=len(taken),
        taken_time=sum(taken),
        lasted=array("q", sorted(code for day in within for code in _opened_within(day, since))),
        judged=len(judged),
        booked=sum(judged),
        dates=reduce(int.__or__, (_dates(day, since) for day in within), 0),
        dates_observed=sum(sum(day.dates.observed) for day in within),
        prime_open=sum(sum(day.dates.prime_open) for day in within),
        whole_days=len(whole),
        whole_drops=sum(whole),
        whole_squares=sum(count * count for count in whole),
    )


def _opened_within(day: VenueDay, since: date) -> Iterable[int]:
    """The endings of a day whose tables had opened in the window."""
    ends, reach = day.endings, (day.day - since).days
    if max(ends.ago, default=0) <= reach:
        return ends.lasted
    return [code for code, ago in zip(ends.lasted, ends.ago, strict=True) if ago <= reach]


def _dates(day: VenueDay, since: date) -> int:
    return _bits_of(day.dates.leads, (day.day - since).days)


@lru_cache(maxsize=4_096)
def _bits_of(leads: tuple[int, ...], days_after_since: int) -> int:
    """Venues that are looked at together have the same."""
    return reduce(int.__or__, (_bit(days_after_since + lead) for lead in leads), 0)


def _bit(days_after_since: int) -> int:
    """A service date as a bit: after midnight the evening before the window is one of them, much older ones are none."""
    return 1 << max(0, _OLDER + days_after_since)
