"""Open slots as rows of `open_slots`, there and back."""

from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache
from uuid import UUID

import msgspec

from tablewire.domain.slots import OpenSlot, Venue, local_start
from tablewire.storage.storable import storable, storable_or_none


class _ShownVenue(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """What is known of a slot's venue beside its ids."""

    name: str
    neighborhood: str | None = None
    price_range: int | None = None
    cuisine: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    url: str | None = None
    image_url: str | None = None


class _Payload(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """What a slot shows beside its columns: its venue, still encoded, and how to book it."""

    venue: msgspec.Raw
    seatings: tuple[str, ...] = ()
    book_url: str | None = None


_encode = msgspec.json.Encoder().encode
_decode_venue = msgspec.json.Decoder(_ShownVenue).decode

SlotRow = tuple[
    int, UUID, str, datetime, datetime, list[int], list[int], str, bool, datetime, datetime, datetime | None, datetime | None,
    int | None, datetime | None, datetime | None, list[int] | None, str,
]  # fmt: skip
"""The columns of `open_slots`, in their order."""


def slot_row(ref: int, slot: OpenSlot, event_id: int | None) -> SlotRow:
    """An open slot as a row of the bucket `ref`."""
    payload = _Payload(
        venue=_encoded_venue(slot.venue),
        seatings=tuple(storable(seating) for seating in slot.seatings),
        book_url=storable_or_none(slot.book_url),
    )
    return (
        ref,
        UUID(bytes=slot.slot_id),
        storable(slot.venue.venue_id),
        local_start(slot.actual_time),
        slot.starts_at,
        list(slot.sizes),
        list(slot.ever_sizes),
        slot.origin,
        slot.in_baseline,
        slot.first_seen_at,
        slot.seen_at,
        slot.opened_at,
        slot.opened_after,
        event_id,
        slot.off_market_at,
        slot.missed_at,
        list(slot.missed_sizes) or None,
        _encode(payload).decode(),
    )


@lru_cache(maxsize=4_096)
def _encoded_venue(venue: Venue) -> msgspec.Raw:
    return msgspec.Raw(
        _encode(
            _ShownVenue(
                name=storable(venue.name),
                neighborhood=storable_or_none(venue.neighborhood),
                price_range=venue.price_range,
                cuisine=storable_or_none(venue.cuisine),
                latitude=venue.latitude,
                longitude=venue.longitude,
                url=storable_or_none(venue.url),
                image_url=storable_or_none(venue.image_url),
            )
        )
    )


LOAD_SLOTS = """
SELECT json_agg(json_build_array(
    encode(uuid_send(slot_id), 'base64'), venue_id, actual_time::text, starts_at, sizes, ever_sizes, origin, in_baseline,
    first_seen_at, seen_at, opened_at, opened_after, event_id, off_market_at, missed_at, missed_sizes, payload
))
FROM open_slots WHERE ref = $1
"""
"""All slots of a bucket in one JSON text: decoding it costs a third of what decoding rows and columns does."""


class _StoredSlot(msgspec.Struct, array_like=True, gc=False):
    """One slot in the answer of `LOAD_SLOTS`."""

    slot_id: bytes
    venue_id: str
    actual_time: str
    starts_at: datetime
    sizes: tuple[int, ...]
    ever_sizes: tuple[int, ...]
    origin: str
    in_baseline: bool
    first_seen_at: datetime
    seen_at: datetime
    opened_at: datetime | None
    opened_after: datetime | None
    event_id: int | None
    off_market_at: datetime | None
    missed_at: datetime | None
    missed_sizes: tuple[int, ...] | None
    payload: _Payload


_decode = msgspec.json.Decoder(list[_StoredSlot]).decode


class SlotReader:
    """Makes open slots of what is stored; slots of one venue share one venue, as they do in memory."""

    def __init__(self, provider: str) -> None:
        self._provider = provider
        self._venues: dict[tuple[str, bytes], Venue] = {}
        self._sizes: dict[tuple[int, ...], tuple[int, ...]] = {}

    def slots_of(self, loaded: str | None) -> Iterator[OpenSlot]:
        """The open slots in the answer of `LOAD_SLOTS`; None where there are none."""
        for row in _decode(loaded) if loaded else ():
            yield OpenSlot(
                slot_id=row.slot_id,
                venue=self._venue(row.venue_id, bytes(row.payload.venue)),
                actual_time=row.actual_time,
                starts_at=row.starts_at,
                sizes=self._sizes.setdefault(row.sizes, row.sizes),
                ever_sizes=self._sizes.setdefault(row.ever_sizes, row.ever_sizes),
                origin=row.origin,
                in_baseline=row.in_baseline,
                first_seen_at=row.first_seen_at,
                seen_at=row.seen_at,
                opened_at=row.opened_at,
                opened_after=row.opened_after,
                event_id=row.event_id,
                seatings=row.payload.seatings,
                book_url=row.payload.book_url,
                off_market_at=row.off_market_at,
                missed_at=row.missed_at,
                missed_sizes=row.missed_sizes or (),
            )

    def _venue(self, venue_id: str, encoded: bytes) -> Venue:
        venue = self._venues.get((venue_id, encoded))
        if venue is None:
            shown = msgspec.structs.asdict(_decode_venue(encoded))
            venue = self._venues[venue_id, encoded] = Venue(
                provider=self._provider, venue_id=venue_id, **shown
            )
        return venue
