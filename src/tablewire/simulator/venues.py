"""The restaurants of the make-believe city: invented, but with the shape of real ones."""

import math
import random
from collections.abc import Sequence
from datetime import date

import msgspec

from tablewire.simulator.names import (
    CUISINES,
    hex_name,
    neighbourhood_names,
    slug_of,
    street_name,
    venue_names,
)
from tablewire.simulator.plan import Plan, draw_plan
from tablewire.simulator.routes import RESY

CENTRE = (40.7128, -74.0060)
_METRES_A_DEGREE = 111_195.0
_EARTH_METRES = 6_371_000.0
_RADIUS = 15_900.0
_LEADS = (6, 7, 9, 10, 13, 14, 14, 21, 28, 30, 30, 45, 60)
_RELEASE_MINUTES = (0, 540, 600)


class Venue(msgspec.Struct, kw_only=True, frozen=True):
    """One restaurant on one platform. `popularity` runs from 0 (tables stay for days) to 1 (gone in seconds)."""

    index: int
    id: int
    name: str
    slug: str
    neighbourhood: str
    latitude: float
    longitude: float
    cuisine: tuple[str, ...]
    price: int
    popularity: float
    plan: Plan
    most: int
    lead_days: int
    release_minute: int
    closed_weekdays: tuple[int, ...]
    rating: float
    ratings: int
    images: tuple[str, ...]
    phone: str | None
    street: str = ""
    post_code: str = ""
    provider: str = RESY

    def opens_on(self, day: int) -> bool:
        """Whether the house serves on that day (a proleptic ordinal)."""
        return date.fromordinal(day).weekday() not in self.closed_weekdays


class Terms(msgspec.Struct, frozen=True):
    """When a house puts its tables on sale, and when it is shut."""

    lead_days: int
    release_minute: int
    closed_weekdays: tuple[int, ...]


def metres_between(first: tuple[float, float], second: tuple[float, float]) -> float:
    """The great-circle distance of two (latitude, longitude) pairs, by the haversine formula."""
    lat_a, lng_a, lat_b, lng_b = map(math.radians, (*first, *second))
    half = math.sin((lat_b - lat_a) / 2) ** 2
    half += math.cos(lat_a) * math.cos(lat_b) * math.sin((lng_b - lng_a) / 2) ** 2
    return 2 * _EARTH_METRES * math.asin(math.sqrt(half))


def draw_venues(seed: int, count: int, neighbourhoods: int, party_sizes: Sequence[int]) -> list[Venue]:
    """Invent that many venues; the same arguments always give the same ones."""
    rng = random.Random(f"venues {seed}")
    addresses = random.Random(f"addresses {seed}")  # drawn apart, so that the rest of a city is as it was
    places = [(name, spot(rng, CENTRE, _RADIUS * 0.9)) for name in neighbourhood_names(rng, neighbourhoods)]
    plans = [draw_plan(rng, party_sizes) for _ in range(max(8, min(240, count // 5)))]
    ids = rng.sample(range(300, 99_000), count)
    names = venue_names(rng, count)
    return [
        _draw_venue(rng, addresses, index, ids[index], names[index], places, plans) for index in range(count)
    ]


def _draw_venue(
    rng: random.Random,
    addresses: random.Random,
    index: int,
    venue_id: int,
    name: str,
    places: list[tuple[str, tuple[float, float]]],
    plans: list[Plan],
) -> Venue:
    neighbourhood, middle = rng.choice(places)
    latitude, longitude = spot(rng, middle, 900.0)
    plan = rng.choice(plans)
    return Venue(
        index=index,
        id=venue_id,
        name=name,
        slug=f"{slug_of(name)}-{slug_of(neighbourhood)}",
        neighbourhood=neighbourhood if rng.random() > 0.01 else "",
        latitude=latitude,
        longitude=longitude,
        cuisine=tuple(rng.sample(CUISINES, rng.choice((1, 1, 1, 2)))),
        price=rng.choices((1, 2, 3, 4), (15, 40, 30, 15))[0],
        popularity=round(rng.random() ** 0.9, 4),
        plan=plan,
        most=plan.most + rng.choice((0, 0, 2, 6)),
        **msgspec.structs.asdict(draw_terms(rng)),
        rating=round(rng.uniform(3.4, 4.95), 5),
        ratings=int(rng.expovariate(1 / 900)),
        images=draw_images(rng),
        phone=rng.choice((None, "", _phone(index), _phone(index))),
        street=street_name(addresses),
        post_code=f"100{places.index((neighbourhood, middle)) % 100:02d}",
    )


def draw_terms(rng: random.Random) -> Terms:
    """Invent the terms of one house."""
    return Terms(
        lead_days=rng.choice(_LEADS),
        release_minute=rng.choice(_RELEASE_MINUTES),
        closed_weekdays=rng.choice(((), (), (), (0,), (0,), (0, 1), (6,), (1,))),
    )


def draw_images(rng: random.Random) -> tuple[str, ...]:
    """The names of a house's pictures, if it has any."""
    return tuple(hex_name(rng) for _ in range(rng.choice((0, 1, 2, 3))))


def _phone(index: int) -> str:
    """A number of the house's own, in an area that has no telephones."""
    return f"+1555{2_000_000 + index}"


def spot(rng: random.Random, middle: tuple[float, float], radius: float) -> tuple[float, float]:
    """A point within `radius` metres of the middle (denser towards it) that is also within the city."""
    while True:
        distance, angle = radius * rng.random() ** 0.7, rng.random() * math.tau
        latitude = middle[0] + distance * math.cos(angle) / _METRES_A_DEGREE
        longitude = middle[1] + distance * math.sin(angle) / (
            _METRES_A_DEGREE * math.cos(math.radians(middle[0]))
        )
        if metres_between(CENTRE, (latitude, longitude)) <= _RADIUS:
            return latitude, longitude
