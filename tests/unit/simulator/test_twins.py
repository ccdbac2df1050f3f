"""The same city on two platforms: who is who, and who only looks like it."""

from collections import Counter
from datetime import UTC, datetime

import pytest

from tablewire.simulator.city import City
from tablewire.simulator.twins import Twin
from tablewire.simulator.venues import Venue, metres_between

START = datetime(2026, 11, 21, 15, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def city() -> City:
    return City.build(5, START, venues=500, opentable_venues=300, neighbourhoods=20, days=1)


def pairs(city: City, likeness: str) -> list[tuple[Venue, Venue]]:
    return [(twin.venue, city.by_id[twin.of or 0]) for twin in city.twins if twin.likeness == likeness]


def apart(first: Venue, second: Venue) -> float:
    return metres_between((first.latitude, first.longitude), (second.latitude, second.longitude))


def test_four_in_ten_are_the_same_house_and_no_house_has_two_twins(city: City) -> None:
    same = [twin.of for twin in city.twins if twin.likeness == "same"]
    assert len(same) == len(set(same)) == 120


def test_the_same_house_stands_metres_away_and_never_quite_there(city: City) -> None:
    distances = [apart(*pair) for pair in pairs(city, "same")]
    assert min(distances) > 0.5
    assert max(distances) < 50


def test_the_same_house_is_sometimes_written_differently(city: City) -> None:
    changed = [first.name for first, second in pairs(city, "same") if first.name != second.name]
    assert 20 < len(changed) < 80


def test_the_same_house_is_as_popular_there(city: City) -> None:
    assert all(first.popularity == second.popularity for first, second in pairs(city, "same"))


def test_a_branch_of_a_chain_has_the_name_and_another_place(city: City) -> None:
    branches = pairs(city, "chain")
    assert len(branches) >= 8
    assert all(first.name == second.name and apart(first, second) > 1_500 for first, second in branches)


def test_a_neighbour_has_the_address_and_another_name(city: City) -> None:
    neighbours = pairs(city, "one_address")
    assert len(neighbours) == 12
    assert all(first.street == second.street and first.name != second.name for first, second in neighbours)


def test_who_is_who_gives_one_number_to_a_restaurant_on_both_platforms(city: City) -> None:
    listed = Counter(one.restaurant for one in city.who_is_who())
    assert Counter(listed.values()) == {1: 500 + 300 - 2 * 120, 2: 120}


def test_the_other_platform_leaves_the_first_as_it_was(city: City) -> None:
    alone = City.build(5, START, venues=500, neighbourhoods=20, days=1)
    assert alone.open_slots() == [slot for slot in city.open_slots() if slot.provider == "resy"]


def test_two_cities_with_one_seed_have_the_same_twins(city: City) -> None:
    def shape(twin: Twin) -> tuple[object, ...]:
        return (twin.venue.id, twin.venue.name, twin.venue.latitude, twin.likeness, twin.of)

    again = City.build(5, START, venues=500, opentable_venues=300, neighbourhoods=20, days=1)
    assert [shape(twin) for twin in again.twins] == [shape(twin) for twin in city.twins]


def test_a_house_and_its_twin_sell_different_tables(city: City) -> None:
    open_at: dict[tuple[str, int], set[str]] = {}
    for slot in city.open_slots():
        open_at.setdefault((slot.provider, slot.venue_id), set()).add(slot.actual_time)
    assert any(
        open_at.get(("opentable", twin.venue.id)) != open_at.get(("resy", twin.of or 0))
        for twin in city.twins
        if twin.likeness == "same"
    )


def test_too_many_houses_are_refused() -> None:
    with pytest.raises(ValueError, match="opentable_venues=30000"):
        City.build(5, START, venues=10, opentable_venues=30_000, neighbourhoods=2, days=1)
