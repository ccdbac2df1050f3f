"""What the addresses of venues' figures read of a request alike."""

from collections.abc import Callable, Iterable
from datetime import time
from typing import Final, TypeVar

from tablewire.api import parameters
from tablewire.api.query import Query
from tablewire.api.routes import AnyRequest, Parameter, Schema
from tablewire.domain.restaurants import Listing
from tablewire.errors import NotFound

T = TypeVar("T")

VENUE_PATH: Final = (
    parameters.path("provider", "provider id"),
    parameters.path("venue_id", "the provider's id of a venue"),
)
TIME_SCHEMA: Final[Schema] = {
    "type": "string",
    "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$",
    "examples": ["19:30"],
}
SIZE_SCHEMA: Final[Schema] = {"type": "integer", "minimum": 1, "maximum": 20}
TEXT_SCHEMA: Final[Schema] = {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[^\\x00]+$"}


def word(name: str, description: str, allowed: Iterable[str]) -> Parameter:
    """A parameter that is one of some words."""
    return Parameter(name=name, description=description, schema={"type": "string", "enum": list(allowed)})


def listing_of(request: AnyRequest) -> Listing:
    """The venue that an address names. Raises `NotFound`."""
    listing = Listing(str(request.path_params["provider"]), str(request.path_params["venue_id"]))
    if "\x00" in listing.provider + listing.venue_id:
        raise NotFound("No such venue was ever seen.")
    return listing


def one_of(query: Query, name: str, allowed: tuple[str, ...]) -> str | None:
    """One of some words; what is wrong is noted."""
    value = query.text(name)
    if value is not None and value not in allowed:
        query.refuse(name, f"{value[:40]!r} is not allowed: {', '.join(allowed)} are")
        return None
    return value


def parsed(query: Query, name: str, parse: Callable[[str], T]) -> T | None:
    """A parameter as `parse` reads it; what is wrong is noted."""
    value = query.text(name)
    if value is None:
        return None
    try:
        return parse(value)
    except ValueError as wrong:
        query.refuse(name, f"{value[:40]!r} is not allowed: {wrong}")
        return None


def minute_of(text: str) -> int:
    """The minute of the day at a time such as 19:30. Raises `ValueError`."""
    try:
        found = time.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or f"{found:%H:%M}" != text:
        raise ValueError("a time is written 19:30")
    return found.hour * 60 + found.minute
