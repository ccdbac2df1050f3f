"""How names are compared: without case, accents and punctuation."""

import unicodedata
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
