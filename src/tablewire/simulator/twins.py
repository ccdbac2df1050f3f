"""Houses on the second platform: some are on the first one, too, some only look as if they were."""

import math
import random
from collections.abc import Sequence
from typing import Literal

import msgspec

from tablewire.simulator.names import CUISINES, every_name, name_elsewhere, slug_of, street_name
from tablewire.simulator.opentable_plan import draw_opentable_plan
from tablewire.simulator.plan import Plan
from tablewire.simulator.routes import OPENTABLE, RESY
from tablewire.simulator.venues import Venue, draw_images, draw_terms, metres_between, spot

Likeness = Literal["same", "chain", "one_address"]
"""A twin is the same house; a chain's branch has its name, and a neighbour under one roof its address."""

_SAME, _CHAIN, _ONE_ADDRESS = 0.40, 0.04, 0.04
_A_BRANCH_AWAY = 2_000.0
"""Metres, and not the same neighbourhood."""
_LISTED_ONLY = 0.05
_METRES_A_DEGREE = 111_195.0


class Twin(msgspec.Struct, frozen=True):
    """A house on the second platform, and what it is to one on the first (`of`: its id there)."""

    venue: Venue
    likeness: Likeness | None = None
    of: int | None = None


class Listed(msgspec.Struct, frozen=True):
    """One house on one platform. `restaurant` is the same for the platforms of one restaurant, and for nobody else.

    `likeness` says what a house on OpenTable is to the one on Resy whose id is `of`; only "same" makes them one.
    """

    provider: str
    venue_id: int
    name: str
    restaurant: int
    likeness: Likeness | None = None
    of: int | None = None


def listed(venues: Sequence[Venue], twins: Sequence[Twin]) -> list[Listed]:
    """Who is who, over both platforms."""
    numbers = {venue.id: venue.index + 1 for venue in venues}
    found = [Listed(RESY, venue.id, venue.name, venue.index + 1) for venue in venues]
    for twin in twins:
        venue, same = twin.venue, twin.likeness == "same" and twin.of is not None
        number = numbers[twin.of or 0] if same else venue.index + 1
        found.append(Listed(OPENTABLE, venue.id, venue.name, number, twin.likeness, twin.of))
    return found


