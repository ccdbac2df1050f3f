"""Open slots as they are stored: a row of `slot_changes` for each poll that opened, changed or closed some, there and back."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

import msgspec

from tablewire.domain.slots import OpenSlot, Venue, local_start
from tablewire.domain.state import BucketState, Change
from tablewire.storage.storable import storable, storable_or_none

ID_BYTES = 16
MOST_ENTRIES = 3
"""Entries that a bucket's rows hold at most for each slot that is open in it: beyond that they are written anew."""
SPARE = 256
"""Entries beside those, so that small buckets are not written anew all the time."""


class _StoredSlot(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """One slot in the JSON of a row; the view `open_slots` knows these places too."""

    venue_id: str
    actual_time: str
    offset: int
    """Seconds by which its wall clock is ahead of UTC."""
    origin: str
    in_baseline: bool
    sizes: tuple[int, ...]
    ever_sizes: tuple[int, ...]
    first_seen_at: datetime
    seen_at: datetime
    opened_at: datetime | None
    opened_after: datetime | None
    event_id: int | None
    """None too where its opening event got its id in this very poll: then it is in the row's `event_ids`."""
    off_market_at: datetime | None
    missed_at: datetime | None
    missed_sizes: tuple[int, ...]
    seatings: tuple[str, ...]
    at_venue: bool
    """Whether `book_url` goes on from the venue's url."""
    book_url: str | None
    approximate: bool = False


class SlotsOfPoll(msgspec.Struct, frozen=True, kw_only=True):
    """What one poll does to a bucket's open slots, as its row says it."""

    puts: Sequence[OpenSlot]
    """Slots that are open from now on as they are here."""
    closed: Sequence[bytes]
    whole: bool
    """Whether it says all that there is to say of the bucket, so that its older rows go."""

    @property
    def entries(self) -> int:
        """Slots that it speaks of."""
        return len(self.puts) + len(self.closed)

    @property
    def ids(self) -> bytes:
        """The ids of `puts`, one after the other."""
        return b"".join([slot.slot_id for slot in self.puts])

    @property
    def encoded(self) -> str:
        """What is said of `puts`, as JSON."""
        return _encode([_stored(slot) for slot in self.puts]).decode()


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(list[_StoredSlot]).decode


def slots_of_change(change: Change, state: BucketState, entries: int | None) -> SlotsOfPoll:
    """What a change does to open slots, given memory before it, and how many entries the bucket's rows have (None: unknown).

    Where they hold much that is past, the whole bucket is written anew: so in the long run a change costs half an entry more than
    its own, and reading a bucket costs at most three times what is open.
    """
    puts, closed = (*change.opened, *change.updated), change.closed
    left = len(state.open) + len(change.opened) - len(closed)
    if not puts and not closed:
        return SlotsOfPoll(puts=(), closed=(), whole=False)
    if entries is not None and entries + len(puts) + len(closed) <= MOST_ENTRIES * left + SPARE:
        return SlotsOfPoll(puts=puts, closed=closed, whole=False)
    after = state.open | {slot.slot_id: slot for slot in puts}
    for slot_id in closed:
        after.pop(slot_id, None)
    return SlotsOfPoll(puts=tuple(after.values()), closed=(), whole=True)


def _stored(slot: OpenSlot) -> _StoredSlot:
    at_venue, book_url = _booking(slot.book_url, slot.venue.url)
    return _StoredSlot(
        storable(slot.venue.venue_id),
        slot.actual_time,
        _offset(slot.actual_time, slot.starts_at),
        slot.origin,
        slot.in_baseline,
        slot.sizes,
        slot.ever_sizes,
        slot.first_seen_at,
        slot.seen_at,
        slot.opened_at,
        slot.opened_after,
        slot.event_id,
        slot.off_market_at,
        slot.missed_at,
        slot.missed_sizes,
        _storable_names(slot.seatings),
        at_venue,
        book_url,
        slot.approximate,
    )


def _booking(book_url: str | None, venue_url: str | None) -> tuple[bool, str | None]:
    """The address to book at; where it begins with the venue's own, only the rest of it."""
    book_url, venue_url = storable_or_none(book_url), storable_or_none(venue_url)
    if book_url and venue_url and book_url.startswith(venue_url):
        return True, book_url[len(venue_url) :]
    return False, book_url


@lru_cache(maxsize=8_192)
def _offset(actual_time: str, starts_at: datetime) -> int:
    return round((local_start(actual_time) - starts_at.replace(tzinfo=None)).total_seconds())


@lru_cache(maxsize=8_192)
def _storable_names(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(storable(name) for name in names)


class StoredRow(msgspec.Struct, frozen=True):
    """A row of `slot_changes` as it was read."""

    slot_ids: bytes
    slots: str
    event_ids: Sequence[int | None] | None
    closed: bytes

    @property
    def entries(self) -> int:
        """Slots that it speaks of."""
        return (len(self.slot_ids) + len(self.closed)) // ID_BYTES


Found = Mapping[bytes, tuple[_StoredSlot, int | None]]
"""Stored slots by id, each with the id that its opening event got with it."""


class SlotReader:
    """Makes open slots of rows; equal values of different slots are one object, as they are in memory."""

    def __init__(self, provider: str) -> None:
        self._provider = provider
        self._venues: dict[str, Venue] = {}
        self._shared: dict[Any, Any] = {}
        self._starts: dict[tuple[str, int], datetime] = {}

    @staticmethod
    def read(rows: Iterable[StoredRow]) -> Found:
        """What is open after all rows of a bucket, given oldest first."""
        found: dict[bytes, tuple[_StoredSlot, int | None]] = {}
        for row in rows:
            slot_ids = split_ids(row.slot_ids)
            event_ids = row.event_ids or (None,) * len(slot_ids)
            for slot_id, slot, event_id in zip(slot_ids, _decode(row.slots), event_ids, strict=True):
                found[slot_id] = (slot, event_id)
            for slot_id in split_ids(row.closed):
                found.pop(slot_id, None)
        return found

    def unknown_venues(self, found: Found) -> list[str]:
        """The venues that have to be learnt before the slots can be made."""
        return sorted({slot.venue_id for slot, _ in found.values()} - self._venues.keys())

    def learn(self, venues: Mapping[str, Venue]) -> None:
        """Take over venues as stored."""
        self._venues |= venues

    def slots_of(self, found: Found) -> Iterator[OpenSlot]:
        """The open slots."""
        same, starts_at, venue_of = self._shared.setdefault, self._starts_at, self._venue
        for slot_id, (slot, event_id) in found.items():
            venue, book_page, book_query = venue_of(slot.venue_id), slot.book_url, ""
            if slot.at_venue:
                book_page, book_query = venue.url or "", slot.book_url or ""
            yield OpenSlot(
                slot_id=slot_id,
                venue=venue,
                actual_time=same(slot.actual_time, slot.actual_time),
                starts_at=starts_at(slot.actual_time, slot.offset),
                sizes=same(slot.sizes, slot.sizes),
                ever_sizes=same(slot.ever_sizes, slot.ever_sizes),
                origin=same(slot.origin, slot.origin),
                in_baseline=slot.in_baseline,
                first_seen_at=same(slot.first_seen_at, slot.first_seen_at),
                seen_at=same(slot.seen_at, slot.seen_at),
                opened_at=slot.opened_at and same(slot.opened_at, slot.opened_at),
                opened_after=slot.opened_after and same(slot.opened_after, slot.opened_after),
                event_id=event_id if slot.event_id is None else slot.event_id,
                seatings=same(slot.seatings, slot.seatings),
                book_page=same(book_page, book_page),
                book_query=same(book_query, book_query),
                off_market_at=slot.off_market_at,
                missed_at=slot.missed_at,
                missed_sizes=slot.missed_sizes,
                approximate=slot.approximate,
            )

    def _venue(self, venue_id: str) -> Venue:
        """A venue; where its row was taken away by hand, as little as its slots say of it."""
        venue = self._venues.get(venue_id)
        if venue is None:
            venue = self._venues[venue_id] = Venue(provider=self._provider, venue_id=venue_id, name=venue_id)
        return venue

    def _starts_at(self, actual_time: str, offset: int) -> datetime:
        found = self._starts.get((actual_time, offset))
        if found is None:
            found = (local_start(actual_time) - timedelta(seconds=offset)).replace(tzinfo=UTC)
            self._starts[actual_time, offset] = found
        return found


def split_ids(joined: bytes) -> list[bytes]:
    """Ids that are stored one after the other."""
    return [joined[at : at + ID_BYTES] for at in range(0, len(joined), ID_BYTES)]
