"""The views of what is bookable now: just opened, still open, available, and how full each bucket is."""

import asyncio
import heapq
from collections.abc import AsyncIterator, Callable, Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import cast

import msgspec

from tablewire.domain.events import Event
from tablewire.domain.filters import EventFilter
from tablewire.domain.slots import OpenSlot, local_start
from tablewire.live.board import Board, OpenRow, Place, latest

ALL_KINDS = frozenset({"drop", "reopened", "baseline", "gap"})
ONLY_DROPS = frozenset({"drop"})
_PLACE_FIELDS = frozenset({"market", "provider", "service_date", "time_bucket"})
_ROWS_AT_ONCE = 200
"""After so many rows made the loop gets a turn."""
_SLOTS_AT_ONCE = 1_000
"""After so many slots looked at the loop gets a turn."""


class _PlaceFields(msgspec.Struct, frozen=True):
    market: str
    provider: str
    service_date: date
    time_bucket: str


class _SlotFields:
    """An open slot as a filter sees it: one object for all of them, so that looking at a slot makes nothing."""

    slot: OpenSlot

    @property
    def venue_id(self) -> str:
        return self.slot.venue.venue_id

    @property
    def listing(self) -> str:
        return f"{self.slot.venue.provider}:{self.slot.venue.venue_id}"

    @property
    def venue_name(self) -> str:
        return self.slot.venue.name

    @property
    def neighborhood(self) -> str | None:
        return self.slot.venue.neighborhood

    @property
    def price_range(self) -> int | None:
        return self.slot.venue.price_range

    @property
    def slot_time(self) -> time:
        return local_start(self.slot.actual_time).time()

    @property
    def party_sizes(self) -> tuple[int, ...]:
        return self.slot.sizes


class OpenedGroup(msgspec.Struct, frozen=True, kw_only=True):
    """What opened lately in one bucket, newest first."""

    market: str
    bucket_id: str
    date: date
    time_slot: str
    last_scan_at: datetime | None
    age_seconds: float | None
    """Seconds since the bucket was last scanned."""
    events: list[OpenRow]


class ProviderFill(msgspec.Struct, frozen=True, kw_only=True):
    """How full one bucket is at one provider."""

    outcome: str | None
    cause: str | None
    last_scan_at: datetime | None
    poll_seq: int
    observed_venues: int
    venues_open: int
    open_slots: int
    baseline_slots: int


class BucketView(msgspec.Struct, frozen=True, kw_only=True):
    """How full one bucket is."""

    market: str
    bucket_id: str
    date: date
    time_slot: str
    time_bucket: str
    last_scan_at: datetime | None
    age_seconds: float | None
    open_slots: int
    baseline_slots: int
    providers: dict[str, ProviderFill]


