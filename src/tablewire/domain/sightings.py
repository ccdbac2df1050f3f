"""Sightings: open tables as standing searches see them, wherever they were seen."""

from datetime import date, datetime, time
from typing import Protocol, cast

import msgspec

from tablewire.domain.buckets import BucketKey
from tablewire.domain.events import Event, Origin
from tablewire.domain.filters import EventFilter
from tablewire.domain.notifications import opening_of
from tablewire.domain.slots import OpenSlot, SeenSlot, Venue, local_start
from tablewire.domain.wishes import Table


class OpenTable(Table, Protocol):
    """A table as events have it."""

    @property
    def time_bucket(self) -> str:
        """Prime or off-peak."""
        ...

    @property
    def origin(self) -> Origin:
        """How its opening began."""
        ...


class Sighting(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One open table. Its fields have the names that filters know them by."""

    slot_key: str
    opening: str
    event_id: int | None = None
    market: str
    provider: str
    venue_id: str
    venue_name: str
    neighborhood: str | None = None
    price_range: int | None = None
    service_date: date
    slot_date: date
    slot_time: time
    time_bucket: str
    party_sizes: tuple[int, ...]
    in_baseline: bool = False
    """Whether it was there when its venue was first looked at."""
    opened_at: datetime | None = None
    first_seen_at: datetime | None = None
    book_url: str | None = None
    image_url: str | None = None

    @property
    def listing(self) -> str:
        """Its venue as `provider:id`."""
        return f"{self.provider}:{self.venue_id}"

    @property
    def starts(self) -> tuple[date, time, str]:
        """What sightings are put in order by: their local start."""
        return self.slot_date, self.slot_time, self.slot_key

    def fits(self, wanted: EventFilter) -> bool:
        """Whether it passes a filter."""
        return wanted.matches(cast("Event", self))  # it has every field that a term can name


def sighting_of(table: OpenTable) -> Sighting:
    """A table of the log."""
    return Sighting(
        slot_key=table.slot_id,
        opening=opening_of(table.id, table.first_seen_at),
        event_id=table.id,
        market=table.market,
        provider=table.provider,
        venue_id=table.venue_id,
        venue_name=table.venue_name,
        neighborhood=table.neighborhood,
        price_range=table.price_range,
        service_date=table.service_date,
        slot_date=table.slot_date,
        slot_time=table.slot_time,
        time_bucket=table.time_bucket,
        party_sizes=table.party_sizes,
        in_baseline=table.origin is Origin.BASELINE,
        opened_at=table.opened_at,
        first_seen_at=table.first_seen_at,
        book_url=table.book_url,
        image_url=table.image_url,
    )


def sighting_of_slot(slot: OpenSlot, key: BucketKey, time_bucket: str) -> Sighting:
    """A table of memory."""
    venue, start = slot.venue, local_start(slot.actual_time)
    was_told = slot.origin in (Origin.DROP, Origin.REOPENED)
    event_id = slot.event_id if was_told else None
    return Sighting(
        slot_key=slot.slot_id.hex(),
        opening=opening_of(event_id, slot.first_seen_at),
        event_id=event_id,
        market=key.market,
        provider=venue.provider,
        venue_id=venue.venue_id,
        venue_name=venue.name,
        neighborhood=venue.neighborhood,
        price_range=venue.price_range,
        service_date=key.service_date,
        slot_date=start.date(),
        slot_time=start.time(),
        time_bucket=time_bucket,
        party_sizes=slot.sizes,
        in_baseline=slot.origin == Origin.BASELINE,
        opened_at=slot.opened_at if was_told else None,
        first_seen_at=slot.first_seen_at,
        book_url=slot.book_url,
        image_url=venue.image_url,
    )


def sighting_outside(
    slot: SeenSlot, venue: Venue, *, market: str, size: int, time_bucket: str, opening: str
) -> Sighting:
    """A table that a provider showed when it was asked for a date or party size that is not watched."""
    start = local_start(slot.actual_time)
    return Sighting(
        slot_key=slot.slot_id.hex(),
        opening=opening,
        market=market,
        provider=venue.provider,
        venue_id=venue.venue_id,
        venue_name=venue.name,
        neighborhood=venue.neighborhood,
        price_range=venue.price_range,
        service_date=slot.service_date,
        slot_date=start.date(),
        slot_time=start.time(),
        time_bucket=time_bucket,
        party_sizes=(size,),
        book_url=slot.book_url,
        image_url=venue.image_url,
    )
