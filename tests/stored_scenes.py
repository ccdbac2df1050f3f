"""One bucket at work with a real store behind it: polls are compared, stored, and only then remembered."""

from datetime import datetime
from typing import Any

import msgspec

from tablewire.domain.buckets import BucketKey
from tablewire.domain.events import CloseReason, Event, EventType, Origin
from tablewire.domain.rules import Rules
from tablewire.domain.snapshots import Answer, Outcome
from tablewire.domain.state import BucketState, Change
from tablewire.storage.protocol import Store
from tests.unit.domain.scenes import DAY, KEY, NINE, RULES, Scene, after

ALL_TYPES = frozenset({"drop", "reopened", "closed"})


class StoredScene(Scene):
    """A scene whose memory comes from a store, and whose polls go to it."""

    def __init__(self, store: Store, state: BucketState, rules: Rules = RULES) -> None:
        super().__init__(rules)
        self.kept_in = store
        self.state = state

    @classmethod
    async def begin(cls, store: Store, rules: Rules = RULES, key: BucketKey = KEY) -> "StoredScene":
        """A bucket as the store has it, made where it has none."""
        return cls(store, (await store.load([key], "resy"))[key], rules)

    async def keep(self, *answers: Answer) -> tuple[Event, ...]:
        """Compare, store and remember; answers the events as stored."""
        return await self.commit(self.look(*answers))

    async def commit(self, change: Change) -> tuple[Event, ...]:
        """Store and remember a change; answers its events as stored."""
        events = await self.kept_in.record(change, self.state)
        self.state.apply(change, events)
        self.log += events
        return events


def facts(state: BucketState) -> dict[str, Any]:
    """All that a state has of what a store keeps, but for pairs."""
    return {
        "open": state.open,
        "baseline": state.baseline,
        "held": sorted(state.held),
        "row": msgspec.structs.asdict(state.row),
        "next_expiry": state.next_expiry,
    }


def pairs_of(state: BucketState) -> dict[tuple[int, str], tuple[int, int, datetime | None]]:
    """The pairs that were observed: place in the order, count and last observation of each."""
    return {
        (size, venue_id): (place, pair.count, pair.observed_at)
        for size, of_size in state.pairs.items()
        for place, (venue_id, pair) in enumerate(of_size.items())
        if pair.count
    }


def quiet_poll(state: BucketState, *, cause: str | None = None) -> Change:
    """A poll in which nothing changed."""
    return Change(
        key=state.key,
        provider=state.provider,
        expected_seq=state.row.poll_seq,
        at=after(state.row.poll_seq),
        outcome=Outcome.OK,
        cause=cause,
    )


def change_with(state: BucketState, *events: Event) -> Change:
    """A poll with made-up events."""
    return msgspec.structs.replace(quiet_poll(state), events=events)


def made_up_event(number: int, *, kind: EventType = EventType.NEW_DROP, **fields: Any) -> Event:
    """An event of its own, different for each number; `fields` replace what it would have."""
    closed = kind is EventType.CLOSED
    event = Event(
        id=0,
        event_type=kind,
        market="nyc",
        provider="resy",
        bucket_id=KEY.bucket_id,
        service_date=DAY,
        slot_id=f"{number:032x}",
        venue_id=f"v{number % 7}",
        venue_name=f"Chez {number % 7}",
        neighborhood="SoHo",
        price_range=2,
        slot_date=DAY,
        slot_time=datetime.fromisoformat(NINE).time(),
        time_bucket="prime",
        origin=Origin.DROP,
        party_sizes=(2, 4),
        seatings=("Bar",),
        opened_at=after(number),
        opened_after=after(number - 1),
        first_seen_at=after(number),
        last_seen_at=after(number + 1) if closed else None,
        closed_at=after(number + 2) if closed else None,
        close_reason=CloseReason.TAKEN if closed else None,
        drop_duration_seconds=120.0 if closed else None,
        book_url="https://example.test/book",
        image_url=None,
        availability_times=("20:00", "21:00"),
    )
    return msgspec.structs.replace(event, **fields)
