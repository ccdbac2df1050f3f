"""How likely it is that two venues of different providers are one restaurant, and why."""

import math
from collections.abc import Iterable, Mapping
from enum import StrEnum

import msgspec
from rapidfuzz.distance import OSA

from tablewire.domain.names import GENERIC, name_key, own_words, without_places
from tablewire.domain.places import Point, metres_between, phone_key, point_of, street_key
from tablewire.domain.slots import Venue

AUTOMATIC = 0.95
"""From this confidence on two venues are taken for one restaurant without asking anybody."""
DOUBTFUL = 0.5
"""From this confidence on a pair is shown to a person."""

NEAR = 150.0
"""Metres within which two entries can be one place: platforms put the pin on the door, the block or the kitchen."""
FAR = 400.0
"""Metres beyond which they cannot, whatever else agrees: chains share names, phones and mistakes."""

PRIOR = -4.0
"""Log odds for two venues of one block: one in some fifty is the same restaurant."""
_MOST_IN_PART = math.log(0.9 / 0.1)
"""The most that a pair comes to whose names or places do not quite agree: it is shown, and never merged."""


class NameMatch(StrEnum):
    """How far two names agree."""

    SAME = "same"
    GENERIC = "generic"
    """Equal, in words that any house could have: The Bar."""
    SPELLING = "spelling"
    """The same words in another order, or a letter apart."""
    PART = "part"
    """One has all the words of the other, and more: a bar within the house, or the house with its kind."""
    DIFFERENT = "different"


_NAME_WEIGHTS: Mapping[NameMatch, float] = {
    NameMatch.SAME: 7.0,
    NameMatch.GENERIC: 3.0,
    NameMatch.SPELLING: 3.0,
    NameMatch.PART: 2.0,
}


