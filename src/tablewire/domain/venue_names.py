"""Which venue a person means who writes its name."""

from collections.abc import Iterable, Sequence

import msgspec
from rapidfuzz import fuzz, process

from tablewire.domain.names import name_key

NEAREST = 5
"""Names that a refusal lists at most."""
_LEAST_LIKE = 50.0
"""Names that are less alike, of 100, are no help."""


class VenueWish(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A venue as a user asks for it: by provider and id, or by its name."""

    provider: str | None = None
    venue_id: str | None = None
    name: str | None = None


class ChosenVenue(msgspec.Struct, frozen=True, kw_only=True):
    """A venue that a wish is for. It stands for its restaurant at every provider."""

    provider: str
    venue_id: str
    name: str | None = None
    """What it was called when it was chosen."""


class NamedVenue(msgspec.Struct, frozen=True):
    """A venue that could be meant."""

    provider: str
    venue_id: str
    name: str
    restaurant: str
    """The name of its restaurant, the same for all its listings."""

    def __str__(self) -> str:
        return f"{self.name} ({self.provider}:{self.venue_id})"


def venues_named(name: str, venues: Iterable[NamedVenue]) -> tuple[NamedVenue, ...]:
    """The venues that a name fits, one for each restaurant: those that have just this name, else those that have all of it in theirs, in whole words.

    >>> carbone = NamedVenue("resy", "6194", "Carbone New York", "resy:6194")
    >>> venues_named("CARBONE", [carbone]) == (carbone,)
    True
    """
    key = name_key(name)
    exact: dict[str, NamedVenue] = {}
    within: dict[str, NamedVenue] = {}
    for venue in venues:
        of_venue = name_key(venue.name)
        if of_venue == key:
            exact.setdefault(venue.restaurant, venue)
        elif key and f" {key} " in f" {of_venue} ":
            within.setdefault(venue.restaurant, venue)
    return tuple((exact or within).values())


def closest(name: str, venues: Iterable[NamedVenue]) -> tuple[NamedVenue, ...]:
    """The venues whose names are most like a name that fits none, the likest first, one for each restaurant."""
    known = {venue.restaurant: venue for venue in venues}
    keys = {restaurant: name_key(venue.name) for restaurant, venue in known.items()}
    found = process.extract(name_key(name), keys, scorer=fuzz.WRatio, limit=NEAREST, score_cutoff=_LEAST_LIKE)
    return tuple(known[restaurant] for _, _, restaurant in found)


def refusal(name: str, fitting: Sequence[NamedVenue], near: Sequence[NamedVenue]) -> str:
    """Why a name cannot be taken for one venue, and which could be meant."""
    said = name[:80]
    if fitting:
        listed = ", ".join(map(str, fitting[:NEAREST]))
        more = len(fitting) - NEAREST
        rest = f" and {more} more" if more > 0 else ""
        return f"{said!r} fits {len(fitting)} venues: {listed}{rest}; name one by provider and venue_id"
    if near:
        return f"no venue has the name {said!r}; the closest are {', '.join(map(str, near))}"
    return f"no venue has a name like {said!r}; GET /venues?name=… searches them"
