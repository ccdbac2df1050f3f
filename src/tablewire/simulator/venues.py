"""The restaurants of the make-believe city: invented, but with the shape of real ones."""

import math
import random
from collections.abc import Sequence
from datetime import date

import msgspec

from tablewire.simulator.names import CUISINES, neighbourhood_names, slug_of, venue_names
from tablewire.simulator.plan import Plan, draw_plan

CENTRE = (40.7128, -74.0060)
_METRES_A_DEGREE = 111_195.0
_EARTH_METRES = 6_371_000.0
_RADIUS = 15_900.0
_LEADS = (6, 7, 9, 10, 13, 14, 14, 21, 28, 30, 30, 45, 60)
_RELEASE_MINUTES = (0, 540, 600)


class Venue(msgspec.Struct, kw_only=True, frozen=True):
    """One restaurant. `popularity` runs from 0 (tables stay for days) to 1 (gone in seconds)."""

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

    def opens_on(self, day: int) -> bool:
        """Whether the house serves on that day (a proleptic ordinal)."""
        return date.fromordinal(day).weekday() not in self.closed_weekdays


def metres_between(first: tuple[float, float], second: tuple[float, float]) -> float:
    """The great-circle distance of two (latitude, longitude) pairs, by the haversine formula."""
    lat_a, lng_a, lat_b, lng_b = map(math.radians, (*first, *second))
    half = math.sin((lat_b - lat_a) / 2) ** 2
    half += math.cos(lat_a) * math.cos(lat_b) * math.sin((lng_b - lng_a) / 2) ** 2
    return 2 * _EARTH_METRES * math.asin(math.sqrt(half))


def draw_venues(seed: int, count: int, neighbourhoods: int, party_sizes: Sequence[int]) -> list[Venue]:
    """Invent that many venues; the same arguments always give the same ones."""
    rng = random.Random(f"venues {seed}")
    places = [(name, _spot(rng, CENTRE, _RADIUS * 0.9)) for name in neighbourhood_names(rng, neighbourhoods)]
    plans = [draw_plan(rng, party_sizes) for _ in range(max(8, min(240, count // 5)))]
    ids = rng.sample(range(300, 99_000), count)
    names = venue_names(rng, count)
    return [_draw_venue(rng, index, ids[index], names[index], places, plans) for index in range(count)]


def _draw_venue(
    rng: random.Random,
    index: int,
    venue_id: int,
    name: str,
    places: list[tuple[str, tuple[float, float]]],
    plans: list[Plan],
) -> Venue:
    neighbourhood, middle = rng.choice(places)
    latitude, longitude = _spot(rng, middle, 900.0)
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
        lead_days=rng.choice(_LEADS),
        release_minute=rng.choice(_RELEASE_MINUTES),
        closed_weekdays=rng.choice(((), (), (), (0,), (0,), (0, 1), (6,), (1,))),
        rating=round(rng.uniform(3.4, 4.95), 5),
        ratings=int(rng.expovariate(1 / 900)),
        images=tuple(f"{rng.getrandbits(160):040x}" for _ in range(rng.choice((0, 1, 2, 3)))),
        phone=rng.choice((None, "", "+12125550100", "+17185550123")),
    )


def _spot(rng: random.Random, middle: tuple[float, float], radius: float) -> tuple[float, float]:
    """A point within `radius` metres of the middle (denser towards it) that is also within the city."""
    while True:
        distance, angle = radius * rng.random() ** 0.7, rng.random() * math.tau
        latitude = middle[0] + distance * math.cos(angle) / _METRES_A_DEGREE
        longitude = middle[1] + distance * math.sin(angle) / (
            _METRES_A_DEGREE * math.cos(math.radians(middle[0]))
        )
        if metres_between(CENTRE, (latitude, longitude)) <= _RADIUS:
            return latitude, longitude
