"""Where a restaurant is, in forms that can be compared: distances, street addresses, phone numbers."""

import math
import re

from tablewire.domain.names import name_key

_EARTH_METRES = 6_371_000.0
_TOLL_FREE = frozenset({"800", "833", "844", "855", "866", "877", "888"})
_SHORT = {
    "avenue": "ave", "av": "ave", "street": "st", "road": "rd", "boulevard": "blvd", "place": "pl", "square": "sq",
    "lane": "ln", "drive": "dr", "court": "ct", "parkway": "pkwy", "east": "e", "west": "w", "north": "n", "south": "s",
    "saint": "st", "first": "1", "second": "2", "third": "3", "fourth": "4", "fifth": "5", "sixth": "6", "seventh": "7",
    "eighth": "8", "ninth": "9", "tenth": "10", "eleventh": "11", "twelfth": "12",
}  # fmt: skip
_WITHIN = frozenset({"suite", "ste", "floor", "fl", "unit", "apt", "ground", "lower", "level", "rm"})
"""What follows names a part of the house."""
_NUMBER = re.compile(r"\s*(\d{1,6}[A-Za-z]?)(?:\s*[-–/]\s*(\d{1,6})[A-Za-z]?)?\s+(\S.*)", re.ASCII)
_EXTENSION = re.compile(r"\s*(?:ext|x|#).*", re.IGNORECASE | re.DOTALL)
_LONGEST = 300
"""Characters of an address or a phone number that are looked at."""

Point = tuple[float, float]
"""Latitude and longitude in degrees."""


def metres_between(one: Point, other: Point) -> float:
    """The distance of two points on the ground."""
    latitude, longitude, other_latitude, other_longitude = map(math.radians, (*one, *other))
    half = math.sin((latitude - other_latitude) / 2) ** 2
    half += math.cos(latitude) * math.cos(other_latitude) * math.sin((longitude - other_longitude) / 2) ** 2
    return 2 * _EARTH_METRES * math.asin(min(1.0, math.sqrt(half)))


def point_of(latitude: float | None, longitude: float | None) -> Point | None:
    """A point, where both are given and are on earth."""
    if latitude is None or longitude is None or not (abs(latitude) <= 90 and abs(longitude) <= 180):
        return None
    return latitude, longitude


def street_key(address: str | None) -> str | None:
    """House number and street in one spelling; None where the address does not begin with a number.

    >>> street_key("228-230 West Tenth Street, Suite 4")
    '228 w 10 st'
    """
    found = _NUMBER.fullmatch((address or "")[:_LONGEST].split(",")[0].replace("#", " suite "))
    if found is None:
        return None
    words = []
    for word in name_key(found[3]).split():
        if word in _WITHIN:
            break
        short = _SHORT.get(word, word)
        words.append(re.sub(r"^(\d+)(?:st|nd|rd|th)$", r"\1", short))
    return " ".join((_house_number(found[1], found[2]), *words)) if words else None


def _house_number(first: str, last: str | None) -> str:
    """`228-230` is the house that begins at 228; `31-12` is one number, as in Queens."""
    if last is None:
        return first.lower()
    is_range = first.isdigit() and 0 < int(last) - int(first) <= 20
    return first.lower() if is_range else f"{first.lower()}-{last}"


def phone_key(phone: str | None) -> str | None:
    """The digits of a phone number, North American ones without the leading 1; None for what names no single house."""
    text = _EXTENSION.sub("", (phone or "")[:_LONGEST])
    digits = "".join(letter for letter in text if letter.isascii() and letter.isdigit())
    if not text.strip().startswith("+") or digits.startswith("1"):
        digits = digits.removeprefix("1")
        american = len(digits) == 10 and digits[0] >= "2" and digits[:3] not in _TOLL_FREE
        return digits if american else None
    return digits if 8 <= len(digits) <= 15 else None
