"""Stays, made of slots that are open, and their party sizes."""

from datetime import UTC, date, datetime

from tablewire.domain.slots import OpenSlot, Venue
from tablewire.insights.stays import bits, has_size, lead_days, open_stay

AT = datetime(2026, 2, 17, 15, 0, 0, 250_000, tzinfo=UTC)


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