class Traits(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What of a venue is compared, in forms that can be."""

    name: str
    words: tuple[str, ...]
    """Those of its name that are its own."""
    neighborhood: str
    cuisines: tuple[str, ...]
    price: int | None
    point: Point | None
    street: str | None
    phone: str | None


class Judgement(msgspec.Struct, frozen=True):
    """What the evidence on a pair comes to."""

    weight: float
    """Log odds: what decides between rivals, since confidences are all near 1 there."""
    evidence: tuple[str, ...]
    """Each piece in plain words, the strongest first."""

    @property
    def confidence(self) -> float:
        """From 0 to 1."""
        return round(1 / (1 + math.exp(-max(-50.0, min(50.0, self.weight)))), 3)


UNLIKE = Judgement(-math.inf, ())


class _Piece(msgspec.Struct, frozen=True):
    weight: float
    says: str


def traits_of(venue: Venue) -> Traits:
    """What of a venue is compared."""
    cuisines = (name_key(part) for part in (venue.cuisine or "").split(","))
    neighborhood = name_key(venue.neighborhood or "")
    return Traits(
        name=venue.name,
        words=own_words(venue.name, neighborhood),
        neighborhood=neighborhood,
        cuisines=tuple(sorted({cuisine for cuisine in cuisines if cuisine})),
        price=venue.price_range,
        point=point_of(venue.latitude, venue.longitude),
        street=street_key(venue.address),
        phone=phone_key(venue.phone),
    )


def judge(one: Traits, other: Traits) -> Judgement:
    """Weigh the evidence on two venues of different providers.

    Names and places have to agree both: a name alone is a chain, a place alone a food hall or a hotel.
    """
    match = match_names(one, other)
    if match is NameMatch.DIFFERENT:
        return UNLIKE
    metres = metres_between(one.point, other.point) if one.point and other.point else None
    if not _can_be_one_place(one, other, metres):
        return UNLIKE
    pieces = [
        _Piece(_NAME_WEIGHTS[match], _says_of(match, one, other)),
        *_distance(metres),
        *_street(one, other, metres),
        *_phone(one, other),
        *_small_signs(one, other, metres),
    ]
    weight = PRIOR + sum(piece.weight for piece in pieces)
    if match is NameMatch.PART or (metres is not None and metres > FAR):
        weight = min(weight, _MOST_IN_PART)
    pieces.sort(key=lambda piece: -abs(piece.weight))
    return Judgement(weight, tuple(piece.says for piece in pieces))


# --- names


def match_names(one: Traits, other: Traits) -> NameMatch:
    """How far two names agree. The neighbourhood of either at the end of a name is no part of it."""
    words, others = one.words, other.words
    if words != others and one.neighborhood != other.neighborhood:
        words = without_places(words, one.neighborhood, other.neighborhood)
        others = without_places(others, one.neighborhood, other.neighborhood)
    if not words or not others:
        return NameMatch.DIFFERENT
    if "".join(words) == "".join(others):
        return NameMatch.GENERIC if GENERIC.issuperset(words) else NameMatch.SAME
    return _match_inexactly(words, others)


def _match_inexactly(words: tuple[str, ...], others: tuple[str, ...]) -> NameMatch:
    shorter, longer = sorted((words, others), key=len)
    if len(shorter) == len(longer):
        pairs = zip(sorted(words), sorted(others), strict=True)
        return NameMatch.SPELLING if _all_alike(pairs) else NameMatch.DIFFERENT
    if set(shorter) <= set(longer) and not GENERIC.issuperset(shorter):
        return NameMatch.PART
    joined, other_joined = "".join(words), "".join(others)
    return NameMatch.SPELLING if _alike(joined, other_joined) else NameMatch.DIFFERENT


def _all_alike(pairs: Iterable[tuple[str, str]]) -> bool:
    return all(_alike(word, other) for word, other in pairs)


def _alike(word: str, other: str) -> bool:
    """Whether two words differ by a slip only: short words, first letters and numbers have to be right."""
    if word == other:
        return True
    shortest = min(len(word), len(other))
    if shortest < 5 or word[0] != other[0] or not (word.isalpha() and other.isalpha()):
        return False
    most = 2 if shortest >= 9 else 1
    return OSA.distance(word, other, score_cutoff=most) <= most


def _says_of(match: NameMatch, one: Traits, other: Traits) -> str:
    if match is NameMatch.SAME:
        return "the names agree"
    if match is NameMatch.GENERIC:
        return "the names agree, in words that any house could have"
    if match is NameMatch.SPELLING:
        return f"the names are spelt otherwise: {one.name} and {other.name}"
    return f"one name has more words: {one.name} and {other.name}"


# --- places


def _can_be_one_place(one: Traits, other: Traits, metres: float | None) -> bool:
    same_street = one.street is not None and one.street == other.street
    same_phone = one.phone is not None and one.phone == other.phone
    if metres is not None and metres > FAR:
        return same_street
    return same_street or same_phone or (metres is not None and metres <= NEAR)


def _distance(metres: float | None) -> list[_Piece]:
    if metres is None:
        return []
    bands = ((30.0, 2.5), (75.0, 2.0), (NEAR, 1.0), (FAR, -1.0))
    weight = next((weight for most, weight in bands if metres <= most), -4.0)
    away = f"{metres:.0f} m" if metres < 1_000 else f"{metres / 1_000:.1f} km"
    return [_Piece(weight, f"{away} apart")]


def _street(one: Traits, other: Traits, metres: float | None) -> list[_Piece]:
    if one.street is None or other.street is None:
        return []
    if one.street == other.street:
        return [_Piece(3.0, f"the same address: {one.street}")]
    # A house on a corner has two addresses, and neighbouring numbers are often one door.
    weight = -1.5 if metres is not None and metres <= 75 else -3.0
    return [_Piece(weight, f"the addresses differ: {one.street} and {other.street}")]


def _phone(one: Traits, other: Traits) -> list[_Piece]:
    if one.phone is None or other.phone is None:
        return []
    if one.phone == other.phone:
        return [_Piece(3.5, "the same phone number")]
    return [_Piece(-0.5, "the phone numbers differ")]


# --- what says little


def _small_signs(one: Traits, other: Traits, metres: float | None) -> Iterable[_Piece]:
    if one.neighborhood and other.neighborhood:
        alike = one.neighborhood == other.neighborhood
        # Platforms cut the city up differently; without a distance it is all there is.
        weight = 0.3 if alike else (-0.3 if metres is not None else -3.0)
        yield _Piece(weight, "the same neighbourhood" if alike else "the neighbourhoods differ")
    if one.cuisines and other.cuisines:
        shared = not set(one.cuisines).isdisjoint(other.cuisines)
        yield _Piece(0.5 if shared else -0.5, "the same cuisine" if shared else "the cuisines differ")
    if one.price is not None and other.price is not None:
        close = abs(one.price - other.price) <= 1
        yield _Piece(0.2 if close else -0.7, "like prices" if close else "the prices differ")
