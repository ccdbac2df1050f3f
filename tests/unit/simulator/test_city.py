"""The city: seeded, scripted, and true to itself."""

from datetime import UTC, datetime, timedelta

import pytest

from tablewire.simulator.city import City
from tablewire.simulator.local_time import instant_text
from tablewire.simulator.truth import Happening, OpenSlot
from tablewire.simulator.venues import CENTRE, metres_between

START = datetime(2026, 11, 21, 15, 30, tzinfo=UTC)


def small(seed: int = 7, start: datetime = START, **options: object) -> City:
    return City.build(seed, start, venues=60, neighbourhoods=6, **options)  # type: ignore[arg-type] # passed through


def as_set(city: City) -> set[OpenSlot]:
    return set(city.open_slots())


def replayed(slots: set[OpenSlot], events: list[Happening]) -> set[OpenSlot]:
    for event in events:
        slot = OpenSlot(event.venue_id, event.actual_time, event.party_size)
        if event.what == "open":
            assert slot not in slots
            slots.add(slot)
        else:
            slots.remove(slot)
    return slots


def test_two_cities_with_one_seed_live_the_same_life_in_whatever_steps_time_goes() -> None:
    first, second = small(), small()
    first.advance(START + timedelta(hours=30))
    for minutes in range(0, 30 * 60 + 1, 7):
        second.advance(START + timedelta(minutes=minutes))
    second.advance(START + timedelta(hours=30))
    assert first.truth.events == second.truth.events


def test_another_seed_gives_another_city() -> None:
    assert {venue.name for venue in small(1).venues} != {venue.name for venue in small(2).venues}


def test_the_events_turn_what_was_open_into_what_is_open() -> None:
    city = small(speed=3.0)
    before = as_set(city)
    city.advance(START + timedelta(days=3))
    assert replayed(before, city.truth.events) == as_set(city)


def test_every_kind_of_happening_comes_in_two_days() -> None:
    city = small()
    city.advance(START + timedelta(days=2))
    assert {event.why for event in city.truth.events} == {
        "release", "cancellation", "booking", "expired", "calendar",
    }  # fmt: skip


def test_releases_come_at_midnight_nine_or_ten_local() -> None:
    city = small()
    city.advance(START + timedelta(days=2))
    released = {instant_text(event.at)[11:] for event in city.truth.events if event.why == "release"}
    assert released <= {"05:00:00.000000Z", "14:00:00.000000Z", "15:00:00.000000Z"}


def test_happenings_are_told_in_the_order_in_which_they_came() -> None:
    city = small()
    city.advance(START + timedelta(days=2))
    instants = [event.at for event in city.truth.events]
    assert instants == sorted(instants)


def test_speed_multiplies_how_often_things_happen() -> None:
    slow, fast = small(), small(speed=20.0)
    for city in (slow, fast):
        city.advance(START + timedelta(minutes=30))
    assert fast.truth.count > 4 * slow.truth.count


def test_a_quiet_city_only_loses_what_has_had_its_time() -> None:
    city = small(quiet=True)
    city.advance(START + timedelta(hours=10))
    assert {event.why for event in city.truth.events} == {"expired"}


def test_nothing_is_open_that_has_started() -> None:
    city = small()
    city.advance(datetime(2026, 11, 22, 2, 0, tzinfo=UTC))  # 21:00 in New York
    assert min(slot.actual_time for slot in city.open_slots()) > "2026-11-21 21:00:00"


def test_the_calendar_follows_the_days() -> None:
    city = small()
    first = min(city.inventory.days)
    city.advance(START + timedelta(days=3))
    assert (min(city.inventory.days), len(city.inventory.days)) == (first + 3, 16)


def test_every_venue_lies_within_the_city() -> None:
    city = small()
    assert all(metres_between(CENTRE, (one.latitude, one.longitude)) < 16_000 for one in city.venues)


def test_a_table_opened_by_hand_is_open_until_it_is_closed_by_hand() -> None:
    city = small(quiet=True, empty=True)
    venue = city.venues[0].id
    city.open(venue, "2026-11-23 19:05:00", (2, 4))
    city.close(venue, "2026-11-23 19:05:00", (4,))
    assert as_set(city) == {OpenSlot(venue, "2026-11-23 19:05:00", 2)}


def test_closing_one_size_of_a_shared_table_tells_only_of_that_size() -> None:
    city = small(quiet=True)
    shared = next(
        (slot.venue_id, slot.actual_time)
        for slot in city.open_slots()
        if slot.party_size == 2 and OpenSlot(slot.venue_id, slot.actual_time, 4) in as_set(city)
    )
    city.close(*shared, (2,))
    told = [(event.what, event.party_size, event.why) for event in city.truth.events]
    assert told == [("close", 2, "script")]


def test_a_table_opened_by_hand_expires_at_its_start() -> None:
    city = small(quiet=True, empty=True)
    city.open(city.venues[0].id, "2026-11-21 12:00:00")
    city.advance(START + timedelta(hours=3))
    last = city.truth.events[-1]
    assert (last.what, last.why, instant_text(last.at)) == ("close", "expired", "2026-11-21T17:00:00.000000Z")


def test_a_start_after_midnight_belongs_to_the_evening_before() -> None:
    city = small(quiet=True, empty=True)
    city.open(city.venues[0].id, "2026-11-23 00:30:00")
    assert [slot.actual_time for slot in city.open_slots(datetime(2026, 11, 22).date())] == [
        "2026-11-23 00:30:00"
    ]


@pytest.mark.parametrize(
    "when", ["2026-11-21 09:00:00", "2027-11-21 19:00:00", "2026-11-22T19:00:00", "soon"]
)
def test_a_table_cannot_be_opened_at_a_time_that_is_past_or_off_the_calendar(when: str) -> None:
    city = small(quiet=True, empty=True)
    with pytest.raises(ValueError, match=r"actual_time|does not match"):
        city.open(city.venues[0].id, when)


def test_a_naive_time_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        small(start=datetime(2026, 11, 21))


def test_the_truth_counts_on_when_old_events_have_fallen_out() -> None:
    city = small(truth_limit=10)
    city.advance(START + timedelta(hours=12))
    assert [event.n for event in city.truth.since(city.truth.count - 3)] == list(
        range(city.truth.count - 2, city.truth.count + 1)
    )
