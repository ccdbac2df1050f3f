"""Stays, made of closed events and of slots that are open."""

from datetime import UTC, date, datetime, time, timedelta

from tablewire.domain.events import CloseReason, Event, EventType, Origin, microseconds
from tablewire.domain.slots import OpenSlot, Venue
from tablewire.insights.stays import bits, closed_stay, has_size, lead_days, open_stay, sizes_of

AT = datetime(2026, 2, 17, 15, 0, 0, 250_000, tzinfo=UTC)


def closing() -> Event:
    return Event(
        id=7,
        event_type=EventType.CLOSED,
        market="nyc",
        provider="resy",
        bucket_id="2026-02-18_19:00",
        service_date=date(2026, 2, 18),
        slot_id="4eb06f70fcedd7420e26f59a5ea0adb7",
        venue_id="834",
        venue_name="Carbone",
        neighborhood="Greenwich Village",
        price_range=4,
        slot_date=date(2026, 2, 18),
        slot_time=time(20, 30),
        time_bucket="prime",
        origin=Origin.DROP,
        party_sizes=(2, 4),
        seatings=(),
        opened_at=AT,
        opened_after=None,
        first_seen_at=AT,
        last_seen_at=AT,
        closed_at=AT + timedelta(seconds=142.123),
        close_reason=CloseReason.TAKEN,
        drop_duration_seconds=142.123,
        book_url=None,
        image_url=None,
        availability_times=(),
    )


def test_a_closing_tells_of_the_whole_stay() -> None:
    stay = closed_stay(closing())

    assert (stay.minute, stay.prime, stay.lasted) == (1230, True, 142_123_000)
    assert stay.dropped_at == microseconds(AT)
    assert stay.closed_at == microseconds(AT) + 142_123_000
    assert sizes_of(stay.sizes) == (2, 4)


def test_an_open_slot_tells_of_a_stay_that_goes_on() -> None:
    slot = OpenSlot(
        slot_id=b"0" * 16,
        venue=Venue(provider="resy", venue_id="834", name="Carbone"),
        actual_time="2026-02-18 20:30:00",
        starts_at=AT,
        sizes=(2,),
        ever_sizes=(2, 4),
        origin="baseline",
        in_baseline=True,
        first_seen_at=AT,
        seen_at=AT,
    )

    stay = open_stay(slot, date(2026, 2, 18), prime=True)

    assert (stay.opened_at, stay.closed_at, stay.dropped_at, stay.minute) == (None, None, None, 1230)
    assert stay.until(stay.first_seen_at + 5) == (stay.first_seen_at, stay.first_seen_at + 5)


def test_party_sizes_are_bits() -> None:
    assert bits((2, 4, 2)) == 0b10100
    assert bits((0, 63, 900)) == 0
    assert [has_size(bits((2, 4)), size) for size in (None, 2, 3, 4)] == [True, True, False, True]


def test_after_midnight_the_evening_before_lies_a_day_back() -> None:
    assert lead_days(date(2026, 2, 17), date(2026, 2, 18)) == -1
    assert lead_days(date(2026, 3, 3), date(2026, 2, 18)) == 13
