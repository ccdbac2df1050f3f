"""A tiny city with a known truth, a provider that can lie about it, and a store that keeps just what changes say."""

from bisect import bisect_right, insort
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import msgspec

from tablewire.domain.buckets import BucketKey, DayParts
from tablewire.domain.events import Event, EventType
from tablewire.domain.slots import OpenSlot, SeenSlot, Venue, slot_id
from tablewire.domain.snapshots import VenueAnswer
from tablewire.domain.state import BucketState, Change, Pair

PROVIDER = "resy"
DAY = date(2026, 2, 18)
NOON = datetime(2026, 2, 18, 17, 0, tzinfo=UTC)
"""Noon in New York on that day."""
VENUES = ("a", "b", "c", "d", "e")
PAGES = {1: ("a", "b", "c", "d"), 2: ("e",)}
SIZES = (2, 4)
OFF_PEAK, PRIME = "15:00", "19:00"


@dataclass(frozen=True)
class Start:
    """One start time: its bucket as the specification has it, its instant, and when the platform takes it off."""

    time_slot: str
    at: datetime
    off_market: datetime | None = None


def _utc(hour: int, minute: int = 0, days: int = 0) -> datetime:
    return datetime(2026, 2, 18 + days, hour, minute, tzinfo=UTC)


STARTS = {
    "2026-02-18 15:30:00": Start(OFF_PEAK, _utc(20, 30)),
    "2026-02-18 16:45:00": Start(OFF_PEAK, _utc(21, 45), _utc(19)),
    "2026-02-18 17:00:00": Start(PRIME, _utc(22)),
    "2026-02-18 19:00:00": Start(PRIME, _utc(0, days=1), _utc(20)),
    "2026-02-18 21:00:00": Start(PRIME, _utc(2, days=1)),
    "2026-02-19 00:30:00": Start(PRIME, _utc(5, 30, days=1)),
}
TIMES = tuple(STARTS)
KEYS = {time_slot: BucketKey("nyc", DAY, time_slot) for time_slot in DayParts().time_slots}
VENUE_BOOK = {venue: Venue(provider=PROVIDER, venue_id=venue, name=venue.upper()) for venue in VENUES}
SLOT_OF = {slot_id(PROVIDER, venue, time): (venue, time) for venue in VENUES for time in TIMES}
_SEEN = {
    slot: SeenSlot(
        slot_id=known, actual_time=slot[1], service_date=DAY, off_market_at=STARTS[slot[1]].off_market
    )
    for known, slot in SLOT_OF.items()
}


class Truth:
    """When each slot was really open to each party size: instants at which it flips, closed at first."""

    def __init__(self) -> None:
        self._flips: dict[tuple[str, str, int], list[datetime]] = {}

    def flip(self, venue: str, time: str, size: int, at: datetime) -> None:
        """Open it where it is closed, close it where it is open."""
        flips = self._flips.setdefault((venue, time, size), [])
        if at in flips:
            flips.remove(at)
        else:
            insort(flips, at)

    def shown(self, venue: str, size: int, at: datetime) -> frozenset[str]:
        """The times that are open at a venue at an instant."""
        return frozenset(time for time in TIMES if self._flips_until(venue, time, size, at) % 2)

    def opened_within(self, venue: str, time: str, size: int, after: datetime, by: datetime) -> bool:
        """Whether it opened in the half-open interval (after, by]."""
        return self._turned(venue, time, size, after, by, parity=0)

    def closed_within(self, venue: str, time: str, size: int, after: datetime, by: datetime) -> bool:
        """Whether it closed in the half-open interval (after, by]."""
        return self._turned(venue, time, size, after, by, parity=1)

    def flips_within(self, venue: str, time: str, size: int, after: datetime, by: datetime) -> list[datetime]:
        """The flips in the half-open interval (after, by]."""
        return [flip for flip in self._flips.get((venue, time, size), []) if after < flip <= by]

    def _turned(
        self, venue: str, time: str, size: int, after: datetime, by: datetime, *, parity: int
    ) -> bool:
        flips = self._flips.get((venue, time, size), [])
        return any(after < flip <= by for flip in flips[parity::2])

    def _flips_until(self, venue: str, time: str, size: int, at: datetime) -> int:
        return bisect_right(self._flips.get((venue, time, size), []), at)


class Adapter:
    """Makes answers; the same bytes give the same object again where it interns, as real adapters do."""

    def __init__(self, *, interns: bool) -> None:
        self._interns = interns
        self._made: dict[tuple[int, str, frozenset[str], bool], VenueAnswer] = {}

    def answer(self, size: int, venue: str, shown: frozenset[str], *, whole: bool) -> VenueAnswer:
        """What a call says of one venue."""
        key = (size, venue, shown, whole)
        if self._interns and key in self._made:
            return self._made[key]
        slots = tuple(_SEEN[venue, time] for time in sorted(shown))
        made = self._made[key] = VenueAnswer(venue, slots, whole)
        return made


