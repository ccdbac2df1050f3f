"""What providers write for people, made fit to be kept: names on one line, places on the globe, addresses of the web."""

import math
import re
from typing import Any
from urllib.parse import SplitResult, urlsplit

LONGEST_TEXT = 300
LONGEST_URL = 1_000

_LONE_SURROGATE = re.compile(
    rb"(\\[^u]|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})|\\u[dD][89a-fA-F][0-9a-fA-F]{2}"
)


def clean(text: str) -> str:
    """A text on one line, without what cannot be shown or stored, and not too long."""
    if not text.isprintable():
        text = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(text.split())[:LONGEST_TEXT]


def text_or_none(value: Any) -> str | None:
    """A clean text; None where it is none, or empty."""
    return (clean(value) or None) if isinstance(value, str) else None


def coordinates(latitude: Any, longitude: Any) -> tuple[float | None, float | None]:
    """A place on the globe; nothing where it is none, or is where nobody knows better (0, 0)."""
    north, east = _degrees(latitude, 90), _degrees(longitude, 180)
    if north is None or east is None or north == east == 0:
        return None, None
    return north, east


def web_address(url: Any) -> SplitResult | None:
    """The parts of an address of the web that can be shown as it is; None where it is none."""
    if not isinstance(url, str) or len(url) > LONGEST_URL or not url.isascii() or not url.isprintable():
        return None
    if set(url) & set(" \"'<>\\"):
        return None
    try:
        parts = urlsplit(url)
        clean_host = parts.hostname and "@" not in parts.netloc and (parts.port is None or parts.port > 0)
    except ValueError:
        return None
    return parts if clean_host and parts.scheme in {"http", "https"} else None


def mended(body: bytes) -> bytes:
    """JSON without halves of characters: half an emoji, as a text cut by a program leaves it, is no JSON to a strict reader."""
    return _LONE_SURROGATE.sub(lambda found: found[1] or b"\\ufffd", body)


def _degrees(value: Any, limit: int) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) and abs(value) <= limit else None
