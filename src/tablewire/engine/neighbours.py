"""Which listings could be one restaurant: those of other providers at one place, found without looking at the whole city."""

import math
from collections.abc import Hashable, Iterator

from tablewire.domain.identity import NEAR, Traits
from tablewire.domain.places import Point
from tablewire.domain.restaurants import Listing

_METRES_A_DEGREE = 111_195.0
CROWD = 12
"""A phone number of more listings than this is a switchboard's: it says nothing of any of them."""

_Place = tuple[str, Hashable]


class Neighbourhoods:
    """Listings by the places where they would meet their like: a cell of the map, a street address, a phone number."""

    def __init__(self) -> None:
        self._traits: dict[Listing, Traits] = {}
        self._at: dict[_Place, set[Listing]] = {}

    def __len__(self) -> int:
        return len(self._traits)

    def __contains__(self, listing: Listing) -> bool:
        return listing in self._traits

    def put(self, listing: Listing, traits: Traits) -> None:
        """Take over what a listing is like now."""
        known = self._traits.get(listing)
        if known is not None:
            for place in _own_places(known):
                self._at[place].discard(listing)
        self._traits[listing] = traits
        for place in _own_places(traits):
            self._at.setdefault(place, set()).add(listing)

    def traits(self, listing: Listing) -> Traits:
        """What a listing is like."""
        return self._traits[listing]

    def near(self, listing: Listing) -> set[Listing]:
        """The listings of other providers that are near it on the map, or share its address or its phone number."""
        traits = self._traits[listing]
        found: set[Listing] = set()
        for place in _places_around(traits):
            if place[0] != "phone" or not self.is_switchboard(traits):
                found |= self._at.get(place, set())
        return {other for other in found if other.provider != listing.provider}

    def is_switchboard(self, traits: Traits) -> bool:
        """Whether too many listings share its phone number."""
        return traits.phone is not None and len(self._at.get(("phone", traits.phone), ())) > CROWD


def _own_places(traits: Traits) -> Iterator[_Place]:
    if traits.point is not None:
        row = _row(traits.point)
        yield "cell", (row, _column(traits.point, row))
    yield from _names_of_places(traits)


def _places_around(traits: Traits) -> Iterator[_Place]:
    if traits.point is not None:
        middle = _row(traits.point)
        for row in range(middle - 1, middle + 2):
            column = _column(traits.point, row)
            for beside in range(column - 1, column + 2):
                yield "cell", (row, beside)
    yield from _names_of_places(traits)


def _names_of_places(traits: Traits) -> Iterator[_Place]:
    if traits.street is not None:
        yield "street", traits.street
    if traits.phone is not None:
        yield "phone", traits.phone


def _row(point: Point) -> int:
    return math.floor(point[0] * _METRES_A_DEGREE / NEAR)


def _column(point: Point, row: int) -> int:
    """The column within a row: rows towards the poles have fewer, each at least as wide as `NEAR`."""
    width = math.cos(math.radians(row * NEAR / _METRES_A_DEGREE))
    return math.floor(point[1] * _METRES_A_DEGREE * max(width, 0.01) / NEAR)