def draw_twins(seed: int, venues: Sequence[Venue], count: int, party_sizes: Sequence[int]) -> list[Twin]:
    """Invent that many houses beside those of the first platform; the same arguments always give the same ones."""
    if count == 0:
        return []
    rng = random.Random(f"opentable {seed}")
    plans = [draw_opentable_plan(rng, party_sizes) for _ in range(max(8, min(240, count // 5)))]
    names = _free_names(rng, venues, count)
    ids = rng.sample(range(300, 99_000), count)
    likenesses = _likenesses(rng, count)
    models = rng.sample(venues, min(len(venues), likenesses.count("same")))
    twins = []
    for number, likeness in enumerate(likenesses):
        twin = _twin(rng, models, venues, likeness, names[number])
        plan = Plan((), (), party_sizes) if rng.random() < _LISTED_ONLY else rng.choice(plans)
        venue = msgspec.structs.replace(
            twin.venue,
            index=len(venues) + number,
            id=ids[number],
            provider=OPENTABLE,
            plan=plan,
            most=plan.most,
            **msgspec.structs.asdict(draw_terms(rng)),
        )
        twins.append(msgspec.structs.replace(twin, venue=venue))
    return twins


def _twin(
    rng: random.Random, models: list[Venue], venues: Sequence[Venue], likeness: Likeness | None, name: str
) -> Twin:
    """One house, not yet with its id and its tables there; `models` are those that have no twin yet."""
    if likeness == "same" and models:
        model = models.pop()
        return Twin(_same(rng, model), likeness, model.id)
    model = rng.choice(venues)
    seems, venue = _other(rng, model, likeness, name, venues)
    return Twin(venue, seems, None if seems is None else model.id)


def _free_names(rng: random.Random, venues: Sequence[Venue], count: int) -> list[str]:
    taken = {venue.name for venue in venues}
    names = every_name()
    if count > len(names) - len(taken):
        raise ValueError(f"opentable_venues={count}: allowed are 0 to {len(names) - len(taken)}")
    drawn = rng.sample(names, len(taken) + count)  # enough, even if all that are taken are among them
    return [name for name in drawn if name not in taken][:count]


def _likenesses(rng: random.Random, count: int) -> list[Likeness | None]:
    found: list[Likeness | None] = []
    found += ["same"] * round(count * _SAME)
    found += ["chain"] * round(count * _CHAIN)
    found += ["one_address"] * round(count * _ONE_ADDRESS)
    found += [None] * (count - len(found))
    rng.shuffle(found)
    return found


def _same(rng: random.Random, model: Venue) -> Venue:
    """The house as the other platform knows it: a few metres off, its name and address written its own way."""
    latitude, longitude = _moved(rng, model, 35.0)
    name = name_elsewhere(rng, model.name, model.neighbourhood)
    number = model.phone or f"+1555{4_000_000 + model.index}"
    return msgspec.structs.replace(
        model,
        name=name,
        slug=slug_of(f"{name} new york"),
        neighbourhood=model.neighbourhood if rng.random() < 0.9 else "New York",
        latitude=latitude,
        longitude=longitude,
        street=rng.choice((model.street, model.street, model.street.replace(" Street", " St."))),
        phone=rng.choice((number, number, number, number, None, f"+1555{5_000_000 + model.index}")),
        rating=round(min(5.0, model.rating + rng.uniform(-0.3, 0.3)), 1),
    )


def _other(
    rng: random.Random, model: Venue, likeness: Likeness | None, name: str, venues: Sequence[Venue]
) -> tuple[Likeness | None, Venue]:
    """A house of its own, perhaps with something that reminds of `model`."""
    if likeness == "one_address":
        latitude, longitude = _moved(rng, model, 8.0)
        phone = rng.choice((model.phone, _own_phone(rng), None))
        return likeness, _house(
            rng, model, name, model.neighbourhood, (latitude, longitude), phone, model.street
        )
    if likeness == "chain":
        there = next((one for one in rng.sample(venues, min(20, len(venues))) if _apart(one, model)), None)
        if there is not None:
            where = _moved(rng, there, 300.0)
            return likeness, _house(rng, model, model.name, there.neighbourhood, where, _own_phone(rng), None)
    where = spot(rng, (model.latitude, model.longitude), 900.0)
    return None, _house(rng, model, name, model.neighbourhood, where, _own_phone(rng), None)


def _house(
    rng: random.Random,
    model: Venue,
    name: str,
    neighbourhood: str,
    where: tuple[float, float],
    phone: str | None,
    street: str | None,
) -> Venue:
    return msgspec.structs.replace(
        model,
        name=name,
        slug=slug_of(f"{name} {neighbourhood}"),
        neighbourhood=neighbourhood,
        latitude=where[0],
        longitude=where[1],
        street=street_name(rng) if street is None else street,
        phone=phone,
        popularity=round(rng.random() ** 0.9, 4),
        images=draw_images(rng),
        cuisine=model.cuisine if name == model.name else (rng.choice(CUISINES),),
        price=model.price if name == model.name else rng.randint(1, 4),
    )


def _own_phone(rng: random.Random) -> str:
    return f"+1555{rng.randint(6_000_000, 9_999_999)}"


def _apart(one: Venue, other: Venue) -> bool:
    return (
        one.neighbourhood != other.neighbourhood
        and metres_between((one.latitude, one.longitude), (other.latitude, other.longitude)) > _A_BRANCH_AWAY
    )


def _moved(rng: random.Random, venue: Venue, most: float) -> tuple[float, float]:
    """A point some metres from the house, never quite the same one."""
    distance, angle = rng.uniform(1.0, most), rng.random() * math.tau
    latitude = venue.latitude + distance * math.cos(angle) / _METRES_A_DEGREE
    wide = _METRES_A_DEGREE * math.cos(math.radians(venue.latitude))
    return latitude, venue.longitude + distance * math.sin(angle) / wide
