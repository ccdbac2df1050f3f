"""Which houses of the make-believe city are found to be one restaurant, held against its truth."""

import random

import pytest

from tablewire.domain.restaurants import Listing
from tablewire.domain.slots import Venue
from tablewire.engine.identities import Identities
from tablewire.live.restaurants import Restaurants
from tablewire.simulator.twins import Twin, draw_twins, listed
from tablewire.simulator.venues import Venue as House
from tablewire.simulator.venues import draw_venues
from tablewire.storage.memory import MemoryStore
from tests.clock import START, StepClock

RESY, OPENTABLE = 2_700, 1_500
SIZES = (2, 4)


def said_of(house: House, provider: str) -> Venue:
    """What the platforms' search answers say of a house: Resy's have no street."""
    return Venue(
        provider=provider,
        venue_id=str(house.id),
        name=house.name,
        neighborhood=house.neighbourhood or None,
        price_range=house.price,
        cuisine=", ".join(house.cuisine),
        latitude=house.latitude,
        longitude=house.longitude,
        address=None if provider == "resy" else house.street,
        phone=house.phone or None,
    )


def truly_one(houses: list[House], twins: list[Twin]) -> set[tuple[Listing, ...]]:
    """The listings of each restaurant that has several."""
    restaurants: dict[int, list[Listing]] = {}
    for one in listed(houses, twins):
        restaurants.setdefault(one.restaurant, []).append(Listing(one.provider, str(one.venue_id)))
    return {tuple(sorted(listings)) for listings in restaurants.values() if len(listings) > 1}


async def found_to_be_one(venues: list[Venue], *, at_once: int) -> set[tuple[Listing, ...]]:
    """The same, as it is found when venues come to be known so many at a time."""
    store, restaurants, clock = MemoryStore(), Restaurants(), StepClock()
    identities = Identities(store, restaurants, clock)
    for start in range(0, len(venues), at_once):
        await store.learn(venues[start : start + at_once], START)
        identities.see(venues[start : start + at_once], START)
        await identities.turn()
    groups = {restaurants.listings_of(venue.provider, venue.venue_id) for venue in venues}
    return {group for group in groups if len(group) > 1}


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_in_a_whole_city_nothing_is_merged_wrongly_and_hardly_anything_missed(seed: int) -> None:
    houses = draw_venues(seed, RESY, 60, SIZES)
    twins = draw_twins(seed, houses, OPENTABLE, SIZES)
    venues = [said_of(house, "resy") for house in houses]
    venues += [said_of(twin.venue, "opentable") for twin in twins]
    random.Random(seed).shuffle(venues)
    truth, found = truly_one(houses, twins), await found_to_be_one(venues, at_once=1_000)
    assert found - truth == set()
    assert len(found) >= 0.99 * len(truth) > 500
