"""Made-up events, slots and changes."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, cast

import msgspec

from tablewire.domain.buckets import BucketKey
from tablewire.domain.events import CloseReason, Event, EventType, Origin
from tablewire.domain.slots import OpenSlot, Venue, slot_id
from tablewire.domain.snapshots import Outcome
from tablewire.domain.state import BucketState, Change

BEGIN = datetime(2026, 11, 20, 12, tzinfo=UTC)
DAY = date(2027, 3, 5)
HOODS = ("Old Harbour", "Mill Hill", "Gasworks", "Orchard Street", "North Quay")


def event(number: int, *, day: date = DAY, kind: EventType = EventType.NEW_DROP) -> Event:
    """An event of its own for each number; its text holds the readers' mark once."""
    at = BEGIN + timedelta(seconds=number)
    closed = kind is EventType.CLOSED
    return Event(
        id=0,
        event_type=kind,
        market="nyc",
        provider="resy",
        bucket_id=f"{day}_19:00",
        service_date=day,
        slot_id=f"{number:032x}",
        venue_id=str(number % 700),
        venue_name=f"House ~ {number % 700}",
        neighborhood=HOODS[number % len(HOODS)],
        price_range=1 + number % 4,
        slot_date=day,
        slot_time=datetime(2027, 1, 1, 17 + number % 6, number % 60).time(),
        time_bucket="prime",
        origin=Origin.DROP,
        party_sizes=(2, 4) if number % 2 else (2,),
        seatings=("Dining Room",),
        opened_at=at,
        opened_after=at - timedelta(seconds=30),
        first_seen_at=at,
        last_seen_at=at + timedelta(seconds=60) if closed else None,
        closed_at=at + timedelta(seconds=90) if closed else None,
        close_reason=CloseReason.TAKEN if closed else None,
        drop_duration_seconds=90.0 if closed else None,
        book_url=f"https://resy.example/cities/nyc/venues/house-{number % 700}?date={day}&seats=2",
        image_url=f"https://image.example/{number % 700}/640x360",
        availability_times=("19:15", "20:30"),
    )


class Short(msgspec.Struct, frozen=True, gc=False):
    """As much of an event as is told apart by the hub, in about as many bytes as the goals of fan-out were set with."""

    id: int
    event_type: EventType
    venue_name: str
    venue_id: str
    bucket_id: str
    slot_date: date
    opened_at: datetime
    book_url: str

    @classmethod
    def of(cls, whole: Event) -> Event:
        """A short one for a whole one."""
        assert whole.opened_at is not None
        one = cls(
            whole.id, whole.event_type, whole.venue_name, whole.venue_id, whole.bucket_id, whole.slot_date, whole.opened_at,
            "https://x.example/2",
        )  # fmt: skip
        return cast("Event", one)


def burst_of(order: dict[str, Any], first: int) -> list[Event]:
    """The events that a benchmark orders: `count` of them, `short` or whole, with ids from the first on."""
    made = numbered([event(first + number) for number in range(order["count"])], first)
    return [Short.of(one) for one in made] if order.get("short") else made


def numbered(events: Sequence[Event], first: int) -> list[Event]:
    """Events with ids, from the first on."""
    return [msgspec.structs.replace(one, id=first + place) for place, one in enumerate(events)]


def open_slot(number: int, day: date = DAY, *, in_baseline: bool = True) -> OpenSlot:
    """A slot that is open, of its own for each number; ten to a venue."""
    venue_id = str(number // 10)
    actual = f"{day} {17 + number % 6:02}:{number % 60:02}:00"
    starts = datetime.fromisoformat(actual).replace(tzinfo=UTC) + timedelta(hours=5)
    return OpenSlot(
        slot_id=slot_id("resy", f"{day}/{number}", actual),
        venue=Venue(
            provider="resy",
            venue_id=venue_id,
            name=f"House {venue_id}",
            neighborhood=HOODS[number // 10 % len(HOODS)],
            price_range=2,
            cuisine="Noodles",
            url=f"https://resy.example/cities/nyc/venues/house-{venue_id}",
            image_url=f"https://image.example/{venue_id}/640x360",
        ),
        actual_time=actual,
        starts_at=starts,
        sizes=(2, 4),
        ever_sizes=(2, 4),
        origin="baseline" if in_baseline else "drop",
        in_baseline=in_baseline,
        first_seen_at=BEGIN,
        seen_at=BEGIN,
        opened_at=None if in_baseline else BEGIN,
        opened_after=None if in_baseline else BEGIN,
        seatings=("Dining Room",),
        book_page=f"https://resy.example/cities/nyc/venues/house-{venue_id}",
        book_query=f"?date={day}&seats=2",
    )


def poll_of(
    state: BucketState,
    *,
    opened: Sequence[OpenSlot] = (),
    closed: Sequence[bytes] = (),
    events: Sequence[Event] = (),
) -> Change:
    """A poll that went well and changed this."""
    gone = tuple(closed)
    return Change(
        key=state.key,
        provider=state.provider,
        expected_seq=state.row.poll_seq,
        at=BEGIN + timedelta(seconds=30 * (state.row.poll_seq + 1)),
        outcome=Outcome.OK,
        events=tuple(events),
        opened=tuple(opened),
        closed=gone,
        baseline_closed=tuple(one for one in gone if one in state.baseline),
    )


def bucket(number: int) -> BucketKey:
    """One of many buckets: two a day."""
    return BucketKey("nyc", DAY + timedelta(days=number // 2), ("15:00", "19:00")[number % 2])
