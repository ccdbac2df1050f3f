"""Forward availability: how many tables are open now for each date and time slot ahead."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date

import msgspec


class Filled(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """How full one bucket is at one provider now."""

    service_date: date
    time_slot: str
    open_slots: int
    venues_open: int
    """Venues that have at least one of them."""
    venues_looked_at: int


class Density(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One date and time slot; null where no venue was looked at."""

    service_date: date
    time_slot: str
    open_now: int | None
    venues_open: int | None
    per_venue: float | None
    """Open slots for each venue that was looked at."""
    samples: int
    """Venues that were looked at; one that two providers list counts at each."""


def densities(filled: Iterable[Filled]) -> tuple[Density, ...]:
    """Each bucket that is watched, in order, its providers taken together."""
    buckets: defaultdict[tuple[date, str], list[Filled]] = defaultdict(list)
    for one in filled:
        buckets[one.service_date, one.time_slot].append(one)
    return tuple(_density(buckets[key]) for key in sorted(buckets))


def _density(bucket: list[Filled]) -> Density:
    looked_at = sum(one.venues_looked_at for one in bucket)
    count = sum(one.open_slots for one in bucket)
    return Density(
        service_date=bucket[0].service_date,
        time_slot=bucket[0].time_slot,
        open_now=count if looked_at else None,
        venues_open=sum(one.venues_open for one in bucket) if looked_at else None,
        per_venue=count / looked_at if looked_at else None,
        samples=looked_at,
    )
