"""Events as rows of `availability_events`, there and back."""

from datetime import date, datetime, time
from typing import Any, Protocol

import msgspec

from tablewire.domain.events import CloseReason, Event, EventType, Origin
from tablewire.domain.names import name_key
from tablewire.storage.storable import storable, storable_or_none


class Row(Protocol):
    """A row whose columns are asked for by name."""

    def __getitem__(self, column: str) -> Any: ...


class _Payload(msgspec.Struct, frozen=True, gc=False):
    """What a client needs to show and book a slot, beside the columns."""

    availability_times: tuple[str, ...]
    book_url: str | None
    image_url: str | None
    seatings: tuple[str, ...]


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(_Payload).decode

_TYPES = {kind.value: kind for kind in EventType}
_ORIGINS = {origin.value: origin for origin in Origin}
_REASONS = {reason.value: reason for reason in CloseReason}

EventRow = tuple[
    int, str, str, str, date, str, str, str, str, str, date, time, str, str, list[int], str | None, str | None, int | None,
    datetime | None, datetime | None, datetime, datetime | None, datetime | None, str | None, float | None, str, str,
]  # fmt: skip
"""The columns of `availability_events`, in their order."""


def event_row(event: Event) -> EventRow:
    """An event as a row, its id still to be given."""
    payload = _Payload(
        availability_times=event.availability_times,
        book_url=storable_or_none(event.book_url),
        image_url=storable_or_none(event.image_url),
        seatings=tuple(storable(seating) for seating in event.seatings),
    )
    return (
        0,
        event.event_type.value,
        event.market,
        event.bucket_id,
        event.service_date,
        event.provider,
        event.slot_id,
        storable(event.venue_id),
        storable(event.venue_name),
        name_key(storable(event.venue_name)),
        event.slot_date,
        event.slot_time,
        event.time_bucket,
        event.origin.value,
        list(event.party_sizes),
        storable_or_none(event.neighborhood),
        None if event.neighborhood is None else name_key(storable(event.neighborhood)),
        event.price_range,
        event.opened_at,
        event.opened_after,
        event.first_seen_at,
        event.last_seen_at,
        event.closed_at,
        None if event.close_reason is None else event.close_reason.value,
        event.drop_duration_seconds,
        _encode(payload).decode(),
        event.dedupe_key,
    )


COLUMNS = (
    "id, event_type, market, bucket_id, service_date, provider, slot_id, venue_id, venue_name, slot_date, slot_time, time_bucket, "
    "origin, party_sizes, neighborhood, price_range, opened_at, opened_after, first_seen_at, last_seen_at, closed_at, "
    "close_reason, drop_duration_seconds, payload"
)
"""What `event_of` reads."""


def event_of(row: Row) -> Event:
    """A stored event."""
    payload = _decode(row["payload"])
    reason = row["close_reason"]
    return Event(
        id=row["id"],
        event_type=_TYPES[row["event_type"]],
        market=row["market"],
        provider=row["provider"],
        bucket_id=row["bucket_id"],
        service_date=row["service_date"],
        slot_id=row["slot_id"].hex,
        venue_id=row["venue_id"],
        venue_name=row["venue_name"],
        neighborhood=row["neighborhood"],
        price_range=row["price_range"],
        slot_date=row["slot_date"],
        slot_time=row["slot_time"],
        time_bucket=row["time_bucket"],
        origin=_ORIGINS[row["origin"]],
        party_sizes=tuple(row["party_sizes"]),
        seatings=payload.seatings,
        opened_at=row["opened_at"],
        opened_after=row["opened_after"],
        first_seen_at=row["first_seen_at"],
        last_seen_at=row["last_seen_at"],
        closed_at=row["closed_at"],
        close_reason=None if reason is None else _REASONS[reason],
        drop_duration_seconds=row["drop_duration_seconds"],
        book_url=payload.book_url,
        image_url=payload.image_url,
        availability_times=payload.availability_times,
    )
