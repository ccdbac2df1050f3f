"""Invented names for the make-believe city."""

import random
import re
import unicodedata
from functools import cache

CUISINES = (
    "American", "Italian", "Japanese", "French", "Mediterranean", "Mexican", "Sushi", "New American", "Chinese",
    "Korean", "Seafood", "Steakhouse", "Indian", "Thai", "Greek", "Pizza", "Asian", "Kosher", "Middle Eastern",
    "European", "Vegetarian", "Spanish", "Peruvian", "Ethiopian",
)  # fmt: skip
_FIRST = (
    "Amber", "Brass", "Copper", "Drift", "Ember", "Fennel", "Gilded", "Harbor", "Indigo", "Juniper", "Kestrel",
    "Lantern", "Marrow", "Nettle", "Orchard", "Pepper", "Quince", "Rowan", "Saffron", "Thistle", "Umber", "Velvet",
    "Willow", "Yarrow", "Zephyr", "Cinder", "Marble", "Sable", "Tidal", "Paper", "Silver", "Little", "Second",
    "Crooked", "Quiet", "Lucky", "Winter", "Salted", "Blue", "Wandering", "Hollow", "Northern", "Painted", "Sunday",
    "Café Élan", "Señora", "Maison", "Osteria", "Trattoria", "Izakaya", "Bœuf &", "Chez", "Mamá", "Taverna",
)  # fmt: skip
_SECOND = (
    "Anchor", "Barrel", "Cellar", "Door", "Elm", "Finch", "Garden", "Heron", "Island", "Jar", "Kettle", "Larder",
    "Mill", "Needle", "Oyster", "Pantry", "Quarter", "Rooster", "Spoon", "Table", "Urchin", "Vine", "Wharf", "Yard",
    "Acre", "Bell", "Crane", "Dune", "Fig", "Grove", "Hearth", "Ink", "Jetty", "Knot", "Lark", "Moth", "Nook", "Olive",
    "Pear", "Rind", "Sparrow", "Thorn", "Vane", "Well", "Ash", "Bramble", "Cove", "Dock", "Ferry", "Gable", "Hare",
    "Ivy", "Loft", "Meadow",
)  # fmt: skip
_PLACE_FIRST = (
    "Alder", "Birch", "Canal", "Dover", "East", "Foundry", "Granary", "Hudson", "Iron", "Kings", "Lower", "Maple",
    "North", "Old", "Prospect", "Quarry", "River", "South", "Tanner", "Upper", "West",
)  # fmt: skip
_PLACE_SECOND = (
    "Bend", "Common", "Dell", "Flats", "Gate", "Heights", "Hook", "Junction", "Landing", "Mews", "Park", "Point",
    "Row", "Slip", "Square", "Village",
)  # fmt: skip
_TAILS = ("", " Bar", " House", " Kitchen", " & Sons", " Room", " Social", " <East>", "'s")


_STREETS = ("Street", "Avenue", "Place", "Lane")


def neighbourhood_names(rng: random.Random, count: int) -> list[str]:
    """That many different names of neighbourhoods; raises ValueError when there are not enough."""
    pairs = [f"{first} {second}" for first in _PLACE_FIRST for second in _PLACE_SECOND]
    if not 1 <= count <= len(pairs):
        raise ValueError(f"neighbourhoods={count}: allowed are 1 to {len(pairs)}")
    return rng.sample(pairs, count)


def venue_names(rng: random.Random, count: int) -> list[str]:
    """That many different names of venues; accents, ampersands and angle brackets among them, as in life."""
    names = every_name()
    if not 1 <= count <= len(names):
        raise ValueError(f"venues={count}: allowed are 1 to {len(names)}")
    return rng.sample(names, count)


@cache
def every_name() -> tuple[str, ...]:
    """All the names that a venue can have."""
    return tuple(f"{first} {second}{tail}" for first in _FIRST for second in _SECOND for tail in _TAILS)


def street_name(rng: random.Random) -> str:
    """An invented house number and street."""
    return (
        f"{rng.randint(1, 999)} {rng.choice(_PLACE_FIRST)} {rng.choice(_PLACE_SECOND)} {rng.choice(_STREETS)}"
    )


def name_elsewhere(rng: random.Random, name: str, neighbourhood: str) -> str:
    """The name of one house as another platform writes it: more often than not the same."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return rng.choice(
        (
            *[name] * 6,
            plain,
            f"The {name}",
            f"{name} Restaurant",
            f"{name} NYC",
            f"{name} - {neighbourhood}" if neighbourhood else name,
            name.replace(" & ", " and ") if "&" in name else name.replace("'s", "’s"),
        )
    )


def slug_of(name: str) -> str:
    """A name as it stands in an address: lower case, ASCII, words joined by hyphens."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")


def hex_name(rng: random.Random) -> str:
    """A made-up file name of 40 hex characters."""
    return f"{rng.getrandbits(160):040x}"
