"""The board: the state of every watched bucket, as the engine last left it, and what is derived from each."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, time

import msgspec

from tablewire.domain.buckets import BucketKey, DayParts
from tablewire.domain.events import EventType, Origin
from tablewire.domain.slots import OpenSlot, local_start
from tablewire.domain.state import BucketState

KINDS = {
    Origin.DROP: "drop",
    Origin.REOPENED: "reopened",
    Origin.BASELINE: "baseline",
    Origin.AFTER_GAP: "gap",
}
"""The word of each way in which an opening began, in `include=` and in answers."""


class OpenRow(msgspec.Struct, frozen=True, kw_only=True):
    """A slot that is open now, in the words of an event.

    Where its opening was told to nobody, `id`, `event_type`, `opened_at` and `opened_after` are null.
    """

    id: int | None
    event_type: EventType | None
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
    seatings: tuple[str, ...]
    opened_at: datetime | None
    opened_after: datetime | None
    first_seen_at: datetime
    last_seen_at: datetime | None = None
    closed_at: datetime | None = None
    close_reason: str | None = None
    drop_duration_seconds: float | None = None
    book_url: str | None
    image_url: str | None
    availability_times: tuple[str, ...]
    approximate: bool = False
    """Whether it may be some time round this one that is free."""

    @property
    def kind(self) -> str:
        """How its opening began: drop, reopened, baseline or gap."""
        return KINDS[self.origin]


class Counts(msgspec.Struct, frozen=True):
    """How full one bucket is at one provider."""

    open_slots: int
    baseline_slots: int
    """Open slots that were there when their venue was first observed."""
    observed_venues: int
    venues_open: int
    """Venues with at least one open slot."""


class Place:
    """One bucket at one provider on the board, with what was derived from its state while the state stayed the same."""

    __slots__ = ("_counts", "_drops", "_rows", "_seen_seq", "state", "time_bucket")

    def __init__(self, state: BucketState, time_bucket: str) -> None:
        self.state = state
        self.time_bucket = time_bucket
        self._rows: dict[bytes, tuple[OpenSlot, tuple[str, ...], OpenRow]] = {}
        self.forget()

    def forget(self) -> None:
        """The state has changed. What is derived of single slots stays as long as the slot itself does."""
        self._seen_seq = self.state.row.poll_seq
        self._drops: tuple[OpenSlot, ...] | None = None
        self._counts: Counts | None = None

    def counts(self) -> Counts:
        """How full it is."""
        self._check()
        if self._counts is None:
            state = self.state
            in_baseline = sum(slot.in_baseline for slot in state.open.values())
            self._counts = Counts(len(state.open), in_baseline, state.observed_venues(), len(state.by_venue))
        return self._counts

    def slots(self, kinds: frozenset[str]) -> tuple[OpenSlot, ...]:
        """The open slots of some kinds."""
        self._check()
        if kinds != {"drop"}:
            return tuple(slot for slot in self.state.open.values() if KINDS[Origin(slot.origin)] in kinds)
        if self._drops is None:
            self._drops = tuple(slot for slot in self.state.open.values() if slot.origin == Origin.DROP)
        return self._drops

    def row(self, slot: OpenSlot) -> OpenRow:
        """An open slot in the words of an event."""
        at_venue = self.state.by_venue.get(slot.venue.venue_id, ())
        times = tuple(sorted({other.actual_time for other in at_venue}))
        known = self._rows.get(slot.slot_id)
        if known is not None and known[0] is slot and known[1] == times:
            return known[2]
        row = self._make_row(slot, tuple(actual[11:16] for actual in times))
        self._rows[slot.slot_id] = (slot, times, row)
        return row

    def _check(self) -> None:
        if self._seen_seq != self.state.row.poll_seq:
            self.forget()
        if len(self._rows) > 2 * len(self.state.open) + 64:
            self._rows = {key: row for key, row in self._rows.items() if key in self.state.open}

    def _make_row(self, slot: OpenSlot, times: tuple[str, ...]) -> OpenRow:
        key, start = self.state.key, local_start(slot.actual_time)
        told = {Origin.DROP: EventType.NEW_DROP, Origin.REOPENED: EventType.REOPENED}.get(Origin(slot.origin))
        return OpenRow(
            id=slot.event_id if told else None,
            event_type=told,
            market=key.market,
            provider=self.state.provider,
            bucket_id=key.bucket_id,
            service_date=key.service_date,
            slot_id=slot.slot_id.hex(),
            venue_id=slot.venue.venue_id,
            venue_name=slot.venue.name,
            neighborhood=slot.venue.neighborhood,
            price_range=slot.venue.price_range,
            slot_date=start.date(),
            slot_time=start.time(),
            time_bucket=self.time_bucket,
            origin=Origin(slot.origin),
            party_sizes=slot.sizes,
            seatings=slot.seatings,
            opened_at=slot.opened_at if told else None,
            opened_after=slot.opened_after if told else None,
            first_seen_at=slot.first_seen_at,
            book_url=slot.book_url,
            image_url=slot.venue.image_url,
            availability_times=times,
            approximate=slot.approximate,
        )


class Board:
    """What is open now, everywhere. The engine puts states here and says when it has changed one; views read them."""

    def __init__(self, parts: DayParts | None = None) -> None:
        self.parts = parts or DayParts()
        self._places: dict[tuple[BucketKey, str], Place] = {}
        self._in_order: list[Place] | None = None

    def put(self, state: BucketState) -> None:
        """Show a bucket; a state of the same bucket and provider that was there before is replaced."""
        place = Place(state, self.parts.time_bucket(state.key.time_slot))
        self._places[(state.key, state.provider)] = place
        self._in_order = None

    def remove(self, key: BucketKey, provider: str) -> None:
        """Show a bucket no more, if it was there."""
        self._places.pop((key, provider), None)
        self._in_order = None

    def touched(self, state: BucketState) -> None:
        """A state has changed. One that is not on the board is ignored."""
        place = self._places.get((state.key, state.provider))
        if place is not None and place.state is state:
            place.forget()

    def get(self, key: BucketKey, provider: str) -> Place | None:
        """One bucket at one provider."""
        return self._places.get((key, provider))

    def state(self, key: BucketKey, provider: str) -> BucketState | None:
        """The state of one bucket at one provider."""
        place = self._places.get((key, provider))
        return None if place is None else place.state

    def places(self) -> list[Place]:
        """All that is shown, by market, date, time slot and provider."""
        if self._in_order is None:
            self._in_order = [self._places[key] for key in sorted(self._places)]
        return list(self._in_order)

    def buckets(self) -> Iterator[tuple[BucketKey, list[Place]]]:
        """All buckets in order, each with its places at the providers."""
        by_key: dict[BucketKey, list[Place]] = {}
        for place in self.places():
            by_key.setdefault(place.state.key, []).append(place)
        yield from by_key.items()

    def last_scan_at(self) -> datetime | None:
        """When any bucket was scanned last."""
        return latest(self._places.values())


def latest(places: Iterable[Place]) -> datetime | None:
    """When any of some places was scanned last."""
    return max((at for place in places if (at := place.state.row.scanned_at)), default=None)
