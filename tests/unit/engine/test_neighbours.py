"""Who is near whom, without looking at the whole city."""

import random
from typing import Any

import pytest

from tablewire.domain.identity import NEAR, traits_of
from tablewire.domain.places import metres_between
from tablewire.domain.restaurants import Listing
from tablewire.domain.slots import Venue
from tablewire.engine.neighbours import CROWD, Neighbourhoods


def put(places: Neighbourhoods, provider: str, venue_id: str, **fields: Any) -> Listing:
    venue = Venue(provider=provider, venue_id=venue_id, name="Any", **fields)
    listing = Listing(provider, venue_id)
    places.put(listing, traits_of(venue))
    return listing


@pytest.mark.parametrize(
    "middle", [(40.71, -74.0), (0.0, 0.0), (-33.86, 151.2), (64.1, -21.9), (51.5, 179.9999)]
)
def test_nobody_within_reach_is_missed(middle: tuple[float, float]) -> None:
    rng, places = random.Random(1), Neighbourhoods()
    points: dict[Listing, tuple[float, float]] = {}
    for number in range(300):
        point = middle[0] + rng.uniform(-0.004, 0.004), middle[1] + rng.uniform(-0.0001, -0.005)
        provider = rng.choice(["resy", "opentable"])
        points[put(places, provider, str(number), latitude=point[0], longitude=point[1])] = point
    for listing, point in points.items():
        within = {
            other
            for other, there in points.items()
            if other.provider != listing.provider and metres_between(point, there) <= NEAR
        }
        assert within <= places.near(listing)


def test_most_of_the_city_is_not_looked_at() -> None:
    rng, places = random.Random(1), Neighbourhoods()
    for number in range(1_000):
        put(
            places,
            "opentable",
            str(number),
            latitude=40.7 + rng.random() / 10,
            longitude=-74 + rng.random() / 10,
        )
    here = put(places, "resy", "1", latitude=40.75, longitude=-73.95)
    assert len(places.near(here)) < 20


def test_an_address_and_a_phone_number_bring_listings_together_wherever_they_are() -> None:
    places = Neighbourhoods()
    by_street = put(places, "resy", "1", address="1 Main Street")
    by_phone = put(places, "resy", "2", phone="+12125550142", latitude=40.0, longitude=-74.0)
    here = put(places, "opentable", "1", address="1 Main St", phone="(212) 555-0142")
    assert places.near(here) == {by_street, by_phone}


def test_a_listing_that_moved_is_found_where_it_is_now() -> None:
    places = Neighbourhoods()
    here = put(places, "opentable", "1", latitude=40.0, longitude=-74.0)
    moved = put(places, "resy", "1", latitude=40.0, longitude=-74.0)
    put(places, "resy", "1", latitude=41.0, longitude=-74.0)
    assert moved not in places.near(here)


def test_a_switchboard_brings_nobody_together() -> None:
    places = Neighbourhoods()
    here = put(places, "resy", "first", phone="+12125550142")
    for number in range(CROWD):
        put(places, "resy", str(number), phone="+12125550142")
    there = put(places, "opentable", "1", phone="+12125550142")
    assert places.is_switchboard(
        traits_of(Venue(provider="x", venue_id="1", name="Any", phone="+12125550142"))
    )
    assert places.near(there) == places.near(here) == set()