class Refused(Exception):
    """The bucket's `poll_seq` is not the one that the change expects."""


@dataclass
class BucketRows:
    """The rows of one bucket."""

    poll_seq: int = 0
    open: dict[bytes, OpenSlot] = field(default_factory=dict)
    baseline: set[bytes] = field(default_factory=set)
    pairs: dict[tuple[int, str], tuple[int, datetime | None]] = field(default_factory=dict)


class Store:
    """Keeps rows exactly as changes say, and the log."""

    def __init__(self) -> None:
        self.log: list[Event] = []
        self._keys: set[str] = set()
        self.buckets = {time_slot: BucketRows() for time_slot in KEYS}

    def record(self, change: Change) -> tuple[Event, ...]:
        """Store a change whole, or refuse it. Raises `Refused` where another poll was stored since."""
        rows = self.buckets[change.key.time_slot]
        if rows.poll_seq != change.expected_seq:
            raise Refused
        rows.poll_seq += 1
        stored = tuple(self._append(event) for event in change.events)
        ids = {event.slot_id: event.id for event in stored if event.event_type is not EventType.CLOSED}
        self._take_slots(rows, change, ids)
        self._take_pairs(rows, change)
        return stored

    def insert_again(self, change: Change) -> list[Event]:
        """Offer a change's events once more; answers those that were taken."""
        return [event for event in change.events if event.dedupe_key not in self._keys]

    def observe(self, state: BucketState) -> None:
        """Store when pairs were last observed."""
        rows = self.buckets[state.key.time_slot]
        for size, of_size in state.pairs.items():
            for venue, pair in of_size.items():
                if pair.count:
                    rows.pairs[size, venue] = (pair.count, pair.observed_at)

    def forget_pairs(self, *, sizes: Iterable[int], venues: Iterable[str]) -> None:
        """Forget what settings took away."""
        for rows in self.buckets.values():
            rows.pairs = {
                (size, venue): known
                for (size, venue), known in rows.pairs.items()
                if size in sizes and venue not in venues
            }

    def load(self, time_slot: str) -> BucketState:
        """A bucket's memory, made from rows alone."""
        rows = self.buckets[time_slot]
        state = BucketState(KEYS[time_slot], PROVIDER)
        state.restore(rows.open.values())
        state.baseline |= rows.baseline
        state.row.poll_seq = rows.poll_seq
        for (size, venue), (count, observed_at) in rows.pairs.items():
            of_size = state.pairs.setdefault(size, {})
            of_size[venue] = Pair(count=count, observed_at=observed_at)
        for event in self.log:
            if event.event_type is EventType.NEW_DROP and event.bucket_id == state.key.bucket_id:
                assert event.opened_at is not None
                state.last_drops[bytes.fromhex(event.slot_id)] = event.opened_at
        return state

    def _append(self, event: Event) -> Event:
        assert event.id == 0, "an event had an id before it was stored"
        assert event.dedupe_key not in self._keys, f"stored twice: {event.dedupe_key}"
        self._keys.add(event.dedupe_key)
        stored = msgspec.structs.replace(event, id=len(self.log) + 1)
        self.log.append(stored)
        return stored

    @staticmethod
    def _take_slots(rows: BucketRows, change: Change, ids: Mapping[str, int]) -> None:
        assert set(change.baseline_closed) == {slot for slot in change.closed if rows.open[slot].in_baseline}
        for gone in change.closed:
            del rows.open[gone]
        for slot in change.opened:
            assert slot.slot_id not in rows.open, "a slot opened twice without closing"
            rows.open[slot.slot_id] = msgspec.structs.replace(slot, event_id=ids.get(slot.slot_id.hex()))
            if slot.in_baseline:
                rows.baseline.add(slot.slot_id)
        for slot in change.updated:
            assert slot.slot_id in rows.open, "a slot changed that is not open"
            rows.open[slot.slot_id] = slot

    @staticmethod
    def _take_pairs(rows: BucketRows, change: Change) -> None:
        sent = {(seen.party_size, seen.venue_id): seen.sent_at for seen in change.observed}
        for pair in change.first_pairs:
            rows.pairs[pair] = (rows.pairs.get(pair, (0, None))[0] + 1, sent[pair])
        for pair in change.lapsed:
            if pair in rows.pairs:
                rows.pairs[pair] = (rows.pairs[pair][0], None)


def seconds(count: float) -> timedelta:
    """So many seconds."""
    return timedelta(seconds=count)
