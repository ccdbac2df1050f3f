"""The memory of one bucket at one provider: what is open, what was baseline, and who was looked at when."""

from collections.abc import Iterable, Iterator
from datetime import datetime

import msgspec

from tablewire.domain.buckets import BucketKey
from tablewire.domain.events import Event
from tablewire.domain.slots import OpenSlot
from tablewire.domain.snapshots import Outcome, VenueAnswer


class Pair(msgspec.Struct, gc=False):
    """What is remembered of one (venue, party size) in one bucket."""

    count: int = 0
    """Stored observations; counted up to a few only."""
    observed_at: datetime | None = None
    """When the last call that observed it was sent; None where what it said then no longer stands (see `Change.lapsed`)."""
    arrived_at: datetime | None = None
    """When the last answer that was used for it arrived, an observation or not; memory only."""
    doubts: int = 0
    """Answers, all without any slot, that would have been its first observation but prove nothing yet; memory only."""
    misses: int = 0
    """Complete passes in a row in which it did not come up; memory only."""
    last: VenueAnswer | None = None
    """The answer that its open slots agree with; memory only."""


class Observed(msgspec.Struct, frozen=True, kw_only=True):
    """One pair that a poll observed, to be remembered once the poll is stored."""

    venue_id: str
    party_size: int
    sent_at: datetime
    arrived_at: datetime
    doubtful: bool = False
    """An empty answer that may be a soft block: it is remembered, but is no observation yet."""
    since: datetime | None = None
    """The observation before this one, where it is recent enough that the pair counts as observed all the time in between."""
    answer: VenueAnswer | None = None
    """What the pair's open slots agree with from now on; None where only the answer's positive part was used."""


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What one poll changes in one bucket: computed by the diff, stored in one transaction, then applied to memory."""

    key: BucketKey
    provider: str
    expected_seq: int
    """The bucket's `poll_seq` before; the poll is stored only where the store still has it."""
    at: datetime
    """When the snapshot's fetch had finished: the upper bound of everything it changed."""
    outcome: Outcome | None
    """How the poll went; None where the change is no poll (the clock, or changed settings)."""
    cause: str | None = None
    scanned: bool = True
    """Whether anything was answered: a poll without an answer is no scan."""
    events: tuple[Event, ...] = ()
    """Closings, then openings, all with id 0."""
    opened: tuple[OpenSlot, ...] = ()
    updated: tuple[OpenSlot, ...] = ()
    closed: tuple[bytes, ...] = ()
    baseline_closed: tuple[bytes, ...] = ()
    """Those of `closed` that are members of the baseline, and stay so."""
    observed: tuple[Observed, ...] = ()
    first_pairs: tuple[tuple[int, str], ...] = ()
    """(party size, venue id) of pairs whose count of observations has to be stored with this poll."""
    unsettled: tuple[tuple[int, str], ...] = ()
    """Pairs whose open slots no longer agree with their last answer."""
    missed: tuple[tuple[int, str], ...] = ()
    """Pairs that did not come up in a pass completed by this poll."""
    heard: tuple[tuple[int, str, datetime], ...] = ()
    """(party size, venue id, arrival) of answers that are no observation, but of which the readable part was used."""
    lapsed: tuple[tuple[int, str], ...] = ()
    """Pairs of which something closed as vanished, though the last answer for them showed it: until they are observed again, what
    they show opened nobody knows when. Stored with this poll."""


