"""The views of what is bookable now: just opened, still open, available, and how full each bucket is."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from typing import cast

import msgspec

from tablewire.domain.events import Event
from tablewire.domain.filters import EventFilter
from tablewire.live.board import Board, OpenRow, Place, latest

ALL_KINDS = frozenset({"drop", "reopened", "baseline", "gap"})
ONLY_DROPS = frozenset({"drop"})
_PLACE_FIELDS = frozenset({"market", "provider", "service_date", "time_bucket"})
_ROWS_AT_ONCE = 500
"""After so many slots the loop gets a turn."""


class _PlaceFields(msgspec.Struct, frozen=True):
    market: str
    provider: str
    service_date: date
    time_bucket: str


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
        async for place, row in self._open(wanted, ONLY_DROPS, since=now - within):
            by_bucket.setdefault(f"{row.market} {row.bucket_id}", []).append((place, row))
        groups = [self._group(found, now) for found in by_bucket.values()]
        return sorted(groups, key=lambda group: _opened(group.events[0]), reverse=True)

    async def open_slots(self, wanted: EventFilter, kinds: frozenset[str]) -> list[OpenRow]:
        """Every open slot of some kinds that passes the filter, the one opened last first."""
        rows = [row async for _, row in self._open(wanted, kinds)]
        rows.sort(key=lambda row: (row.opened_at or row.first_seen_at, row.id or 0), reverse=True)
        return rows

    def at_venue(self, provider: str, venue_id: str) -> list[OpenRow]:
        """What is open at one venue, by start."""
        rows = [
            place.row(slot)
            for place in self._board.places()
            if place.state.provider == provider
            for slot in place.state.by_venue.get(venue_id, {}).values()
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
    ) -> AsyncIterator[tuple[Place, OpenRow]]:
        of_place = EventFilter(tuple(term for term in wanted.terms if term.field in _PLACE_FIELDS))
        of_slot = EventFilter(tuple(term for term in wanted.terms if term.field not in _PLACE_FIELDS))
        looked_at = 0
        for place in self._board.places():
            if not of_place.matches(cast("Event", _fields(place))):  # its terms name these fields only
                continue
            slots = place.slots(kinds)
            if since is not None:
                slots = tuple(
                    slot for slot in slots if slot.opened_at is not None and slot.opened_at >= since
                )
            for slot in slots:
                row = place.row(slot)
                if of_slot.matches(cast("Event", row)):  # it has all the fields of an event
                    yield place, row
            looked_at += len(slots)
            if looked_at >= _ROWS_AT_ONCE:
                looked_at = 0
                await asyncio.sleep(0)

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
