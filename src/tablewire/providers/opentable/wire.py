"""OpenTable's answers as they are on the wire: of all their fields only those that are used."""

from typing import Any, TypeVar

import msgspec

from tablewire.providers.calls import FailureKind, Refusal
from tablewire.providers.texts import clean, mended

# Fields that a slot's meaning hangs on are typed and required: one that is gone or changed makes that item unreadable, and
# drift names it. Fields that only adorn it are taken as they come, and looked at when they are converted.

_LONGEST_REASON = 200
_NOTHING = msgspec.Raw(b"null")
_STALE = "persistedquerynotfound"

T = TypeVar("T")


class Restaurant(msgspec.Struct, frozen=True, rename="camel"):
    """One restaurant of a search."""

    restaurant_id: int
    name: str
    type: Any = None
    is_instant_bookable: Any = None
    primary_cuisine: Any = None
    neighborhood: Any = None
    price_band: Any = None
    address: Any = None
    coordinates: Any = None
    contact_information: Any = None
    urls: Any = None
    photos: Any = None


class SearchResults(msgspec.Struct, frozen=True, rename="camel"):
    """The restaurants of one page, each still as bytes, so that one that makes no sense harms no other."""

    restaurants: list[msgspec.Raw]
    total_restaurant_count: Any = None


class RestaurantSearch(msgspec.Struct, frozen=True, rename="camel"):
    """A search."""

    search_results: SearchResults


class SearchData(msgspec.Struct, frozen=True, rename={"search": "restaurantSearchV2"}):
    """What `MultiSearchResults` answers."""

    search: RestaurantSearch


class Slot(msgspec.Struct, frozen=True, rename="camel"):
    """One time at which a table is, or is not, free. One that is not free does not say when it is."""

    is_available: bool
    time_offset_minutes: int | None = None
    """From the time that was asked for."""
    type: Any = None
    attributes: Any = None


class Day(msgspec.Struct, frozen=True, rename="camel"):
    """What is free on one of the days asked for."""

    day_offset: int
    slots: list[Slot]


class RoughDay(msgspec.Struct, frozen=True, rename="camel"):
    """The same, its slots undecoded, where something in one of them is not as expected."""

    day_offset: int
    slots: list[msgspec.Raw]


class Entry(msgspec.Struct, frozen=True, rename="camel"):
    """What is free at one restaurant."""

    restaurant_id: int
    availability_days: list[Day]


class RoughEntry(msgspec.Struct, frozen=True, rename="camel"):
    """The same, part by part, where something in it is not as expected."""

    restaurant_id: int
    availability_days: list[RoughDay]


class NamedEntry(msgspec.Struct, frozen=True, rename="camel"):
    """Of whom an entry speaks, where no more of it can be read."""

    restaurant_id: int


class AvailabilityData(msgspec.Struct, frozen=True):
    """What `RestaurantsAvailability` answers: an entry a restaurant, each still as bytes."""

    availability: list[msgspec.Raw]


class _Envelope(msgspec.Struct, frozen=True):
    data: msgspec.Raw = _NOTHING
    errors: Any = None


class SearchPage(msgspec.Struct, frozen=True):
    """One page of a search."""

    restaurants: list[msgspec.Raw]
    total: int | None
    """Restaurants over all pages, where it says."""


_envelope = msgspec.json.Decoder(_Envelope)
_search = msgspec.json.Decoder(SearchData)
_availability = msgspec.json.Decoder(AvailabilityData)
_restaurant = msgspec.json.Decoder(Restaurant)
_entry = msgspec.json.Decoder(Entry)
_rough_entry = msgspec.json.Decoder(RoughEntry)
_named_entry = msgspec.json.Decoder(NamedEntry)
_slot = msgspec.json.Decoder(Slot)


def decode_search(body: bytes) -> SearchPage:
    """One page of a search. Raises Refusal where it is an error in the guise of an answer, else ValueError or RecursionError."""
    results = _data(body, _search).search.search_results
    total = results.total_restaurant_count
    is_count = isinstance(total, int) and not isinstance(total, bool) and total >= 0
    return SearchPage(results.restaurants, total if is_count else None)


def decode_availability(body: bytes) -> list[msgspec.Raw]:
    """The entries of a batch. Raises what `decode_search` raises."""
    return _data(body, _availability).availability


def decode_restaurant(raw: msgspec.Raw) -> Restaurant:
    """One restaurant. Raises ValueError, or RecursionError, where it makes no sense."""
    return _restaurant.decode(raw)


def decode_entry(raw: msgspec.Raw) -> Entry:
    """One restaurant's tables. Raises ValueError, or RecursionError, where any part of it makes no sense."""
    return _entry.decode(raw)


def decode_rough_entry(raw: msgspec.Raw) -> RoughEntry:
    """One restaurant's tables, the slots undecoded. Raises ValueError, or RecursionError, where it makes no sense."""
    return _rough_entry.decode(raw)


def decode_named_entry(raw: msgspec.Raw) -> NamedEntry:
    """Whose entry it is. Raises ValueError, or RecursionError, where even that is not said."""
    return _named_entry.decode(raw)


def decode_slot(raw: msgspec.Raw) -> Slot:
    """One slot. Raises ValueError, or RecursionError, where it makes no sense."""
    return _slot.decode(raw)


def error_in(body: bytes) -> tuple[FailureKind, str] | None:
    """What the errors of a GraphQL answer say: a stale query, or the first message; None where it has none."""
    try:
        errors = _envelope.decode(body).errors
    except (ValueError, RecursionError):
        return None
    return _error(errors)


def _data(body: bytes, decoder: msgspec.json.Decoder[T]) -> T:
    """The data of an answer; errors beside them do not matter, since what is missing then is looked for item by item."""
    try:
        envelope = _envelope.decode(body)
    except msgspec.DecodeError:
        body = mended(body)
        envelope = _envelope.decode(body)
    try:
        return decoder.decode(envelope.data)
    except msgspec.DecodeError:
        error = _error(envelope.errors)
        if error is None:
            raise
        raise Refusal(*error) from None


def _error(errors: Any) -> tuple[FailureKind, str] | None:
    first = errors[0] if isinstance(errors, list) and errors else None
    if not isinstance(first, dict):
        return None
    extensions = first.get("extensions")
    code = extensions.get("code") if isinstance(extensions, dict) else None
    message = first.get("message")
    if any(str(said).replace("_", "").lower() == _STALE for said in (code, message)):
        return FailureKind.STALE_QUERY, "the hash of the query is not known any more"
    reason = clean(message)[:_LONGEST_REASON] if isinstance(message, str) else ""
    return FailureKind.REJECTED, f"an error instead of data: {reason or 'it says no more'}"
