"""Events as rows of `availability_events`, there and back."""

from datetime import date, datetime, time

import msgspec

from tablewire.domain.events import CloseReason, Event, EventType, Origin
from tablewire.domain.names import name_key
from tablewire.storage.storable import storable, storable_or_none


class _Payload(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """What a client needs to show and book a slot, beside the columns."""

    availability_times: tuple[str, ...]
    book_url: str | None
    image_url: str | None
    seatings: tuple[str, ...]
    approximate: bool = False


_encode = msgspec.json.Encoder().encode
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
        approximate=event.approximate,
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


_READ = (
    "id, event_type, market, provider, bucket_id, service_date, encode(uuid_send(slot_id), 'hex'), venue_id, venue_name, "
    "neighborhood, price_range, slot_date, slot_time, time_bucket, origin, party_sizes, payload, opened_at, opened_after, "
    "first_seen_at, last_seen_at, closed_at, close_reason, drop_duration_seconds"
)

ONE_AS_JSON = f"json_build_array({_READ})"
"""One event as a JSON text."""

AS_JSON = f"json_agg({ONE_AS_JSON} ORDER BY id)"
"""Events as one JSON text, oldest first: reading it costs a quarter of what rows and columns do."""


class _StoredEvent(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """One event in the text of `AS_JSON`."""

    id: int
    event_type: EventType
    market: str
    provider: str
    bucket_id: str
    service_date: date
    slot_id: str
    venue_id: str
    venue_name: str
    neighborhood: str | None
    price_range: int | None
    slot_date: date
    slot_time: time
    time_bucket: str
    origin: Origin
    party_sizes: tuple[int, ...]
    payload: _Payload
    opened_at: datetime | None
    opened_after: datetime | None
    first_seen_at: datetime
    last_seen_at: datetime | None
    closed_at: datetime | None
    close_reason: CloseReason | None
    drop_duration_seconds: float | None


_decode = msgspec.json.Decoder(list[_StoredEvent]).decode
_decode_one = msgspec.json.Decoder(_StoredEvent).decode


def events_of(read: str | None) -> list[Event]:
    """The events in the text of `AS_JSON`; None where there are none."""
    return [_event_of(stored) for stored in _decode(read)] if read else []


def event_of(read: str) -> Event:
    """The event in the text of `ONE_AS_JSON`."""
    return _event_of(_decode_one(read))


def _event_of(stored: _StoredEvent) -> Event:
    payload = stored.payload
    return Event(
        id=stored.id,
        event_type=stored.event_type,
        market=stored.market,
        provider=stored.provider,
        bucket_id=stored.bucket_id,
        service_date=stored.service_date,
        slot_id=stored.slot_id,
        venue_id=stored.venue_id,
        venue_name=stored.venue_name,
        neighborhood=stored.neighborhood,
        price_range=stored.price_range,
        slot_date=stored.slot_date,
        slot_time=stored.slot_time,
        time_bucket=stored.time_bucket,
        origin=stored.origin,
        party_sizes=stored.party_sizes,
        seatings=payload.seatings,
        opened_at=stored.opened_at,
        opened_after=stored.opened_after,
        first_seen_at=stored.first_seen_at,
        last_seen_at=stored.last_seen_at,
        closed_at=stored.closed_at,
        close_reason=stored.close_reason,
        drop_duration_seconds=stored.drop_duration_seconds,
        book_url=payload.book_url,
        image_url=payload.image_url,
        availability_times=payload.availability_times,
        approximate=payload.approximate,
    )
