"""How names are compared: without case, accents and punctuation."""

import unicodedata
from collections.abc import Iterable
from functools import lru_cache

_LETTERS = str.maketrans({"ø": "o", "đ": "d", "ł": "l", "æ": "ae", "œ": "oe", "ß": "ss", "ı": "i"})


@lru_cache(maxsize=16_384)
def name_key(name: str) -> str:
    """The key under which a name is stored and compared: folded letters and digits, words apart by one space.

    >>> name_key("L’Artusi – Café & Bar")
    'lartusi cafe bar'
    """
    plain = unicodedata.normalize("NFKD", name).casefold()
    folded = unicodedata.normalize("NFKD", plain).translate(_LETTERS)
    kept = [
        letter if letter.isalnum() else " "
        for letter in folded
        if not unicodedata.combining(letter) and letter not in "'’‘`´."
    ]
    return " ".join("".join(kept).split())


NOISE = frozenset({"the", "and", "restaurant", "restaurants", "ristorante", "restaurante"})
"""Words that one platform writes and another leaves out."""
GENERIC = frozenset(
    {
        "bakery", "bar", "bistro", "brasserie", "cafe", "chinese", "club", "cocktail", "coffee", "diner", "dining",
        "eatery", "french", "garden", "grill", "hotel", "house", "indian", "italian", "izakaya", "japanese", "kitchen",
        "korean", "lobby", "lounge", "market", "mexican", "noodle", "noodles", "osteria", "pizza", "pizzeria", "pub",
        "ramen", "rooftop", "room", "steakhouse", "sushi", "taqueria", "tavern", "terrace", "thai", "trattoria", "wine",
    }
)  # fmt: skip
"""Words that any house could have in its name: alone they name none."""
_CITY = (("new", "york", "city"), ("new", "york"), ("nyc",), ("ny",))


def own_words(name: str, *places: str) -> tuple[str, ...]:
    """The words that are a restaurant's own: without articles, "restaurant", and at the end the city or one of the places given.

    `places` are names as `name_key` has them. What would leave nothing of the name is left in.

    >>> own_words("The Smith & Sons Restaurant — NoMad", "nomad")
    ('smith', 'sons')
    """
    words = tuple(name_key(name).split())
    return without_places(tuple(word for word in words if word not in NOISE) or words, *places)


def without_places(words: tuple[str, ...], *places: str) -> tuple[str, ...]:
    """The words of a name without the city or one of the places at their end, unless only words of any house would be left."""
    kept, tails = words, (*_CITY, *(tuple(place.split()) for place in places if place))
    while (shorter := _without_tail(kept, tails)) is not None:
        kept = shorter
    return kept


def _without_tail(words: tuple[str, ...], tails: Iterable[tuple[str, ...]]) -> tuple[str, ...] | None:
    for tail in tails:
        head = words[: -len(tail)]
        if words[len(head) :] == tail and not GENERIC.issuperset(head):
            return head
    return None
