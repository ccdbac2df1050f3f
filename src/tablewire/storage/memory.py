"""A store in memory: behind the same door as the one on PostgreSQL, for simulations and for tests of what uses it."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import msgspec

from tablewire.domain.buckets import BucketKey
from tablewire.domain.events import Event, EventType
from tablewire.domain.filters import EVENT_TYPES, EventFilter
from tablewire.domain.names import name_key
from tablewire.domain.restaurants import Listing
from tablewire.domain.slots import OpenSlot, Venue
from tablewire.domain.state import BucketRow, BucketState, Change
from tablewire.errors import PollConflict, StoreError
from tablewire.storage.event_log import after_change
from tablewire.storage.memory_identities import MemoryIdentities
from tablewire.storage.observations import PairChunk, chunks_of_change, chunks_of_pairs, restore_pairs
from tablewire.storage.protocol import Bounds, BucketDay, KnownVenue, OpeningCount, StoredBucket


class _Bucket(msgspec.Struct):
    """The rows of one bucket at one provider."""

    row: BucketRow = msgspec.field(default_factory=BucketRow)
    open: dict[bytes, OpenSlot] = msgspec.field(default_factory=dict)
    baseline: set[bytes] = msgspec.field(default_factory=set)
    chunks: dict[tuple[int, int], PairChunk] = msgspec.field(default_factory=dict)

    def keep(self, chunks: Sequence[PairChunk]) -> None:
        self.chunks |= {(chunk.party_size, chunk.chunk): chunk for chunk in chunks}


class MemoryStore:
    """All of `protocol.Store` in memory; each method's meaning stands there. Nothing outlives it."""

    def __init__(self) -> None:
        self.away: StoreError | None = None
        """While set, every call raises it and does nothing: the store as it is when PostgreSQL is away."""
        self.events: list[Event] = []
        """The whole log, oldest first."""
        self.days: dict[tuple[date, BucketKey, str], BucketDay] = {}
        self.heartbeats: dict[tuple[str, str], datetime] = {}
        self._buckets: dict[tuple[BucketKey, str], _Bucket] = {}
        self._dedupe_keys: set[str] = set()
        self._venues: dict[tuple[str, str], KnownVenue] = {}
        self._marks: dict[str, str] = {}
        known = MemoryIdentities(self._answer)
        self.identities, self.decisions = known.identities, known.decisions
        self.relink, self.decide, self.undecide = known.relink, known.decide, known.undecide
        self._restaurants = known.restaurants

    # --- the log

    async def record(self, change: Change, state: BucketState) -> tuple[Event, ...]:
        """Store one poll."""
        self._answer()
        bucket = self._buckets.get((change.key, change.provider))
        if bucket is None or bucket.row.poll_seq != change.expected_seq:
            raise PollConflict(
                f"another poll of {change.key.bucket_id} at {change.provider} has been stored since"
            )
        bucket.row = after_change(state.row, change)
        bucket.keep(chunks_of_change(change, state))
        stored = self._append(change.events)
        for slot_id in change.closed:
            bucket.open.pop(slot_id, None)
        bucket.baseline.update(change.baseline_closed)
        ids = {event.slot_id: event.id for event in stored if event.event_type is not EventType.CLOSED}
        for slot in change.opened:
            bucket.open[slot.slot_id] = msgspec.structs.replace(slot, event_id=ids.get(slot.slot_id.hex()))
        for slot in change.updated:
            bucket.open[slot.slot_id] = slot
        return stored

    def _append(self, events: Sequence[Event]) -> tuple[Event, ...]:
        new = [event for event in events if event.dedupe_key not in self._dedupe_keys]
        first = len(self.events) + 1
        stored = tuple(msgspec.structs.replace(event, id=id) for id, event in enumerate(new, start=first))
        self._dedupe_keys.update(event.dedupe_key for event in new)
        self.events.extend(stored)
        return stored

    async def bounds(self) -> Bounds:
        """The ends of the log."""
        self._answer()
        return Bounds(oldest=1, newest=len(self.events))

    async def after(
        self, cursor: int, limit: int, *, wanted: EventFilter, types: frozenset[str], upto: int | None = None
    ) -> list[Event]:
        """A page onward."""
        self._answer()
        end = len(self.events) if upto is None else max(0, upto)
        return self._matching(self.events[max(0, cursor) : end], wanted, types)[:limit]

    async def before(
        self, cursor: int | None, limit: int, *, wanted: EventFilter, types: frozenset[str]
    ) -> list[Event]:
        """A page back."""
        self._answer()
        older = self.events if cursor is None else self.events[: max(0, cursor - 1)]
        return self._matching(older, wanted, types)[-limit:]

    async def of_venue(
        self, provider: str, venue_id: str, cursor: int | None, limit: int, *, types: frozenset[str]
    ) -> list[Event]:
        """A venue's page."""
        self._answer()
        older = self.events if cursor is None else self.events[: max(0, cursor - 1)]
        of_venue = [event for event in older if (event.provider, event.venue_id) == (provider, venue_id)]
        return self._matching(of_venue, EventFilter(), types)[::-1][:limit]

    async def opening_counts(
        self, market: str, provider: str, zone: str, since: datetime, releases: Sequence[time]
    ) -> list[OpeningCount]:
        """Openings by venue, lead and release."""
        self._answer()
        counts: Counter[tuple[str, int, time | None]] = Counter()
        for event in self.events:
            mine = (event.market, event.provider) == (market, provider)
            if mine and event.event_type is not EventType.CLOSED and event.opened_at and event.opened_after:
                if event.opened_at < since:
                    continue
                at, after = (
                    moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
                    for moment in (event.opened_at, event.opened_after)
                )
                between = [wall for wall in releases if after < datetime.combine(at, wall) <= at]
                lead = (event.service_date - at.date()).days
                counts[event.venue_id, lead, max(between, default=None)] += 1
        return [OpeningCount(*key, openings) for key, openings in counts.items()]

    @staticmethod
    def _matching(events: Sequence[Event], wanted: EventFilter, types: frozenset[str]) -> list[Event]:
        kinds = {EVENT_TYPES[word] for word in types if word in EVENT_TYPES}
        return [event for event in events if event.event_type in kinds and wanted.matches(event)]

    # --- the checkpoints

    async def load(
        self, buckets: Sequence[BucketKey], provider: str, *, drops_since: datetime | None = None
    ) -> Mapping[BucketKey, BucketState]:
        """Memory as stored."""
        self._answer()
        states = {key: self._restored(key, provider) for key in buckets}
        if drops_since is not None:
            for event in self.events:
                state = states.get(
                    BucketKey(event.market, event.service_date, event.bucket_id.partition("_")[2])
                )
                told = event.event_type is EventType.NEW_DROP and event.provider == provider
                if (
                    state is not None
                    and told
                    and event.opened_at is not None
                    and event.opened_at >= drops_since
                ):
                    state.last_drops[bytes.fromhex(event.slot_id)] = event.opened_at
        return states

    def _restored(self, key: BucketKey, provider: str) -> BucketState:
        bucket = self._buckets.setdefault((key, provider), _Bucket())
        state = BucketState(key, provider)
        state.row = msgspec.structs.replace(bucket.row)
        state.baseline |= bucket.baseline
        restore_pairs(state, bucket.chunks.values())
        state.restore(bucket.open.values())
        return state

    async def stored_buckets(self, market: str, provider: str) -> list[StoredBucket]:
        """The buckets of a market that have rows."""
        self._answer()
        keys = sorted(
            key for key, of_provider in self._buckets if (key.market, of_provider) == (market, provider)
        )
        return [StoredBucket(key, provider) for key in keys]

    async def leave(self, key: BucketKey, provider: str, at: datetime) -> None:  # noqa: ARG002 - the door says when
        """Remove a bucket's rows."""
        self._answer()
        bucket = self._buckets.get((key, provider))
        if bucket is not None and bucket.open:
            raise StoreError(f"{key.bucket_id} at {provider} cannot leave: slots are still open in it")
        self._buckets.pop((key, provider), None)

    async def save_observations(self, state: BucketState, pairs: Mapping[int, Sequence[str]]) -> None:
        """Store last observations."""
        self._answer()
        bucket = self._buckets.get((state.key, state.provider))
        if bucket is not None and bucket.row.poll_seq == state.row.poll_seq:
            bucket.keep(chunks_of_pairs(state, pairs))

    async def save_days(self, day: date, rows: Sequence[BucketDay]) -> None:
        """Keep the buckets' rows of a day."""
        self._answer()
        self.days |= {(day, row.key, row.provider): row for row in rows}

    async def beat(self, process: str, loop: str, at: datetime) -> None:
        """Store a heartbeat."""
        self._answer()
        self.heartbeats[process, loop] = at

    async def newest_scan(self) -> datetime | None:
        """When the newest stored poll ended."""
        self._answer()
        scans = (bucket.row.scanned_at for bucket in self._buckets.values())
        return max((at for at in scans if at is not None), default=None)

    async def settings_mark(self, market: str) -> str | None:
        """The mark of the settings that observations were made under."""
        self._answer()
        return self._marks.get(market)

    async def forget_observations(self, market: str, mark: str) -> None:
        """Forget all pairs of a market."""
        self._answer()
        for (key, _), bucket in self._buckets.items():
            if key.market == market:
                bucket.chunks.clear()
        self._marks[market] = mark

    # --- the venues

    async def learn(self, venues: Sequence[Venue], at: datetime) -> None:
        """Store venues."""
        self._answer()
        for venue in venues:
            key = (venue.provider, venue.venue_id)
            known = self._venues.get(key)
            if known is None:
                self._venues[key] = KnownVenue(venue, at, at)
            else:
                self._venues[key] = KnownVenue(
                    venue.completed_by(known.venue), known.first_seen_at, max(at, known.last_seen_at)
                )

    async def find(
        self,
        *,
        name: str | None,
        neighborhoods: tuple[str, ...],
        providers: tuple[str, ...],
        cuisines: tuple[str, ...],
        price_max: int | None,
        after: tuple[str, str] | None,
        limit: int,
        once: bool = False,
    ) -> list[KnownVenue]:
        """A page of venues in the order of their names."""
        self._answer()
        tests: list[Callable[[Venue], bool]] = [
            lambda venue: not name or name in name_key(venue.name),
            lambda venue: not neighborhoods or _key_of(venue.neighborhood) in neighborhoods,
            lambda venue: not providers or venue.provider in providers,
            lambda venue: not cuisines or _key_of(venue.cuisine) in cuisines,
            lambda venue: (
                price_max is None or (venue.price_range is not None and venue.price_range <= price_max)
            ),
        ]
        found = [known for known in self._venues.values() if all(test(known.venue) for test in tests)]
        found.sort(key=lambda known: _place(known.venue))
        if once:
            found = self._each_restaurant_once(found)
        return [known for known in found if after is None or _place(known.venue) > after][:limit]

    def _each_restaurant_once(self, found: Sequence[KnownVenue]) -> list[KnownVenue]:
        firsts: dict[str, KnownVenue] = {}
        for known in found:
            listing = Listing(known.venue.provider, known.venue.venue_id)
            firsts.setdefault(self._restaurants.get(listing, f"alone {listing}"), known)
        return list(firsts.values())

    async def get(self, provider: str, venue_id: str) -> KnownVenue | None:
        """One venue."""
        self._answer()
        return self._venues.get((provider, venue_id))

    # --- the store as a whole

    async def ping(self) -> None:
        """Make sure that it answers."""
        self._answer()

    async def table_sizes(self) -> dict[str, int]:
        """There is no disk: every size is 0."""
        self._answer()
        return dict.fromkeys(("availability_events", "discovery_buckets", "slot_changes", "venues"), 0)

    def _answer(self) -> None:
        if self.away is not None:
            raise self.away


def _place(venue: Venue) -> tuple[str, str]:
    return name_key(venue.name), f"{venue.provider}:{venue.venue_id}"


def _key_of(name: str | None) -> str | None:
    return None if name is None else name_key(name)
