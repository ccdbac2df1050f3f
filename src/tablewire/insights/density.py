"""Forward availability: how many tables are open now for each date and time slot ahead."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date

import msgspec


class OpenTable(msgspec.Struct, frozen=True, gc=False):
    """One slot that is open now."""

    service_date: date
    time_slot: str
    listing: str
    """Its venue as `provider:id`."""


class Looked(msgspec.Struct, frozen=True, gc=False):
    """How many venues one bucket's figures rest on."""

    service_date: date
    time_slot: str
    venues: int


class Density(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One date and time slot; null where no venue was looked at."""

    service_date: date
    time_slot: str
    open_now: int | None
    venues_open: int | None
    """Venues that have at least one of them."""
    per_venue: float | None
    """Open slots for each venue that was looked at."""
    samples: int
    """Venues that were looked at."""


def densities(tables: Iterable[OpenTable], looked: Iterable[Looked]) -> tuple[Density, ...]:
    """Each bucket that is watched, in order."""
    count: Counter[tuple[date, str]] = Counter()
    venues: defaultdict[tuple[date, str], set[str]] = defaultdict(set)
    for table in tables:
        count[table.service_date, table.time_slot] += 1
        venues[table.service_date, table.time_slot].add(table.listing)
    samples: Counter[tuple[date, str]] = Counter()
    for bucket in looked:
        samples[bucket.service_date, bucket.time_slot] += bucket.venues
    return tuple(
        Density(
            service_date=key[0],
            time_slot=key[1],
            open_now=count[key] if samples[key] else None,
            venues_open=len(venues[key]) if samples[key] else None,
            per_venue=count[key] / samples[key] if samples[key] else None,
            samples=samples[key],
        )
        for key in sorted(samples)
    )