class Views:
    """Answers from memory; nothing here asks the store or a provider."""

    def __init__(self, board: Board, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._board = board
        self._clock = clock

    def now(self) -> datetime:
        """The instant that ages are counted to."""
        return self._clock()

    def last_scan_at(self) -> datetime | None:
        """When any bucket was scanned last."""
        return self._board.last_scan_at()

    async def just_opened(self, wanted: EventFilter, within: timedelta) -> list[OpenedGroup]:
        """The drops of the last `within` that are still open, by bucket: the group with the newest first."""
        now = self._clock()
        by_bucket: dict[str, list[tuple[Place, OpenRow]]] = {}
        async for place, slot in self._open(wanted, ONLY_DROPS, since=now - within):
            key = place.state.key
            by_bucket.setdefault(f"{key.market} {key.bucket_id}", []).append((place, place.row(slot)))
        groups = [self._group(found, now) for found in by_bucket.values()]
        return sorted(groups, key=lambda group: _opened(group.events[0]), reverse=True)

    async def open_slots(self, wanted: EventFilter, kinds: frozenset[str]) -> list[OpenRow]:
        """Every open slot of some kinds that passes the filter, the one opened last first."""
        rows, _ = await self.newest_open(wanted, kinds, None)
        return rows

    async def newest_open(
        self, wanted: EventFilter, kinds: frozenset[str], limit: int | None
    ) -> tuple[list[OpenRow], int]:
        """The `limit` open slots of some kinds that opened last and pass the filter, newest first, and how many there are."""
        found = [pair async for pair in self._open(wanted, kinds)]
        newest = heapq.nlargest(len(found) if limit is None else limit, found, key=_slot_opened)
        rows = []
        for number, (place, slot) in enumerate(newest, start=1):
            rows.append(place.row(slot))
            if number % _ROWS_AT_ONCE == 0:
                await asyncio.sleep(0)
        return rows, len(found)

    def at_venue(self, provider: str, venue_id: str) -> list[OpenRow]:
        """What is open at one venue, by start."""
        rows = [
            place.row(slot)
            for place in self._board.places()
            if place.state.provider == provider
            for slot in place.state.by_venue.get(venue_id, ())
        ]
        return sorted(rows, key=lambda row: (row.slot_date, row.slot_time))

    def count_at_venue(self, provider: str, venue_id: str) -> int:
        """How many slots are open at one venue."""
        states = (place.state for place in self._board.places() if place.state.provider == provider)
        return sum(len(state.by_venue.get(venue_id, ())) for state in states)

    def buckets(self, market: str | None = None) -> list[BucketView]:
        """How full each bucket is, in order of market, date and time slot."""
        now = self._clock()
        found = ((key.market, places) for key, places in self._board.buckets())
        return [self._bucket(places, now) for of_market, places in found if market in (None, of_market)]

    async def _open(
        self, wanted: EventFilter, kinds: frozenset[str], since: datetime | None = None
    ) -> AsyncIterator[tuple[Place, OpenSlot]]:
        of_place = EventFilter(tuple(term for term in wanted.terms if term.field in _PLACE_FIELDS))
        of_slot = EventFilter(tuple(term for term in wanted.terms if term.field not in _PLACE_FIELDS))
        fields = _SlotFields()
        as_event = cast("Event", fields)  # it has every field that the terms left over can name
        for place in self._board.places():
            if not of_place.matches(cast("Event", _fields(place))):  # its terms name these fields only
                continue
            for number, slot in enumerate(place.slots(kinds), start=1):
                if number % _SLOTS_AT_ONCE == 0:
                    await asyncio.sleep(0)
                if since is not None and (slot.opened_at is None or slot.opened_at < since):
                    continue
                fields.slot = slot
                if of_slot.matches(as_event):
                    yield place, slot

    def _group(self, found: list[tuple[Place, OpenRow]], now: datetime) -> OpenedGroup:
        key = found[0][0].state.key
        places = [place for of_key, places in self._board.buckets() if of_key == key for place in places]
        scanned = latest(places)
        return OpenedGroup(
            market=key.market,
            bucket_id=key.bucket_id,
            date=key.service_date,
            time_slot=key.time_slot,
            last_scan_at=scanned,
            age_seconds=age(scanned, now),
            events=sorted((row for _, row in found), key=_opened, reverse=True),
        )

    def _bucket(self, places: list[Place], now: datetime) -> BucketView:
        key, scanned = places[0].state.key, latest(places)
        providers = {place.state.provider: _fill(place) for place in places}
        return BucketView(
            market=key.market,
            bucket_id=key.bucket_id,
            date=key.service_date,
            time_slot=key.time_slot,
            time_bucket=places[0].time_bucket,
            last_scan_at=scanned,
            age_seconds=age(scanned, now),
            open_slots=_total(providers.values(), "open_slots"),
            baseline_slots=_total(providers.values(), "baseline_slots"),
            providers=providers,
        )


def age(at: datetime | None, now: datetime) -> float | None:
    """Seconds from an instant to now, to the millisecond and never below 0; None where there is no instant."""
    return None if at is None else max(0.0, round((now - at).total_seconds(), 3))


def open_for(row: OpenRow, now: datetime) -> int:
    """For how many whole seconds a slot has been open, as far as is known."""
    return max(0, int((now - (row.opened_at or row.first_seen_at)).total_seconds()))


def _opened(row: OpenRow) -> tuple[datetime, int]:
    return (row.opened_at or row.first_seen_at, row.id or 0)


def _slot_opened(found: tuple[Place, OpenSlot]) -> tuple[datetime, int]:
    slot = found[1]
    return (slot.opened_at or slot.first_seen_at, slot.event_id or 0)


def _fields(place: Place) -> _PlaceFields:
    key = place.state.key
    return _PlaceFields(key.market, place.state.provider, key.service_date, place.time_bucket)


def _total(fills: Iterable[ProviderFill], field: str) -> int:
    return sum(getattr(fill, field) for fill in fills)


def _fill(place: Place) -> ProviderFill:
    row, counts = place.state.row, place.counts()
    return ProviderFill(
        outcome=row.outcome,
        cause=row.cause,
        last_scan_at=row.scanned_at,
        poll_seq=row.poll_seq,
        observed_venues=counts.observed_venues,
        venues_open=counts.venues_open,
        open_slots=counts.open_slots,
        baseline_slots=counts.baseline_slots,
    )
