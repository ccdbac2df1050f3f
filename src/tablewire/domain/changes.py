"""From decided openings and closings to the change that is stored: rows, and events in their order."""

from collections import defaultdict
from datetime import datetime, timedelta

import msgspec

from tablewire.domain.events import CloseReason, Event, EventType, Origin
from tablewire.domain.markets import instant
from tablewire.domain.rules import Rules
from tablewire.domain.slots import OpenSlot, SeenSlot, Venue, local_start, shared
from tablewire.domain.snapshots import Outcome
from tablewire.domain.state import BucketState, Change, Observed


class Opening(msgspec.Struct, frozen=True, kw_only=True):
    """A slot that opens."""

    venue: Venue
    slot: SeenSlot
    origin: Origin
    in_baseline: bool
    sizes: tuple[int, ...]
    seatings: tuple[str, ...]
    sent_at: datetime
    opened_after: datetime | None


class Closing(msgspec.Struct, frozen=True):
    """A slot that closes: as of when, when it was last seen, and why."""

    slot: OpenSlot
    closed_at: datetime
    last_seen_at: datetime
    reason: CloseReason
    longest_gap: timedelta
    """Where it was last seen longer than this before its closing, its duration is unknown."""

    @property
    def duration(self) -> float | None:
        """Seconds from its opening to its closing, to the millisecond; None where either is not known well enough."""
        opened_at = self.slot.opened_at
        if opened_at is None or self.reason is not CloseReason.TAKEN:
            return None
        if self.closed_at - self.last_seen_at > self.longest_gap:
            return None
        if self.closed_at < opened_at:  # the clock was set back in between
            return None
        return round((self.closed_at - opened_at).total_seconds(), 3)


