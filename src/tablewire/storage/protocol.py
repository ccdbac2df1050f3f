"""The door of the store: what the engine and the API ask of it, in their words."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, time
from typing import Protocol

import msgspec

from tablewire.domain.buckets import BucketKey
from tablewire.domain.events import Event
from tablewire.domain.filters import EventFilter
from tablewire.domain.restaurants import Decision, Link, Listing, Pair
from tablewire.domain.slots import Venue
from tablewire.domain.state import BucketState, Change


class Bounds(msgspec.Struct, frozen=True):
    """The ends of the log. An empty log has `oldest == newest + 1`; nothing ever gets an id of `newest` or less again."""

    oldest: int
    """The id of the oldest event that is kept, or the next id to be given where none is."""
    newest: int
    """The newest id ever given; 0 where none was."""


class StoredBucket(msgspec.Struct, frozen=True):
    """A bucket that has rows in the store."""

    key: BucketKey
    provider: str


class OpeningCount(msgspec.Struct, frozen=True):
    """How often tables opened at one venue, so many days before their date."""

    venue_id: str
    lead_days: int
    """Local calendar days from the opening to the date."""
    release: time | None
    """The latest of the given wall times that lies between the looks before and after."""
    openings: int


class KnownVenue(msgspec.Struct, frozen=True):
    """A venue as the store has it."""

    venue: Venue
    first_seen_at: datetime
    last_seen_at: datetime


class EventLog(Protocol):
    """The log of events: written by polls, read by cursor."""

    async def record(self, change: Change, state: BucketState) -> tuple[Event, ...]:
        """Store one poll of one bucket in one transaction, and answer its events with their ids, in order.

        `state` is memory before the change, and is left as it is. An event that was stored before (by its dedupe key) is not stored
        again and not answered. Raises `PollConflict` where another process has stored a poll of this bucket since (nothing was
        stored), `StoreUnavailable` where nothing was stored, `CommitUnknown` where that cannot be known; where the task is cancelled
        meanwhile, it cannot be known either.
        """
        ...

    async def bounds(self) -> Bounds:
        """The ends of the log as stored now."""
        ...

    async def after(
        self, cursor: int, limit: int, *, wanted: EventFilter, types: frozenset[str], upto: int | None = None
    ) -> list[Event]:
        """Events with an id above `cursor` (and at most `upto`), oldest first. `types` as in `domain.filters.EVENT_TYPES`."""
        ...

    async def before(
        self, cursor: int | None, limit: int, *, wanted: EventFilter, types: frozenset[str]
    ) -> list[Event]:
        """The newest `limit` events with an id below `cursor` (None: of all), oldest first."""
        ...

    async def of_venue(
        self, provider: str, venue_id: str, cursor: int | None, limit: int, *, types: frozenset[str]
    ) -> list[Event]:
        """The newest `limit` events of one venue with an id below `cursor`, newest first."""
        ...

    async def opening_counts(
        self, market: str, provider: str, zone: str, since: datetime, releases: Sequence[time]
    ) -> list[OpeningCount]:
        """The openings since then, by venue, distance of their date, and release. Wall times are those of `zone`."""
        ...


class Checkpoints(Protocol):
    """What memory is made of after a start."""

    async def load(
        self, buckets: Sequence[BucketKey], provider: str, *, drops_since: datetime | None = None
    ) -> Mapping[BucketKey, BucketState]:
        """The state of each bucket as stored; an empty one, with its row made, where nothing is stored.

        With `drops_since`, `last_drops` also has the slots that dropped since then and are not open any more.
        """
        ...

    async def stored_buckets(self, market: str, provider: str) -> list[StoredBucket]:
        """All buckets of a market that have rows for a provider, whether still watched or not."""
        ...

    async def leave(self, key: BucketKey, provider: str, at: datetime) -> None:
        """Remove the rows of a bucket that left the window. Raises `StoreError` where something is still open in it."""
        ...

    async def save_observations(self, state: BucketState, pairs: Mapping[int, Sequence[str]]) -> None:
        """Store when pairs (venue ids by party size) were last observed; nothing where another process has polled since."""
        ...

    async def save_days(self, day: date, rows: Sequence["BucketDay"]) -> None:
        """Keep one small row of each bucket for a day: it outlives the bucket."""
        ...

    async def beat(self, process: str, loop: str, at: datetime) -> None:
        """Store the heartbeat of one loop of one process."""
        ...

    async def newest_scan(self) -> datetime | None:
        """When the newest stored poll ended, of all buckets that are watched; None where there is none."""
        ...

    async def settings_mark(self, market: str) -> str | None:
        """What `forget_observations` was last given for a market; None where it never was."""
        ...

    async def forget_observations(self, market: str, mark: str) -> None:
        """Forget all pairs of a market, so that each is first again, and keep the mark of the settings that hold from now on."""
        ...


class BucketDay(msgspec.Struct, frozen=True, kw_only=True):
    """One bucket on one day, for supply."""

    key: BucketKey
    provider: str
    lead_days: int
    baseline_slots: int
    open_slots: int
    observed_venues: int


class VenueBook(Protocol):
    """The venues that were ever seen."""

    async def learn(self, venues: Sequence[Venue], at: datetime) -> None:
        """Store what is known of venues, new or changed, and that they were seen."""
        ...

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
        """Venues by a part of their name and by filters (names as `domain.names.name_key` has them), in order of (name key, provider:venue id).

        With `once`, of the listings of one restaurant only the first that is found.
        """
        ...

    async def get(self, provider: str, venue_id: str) -> KnownVenue | None:
        """One venue, or None."""
        ...


class Identities(msgspec.Struct, frozen=True, kw_only=True):
    """What is stored of which venues are one restaurant."""

    links: tuple[Link, ...]
    decisions: tuple[Decision, ...]
    restaurants: Mapping[Listing, str]
    """The restaurant of each listing that shares one with others."""


class IdentityBook(Protocol):
    """Which venues are one restaurant."""

    async def identities(self) -> Identities:
        """Everything that is stored."""
        ...

    async def decisions(self) -> tuple[Decision, ...]:
        """What people decided, in the order of the pairs."""
        ...

    async def relink(
        self, listings: Collection[Listing], links: Sequence[Link], restaurants: Mapping[Listing, str]
    ) -> None:
        """Put `links` in the place of all that touch one of `listings`, and say which of these have which restaurant; all others of them are alone."""
        ...

    async def decide(self, decision: Decision) -> None:
        """Keep what a person decided, in the place of what was decided of the pair before."""
        ...

    async def undecide(self, pair: Pair) -> bool:
        """Take back what was decided of a pair; answers whether there was anything."""
        ...


class Housekeeping(Protocol):
    """The store as a whole."""

    async def ping(self) -> None:
        """Make sure that it answers and is migrated. Raises `StoreUnavailable` with the reason."""
        ...

    async def table_sizes(self) -> dict[str, int]:
        """Bytes on disk of each table, indexes included."""
        ...


class Store(EventLog, Checkpoints, VenueBook, IdentityBook, Housekeeping, Protocol):
    """The store, whole."""