class BucketState:
    """What is open in one bucket at one provider, and all that the diff needs to know of it.

    Only `apply` changes it, and only after the change has been stored.
    """

    __slots__ = (
        "_firsts",
        "_starts",
        "_venues",
        "_venues_at",
        "baseline",
        "by_venue",
        "heard_until",
        "held",
        "key",
        "last_drops",
        "open",
        "pairs",
        "provider",
        "row",
    )

    def __init__(self, key: BucketKey, provider: str) -> None:
        self.key = key
        self.provider = provider
        self.open: dict[bytes, OpenSlot] = {}
        self.by_venue: dict[str, tuple[OpenSlot, ...]] = {}
        """Tuples, since most venues have few: a dictionary of one slot takes five times as much."""
        self.baseline: set[bytes] = set()
        """Every slot that ever joined the baseline, open or not."""
        self.pairs: dict[int, dict[str, Pair]] = {}
        """By party size, then by venue id, in the order in which they were first met."""
        self.held: dict[bytes, OpenSlot] = {}
        """Open slots with `missed_at`."""
        self.last_drops: dict[bytes, datetime] = {}
        """When each slot last dropped, for the cool-down."""
        self.row = BucketRow()
        self.heard_until: datetime | None = None
        """What was sent before this may be older than what was stored: set where memory was read from the store."""
        self._starts: dict[datetime, int] = {}
        """How many open slots start at each instant."""
        self._firsts = 0
        self._venues_at: tuple[int, ...] = ()
        self._venues = 0

    @property
    def next_expiry(self) -> datetime | None:
        """No open slot starts before this instant."""
        return min(self._starts, default=None)

    def pair(self, party_size: int, venue_id: str) -> Pair | None:
        """What is remembered of a pair, if anything."""
        of_size = self.pairs.get(party_size)
        return of_size.get(venue_id) if of_size else None

    def observed_venues(self) -> int:
        """How many venues were observed at least once."""
        known = (self._firsts, *map(len, self.pairs.values()))
        if known != self._venues_at:
            venues: set[str] = set()
            for of_size in self.pairs.values():
                venues.update(venue for venue, pair in of_size.items() if pair.count)
            self._venues_at, self._venues = known, len(venues)
        return self._venues

    def last_seen(self, slot: OpenSlot) -> datetime:
        """When the last call that showed a slot was sent."""
        return max(self._sightings(slot))

    def _sightings(self, slot: OpenSlot) -> Iterator[datetime]:
        yield slot.seen_at
        for size in slot.sizes:
            pair = self.pair(size, slot.venue.venue_id)
            if pair is not None and pair.count and pair.observed_at is not None:
                yield pair.observed_at

    def restore(self, slots: Iterable[OpenSlot]) -> None:
        """Take over the open slots that were stored."""
        for slot in slots:
            self._put(slot)

    def apply(self, change: Change, stored: Iterable[Event]) -> None:
        """Remember a change that has been stored; `stored` are its events with the ids they got."""
        ids = {
            event.slot_id: event.id
            for event in stored
            if event.opened_at is not None and event.closed_at is None
        }
        for gone in change.closed:
            self._remove(gone)
        for slot in change.opened:
            event_id = ids.get(slot.slot_id.hex())
            self._put(msgspec.structs.replace(slot, event_id=event_id) if event_id else slot)
        for slot in change.updated:
            self._put(slot)
        self._remember_pairs(change)
        self.row.remember(change)

    def _remember_pairs(self, change: Change) -> None:
        for observed in change.observed:
            self._observe(observed)
        for size, venue_id in change.unsettled:
            if (pair := self.pair(size, venue_id)) is not None:
                pair.last = None
        for size, venue_id in change.missed:
            self._met(size, venue_id).misses += 1
        for size, venue_id, arrived_at in change.heard:
            pair = self._met(size, venue_id)
            pair.arrived_at = max(arrived_at, pair.arrived_at or arrived_at)
        for size, venue_id in change.lapsed:
            if (pair := self.pair(size, venue_id)) is not None:
                pair.observed_at = None

    def _met(self, size: int, venue_id: str) -> Pair:
        of_size = self.pairs.setdefault(size, {})
        pair = of_size.get(venue_id)
        if pair is None:
            pair = of_size[venue_id] = Pair()
        return pair

    def _observe(self, observed: Observed) -> None:
        pair = self._met(observed.party_size, observed.venue_id)
        pair.observed_at = observed.sent_at
        pair.arrived_at = observed.arrived_at
        pair.misses = 0
        pair.last = observed.answer
        if observed.doubtful:
            pair.doubts += 1
        else:
            pair.doubts = 0
            self._firsts += not pair.count
            pair.count = min(pair.count + 1, 100)

    def _put(self, slot: OpenSlot) -> None:
        before = self.open.get(slot.slot_id)
        venue_id = slot.venue.venue_id
        if before is None:
            self._starts[slot.starts_at] = self._starts.get(slot.starts_at, 0) + 1
            self.by_venue[venue_id] = (*self.by_venue.get(venue_id, ()), slot)
        else:
            here = self.by_venue[venue_id]
            self.by_venue[venue_id] = tuple(slot if one is before else one for one in here)
        self.open[slot.slot_id] = slot
        if slot.in_baseline:
            self.baseline.add(slot.slot_id)
        if slot.missed_at is not None:
            self.held[slot.slot_id] = slot
        else:
            self.held.pop(slot.slot_id, None)
        if slot.origin == "drop" and slot.opened_at is not None:
            self.last_drops[slot.slot_id] = slot.opened_at

    def _remove(self, slot_id: bytes) -> None:
        slot = self.open.pop(slot_id)
        venue_id = slot.venue.venue_id
        self.by_venue[venue_id] = tuple(one for one in self.by_venue[venue_id] if one is not slot)
        if not self.by_venue[venue_id]:
            del self.by_venue[venue_id]
        self.held.pop(slot_id, None)
        self._starts[slot.starts_at] -= 1
        if not self._starts[slot.starts_at]:
            del self._starts[slot.starts_at]


class BucketRow(msgspec.Struct):
    """The bucket's own row in the store, as memory has it."""

    poll_seq: int = 0
    scanned_at: datetime | None = None
    baseline_built_at: datetime | None = None
    outcome: Outcome | None = None
    cause: str | None = None

    def remember(self, change: Change) -> None:
        """Take over what a stored change says of the bucket itself."""
        self.poll_seq = change.expected_seq + 1
        if change.outcome is None:
            return
        if change.scanned:
            self.scanned_at = change.at
        self.outcome = change.outcome
        self.cause = change.cause
        if self.baseline_built_at is None and change.observed:
            self.baseline_built_at = change.at