class ChangeBuilder:
    """Collects what opens, changes and closes in one bucket, and makes one change of it."""

    def __init__(self, state: BucketState, rules: Rules, at: datetime) -> None:
        self._state = state
        self._rules = rules
        self._at = at
        self._opened: dict[bytes, OpenSlot] = {}
        self._updated: list[OpenSlot] = []
        self._closings: list[Closing] = []

    @property
    def nothing(self) -> bool:
        """Whether nothing has been collected."""
        return not (self._opened or self._updated or self._closings)

    def starts_at(self, slot: SeenSlot) -> datetime:
        """The UTC instant at which a slot starts."""
        return instant(local_start(slot.actual_time), self._rules.zone)

    def open(self, opening: Opening) -> None:
        """A slot opens."""
        told = opening.origin in (Origin.DROP, Origin.REOPENED)
        self._opened[opening.slot.slot_id] = OpenSlot(
            slot_id=opening.slot.slot_id,
            venue=opening.venue,
            actual_time=opening.slot.actual_time,
            starts_at=self.starts_at(opening.slot),
            sizes=shared(opening.sizes),
            ever_sizes=shared(opening.sizes),
            origin=opening.origin,
            in_baseline=opening.in_baseline,
            first_seen_at=self._at,
            seen_at=opening.sent_at,
            opened_at=self._at if told else None,
            opened_after=opening.opened_after if told else None,
            seatings=shared(opening.seatings),
            book_page=opening.slot.book_page,
            book_query=opening.slot.book_query,
            off_market_at=opening.slot.off_market_at,
            approximate=opening.slot.approximate,
        )

    def update(self, slot: OpenSlot) -> None:
        """An open slot stays open with other party sizes or marks."""
        self._updated.append(slot)

    def close(self, closing: Closing) -> None:
        """A slot closes."""
        self._closings.append(closing)

    def build(
        self,
        *,
        outcome: Outcome | None,
        cause: str | None,
        scanned: bool,
        observed: tuple[Observed, ...] = (),
        first_pairs: tuple[tuple[int, str], ...] = (),
        unsettled: tuple[tuple[int, str], ...] = (),
        missed: tuple[tuple[int, str], ...] = (),
        heard: tuple[tuple[int, str, datetime], ...] = (),
        lapsed: tuple[tuple[int, str], ...] = (),
    ) -> Change:
        """The change that has been collected."""
        return Change(
            key=self._state.key,
            provider=self._state.provider,
            expected_seq=self._state.row.poll_seq,
            at=self._at,
            outcome=outcome,
            cause=cause,
            scanned=scanned,
            events=self._events(),
            opened=tuple(self._opened.values()),
            updated=tuple(self._updated),
            closed=tuple(closing.slot.slot_id for closing in self._closings),
            baseline_closed=tuple(
                closing.slot.slot_id for closing in self._closings if closing.slot.in_baseline
            ),
            observed=observed,
            first_pairs=first_pairs,
            unsettled=unsettled,
            missed=missed,
            heard=heard,
            lapsed=lapsed,
        )

    def _events(self) -> tuple[Event, ...]:
        told = [slot for slot in self._opened.values() if slot.opened_at is not None]
        if not told and not self._closings:
            return ()
        times = self._times_after()
        closings = sorted(self._closings, key=lambda closing: (closing.closed_at, closing.slot.slot_id))
        openings = sorted(told, key=lambda slot: (slot.venue.venue_id, slot.actual_time))
        return (
            *(self._closing_event(closing, times) for closing in closings),
            *(self._opening_event(slot, times) for slot in openings),
        )

    def _times_after(self) -> dict[str, tuple[str, ...]]:
        """The times open at each venue that has an event, once this change is applied."""
        opened: defaultdict[str, list[str]] = defaultdict(list)
        for slot in self._opened.values():
            opened[slot.venue.venue_id].append(slot.actual_time)
        closed = {closing.slot.slot_id for closing in self._closings}
        venues = {*opened, *(closing.slot.venue.venue_id for closing in self._closings)}
        times: dict[str, tuple[str, ...]] = {}
        for venue_id in venues:
            stay = [
                slot.actual_time
                for slot in self._state.by_venue.get(venue_id, ())
                if slot.slot_id not in closed
            ]
            times[venue_id] = tuple(actual[11:16] for actual in sorted({*stay, *opened[venue_id]}))
        return times

    def _opening_event(self, slot: OpenSlot, times: dict[str, tuple[str, ...]]) -> Event:
        kind = EventType.NEW_DROP if slot.origin == Origin.DROP else EventType.REOPENED
        return open_slot_event(slot, self._state, self._rules, times[slot.venue.venue_id], kind)

    def _closing_event(self, closing: Closing, times: dict[str, tuple[str, ...]]) -> Event:
        slot = closing.slot
        begun = open_slot_event(slot, self._state, self._rules, times[slot.venue.venue_id], EventType.CLOSED)
        return msgspec.structs.replace(
            begun,
            id=0,
            party_sizes=slot.ever_sizes,
            last_seen_at=closing.last_seen_at,
            closed_at=closing.closed_at,
            close_reason=closing.reason,
            drop_duration_seconds=closing.duration,
        )


def open_slot_event(
    slot: OpenSlot, state: BucketState, rules: Rules, times: tuple[str, ...], kind: EventType
) -> Event:
    """An open slot in the words of an event; its id is that of its opening event, or 0."""
    start = local_start(slot.actual_time)
    return Event(
        id=slot.event_id or 0,
        event_type=kind,
        market=state.key.market,
        provider=state.provider,
        bucket_id=state.key.bucket_id,
        service_date=state.key.service_date,
        slot_id=slot.slot_id.hex(),
        venue_id=slot.venue.venue_id,
        venue_name=slot.venue.name,
        neighborhood=slot.venue.neighborhood,
        price_range=slot.venue.price_range,
        slot_date=start.date(),
        slot_time=start.time(),
        time_bucket=rules.parts.time_bucket(state.key.time_slot),
        origin=Origin(slot.origin),
        party_sizes=slot.sizes,
        seatings=slot.seatings,
        opened_at=slot.opened_at,
        opened_after=slot.opened_after,
        first_seen_at=slot.first_seen_at,
        last_seen_at=None,
        closed_at=None,
        close_reason=None,
        drop_duration_seconds=None,
        book_url=slot.book_url,
        image_url=slot.venue.image_url,
        availability_times=times,
        approximate=slot.approximate,
    )
