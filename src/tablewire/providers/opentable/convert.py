"""From OpenTable's records to normalised venues and slots."""

from datetime import date, datetime, timedelta
from functools import lru_cache
from math import asin, cos, radians, sin, sqrt
from sys import intern
from typing import Any
from urllib.parse import SplitResult, urlencode, urljoin, urlsplit

import msgspec

from tablewire.domain.markets import Market
from tablewire.domain.slots import SeenSlot, Venue, slot_id
from tablewire.providers.opentable.hours import Part, midnight
from tablewire.providers.opentable.wire import Restaurant, Slot
from tablewire.providers.texts import clean, coordinates, text_or_none, web_address

PROVIDER = "opentable"
WEB = "https://www.opentable.com"
_HOST = "opentable.com"
_EARTH_M = 6_371_000
_MOST_OFFSET = 24 * 60
"""Minutes: a start farther from the requested time than this cannot be true."""

_PRICES = {"$30 and under": 2, "$31 to $50": 3, "$50 and over": 4}
_SEATINGS = {
    "default": "Standard",
    "bar": "Bar",
    "counter": "Counter",
    "highTop": "High Top",
    "outdoor": "Outdoor",
}
_PICTURES = ("medium", "legacy", "small")

_BOOKABLE = frozenset({"Standard", "Experience", "POP"})
"""The types of slots that anybody can book. An experience, even a mandatory one, is a table with a menu or a price that is said
before booking; POP is a table that gives more points. A slot of another type is none of ours."""

_named = lru_cache(maxsize=4_096)(slot_id)
"""The id of a slot, remembered: two party sizes share its 16 bytes."""


class NoSense(ValueError):
    """A record whose parts are typed as they should be, but cannot be true."""


class Listed(msgspec.Struct, frozen=True, gc=False):
    """A restaurant of the area, as the search lists it."""

    venue: Venue
    page: str
    """Its own page, for people."""
    can_be_booked: bool
    """Whether tables can be booked at once; a mere listing has none to sell."""


# --- restaurants


def to_listed(restaurant: Restaurant) -> Listed:
    """What a search says of a restaurant. Raises NoSense where it has no name or no id."""
    name = clean(restaurant.name)
    if not name:
        raise NoSense("a restaurant without a name")
    if restaurant.restaurant_id <= 0:
        raise NoSense("restaurantId is no id")
    page = page_of(restaurant)
    latitude, longitude = coordinates(
        _inner(restaurant.coordinates, "latitude"), _inner(restaurant.coordinates, "longitude")
    )
    venue = Venue(
        provider=PROVIDER,
        venue_id=str(restaurant.restaurant_id),
        name=name,
        neighborhood=text_or_none(_inner(restaurant.neighborhood, "name")),
        price_range=_PRICES.get(str(_inner(restaurant.price_band, "name"))),
        cuisine=text_or_none(_inner(restaurant.primary_cuisine, "name")),
        latitude=latitude,
        longitude=longitude,
        url=page,
        image_url=_picture(restaurant.photos),
        address=text_or_none(_inner(restaurant.address, "line1")),
        phone=text_or_none(_inner(restaurant.contact_information, "phoneNumber")),
    )
    bookable = restaurant.type != "Listing" and restaurant.is_instant_bookable is not False
    return Listed(venue, page, bookable)


def page_of(restaurant: Restaurant) -> str:
    """A restaurant's own page; where its link leads elsewhere, the address that its number makes."""
    link = _inner(_inner(restaurant.urls, "profileLink"), "link")
    try:
        found = web_address(urljoin(WEB, link)) if isinstance(link, str) else None
    except ValueError:
        found = None
    if found is None or not _is_ours(found) or found.path in ("", "/"):
        return f"{WEB}/restaurant/profile/{restaurant.restaurant_id}"
    return found._replace(query="", fragment="").geturl()


def is_within(market: Market, venue: Venue) -> bool:
    """Whether a restaurant lies in the market's circle; one whose place is not known may well."""
    if venue.latitude is None or venue.longitude is None:
        return True
    north, south = radians(venue.latitude), radians(market.latitude)
    across = sin((north - south) / 2) ** 2
    along = cos(north) * cos(south) * sin(radians(venue.longitude - market.longitude) / 2) ** 2
    return 2 * _EARTH_M * asin(min(1.0, sqrt(across + along))) <= market.radius_m


def _is_ours(url: SplitResult) -> bool:
    host = (url.hostname or "").lower()
    return host == _HOST or host.endswith("." + _HOST)


def _picture(photos: Any) -> str | None:
    """The address of a picture of a size that suits a list."""
    for profile in (_inner(photos, "profileV3"), _inner(photos, "profile")):
        for url in (*(_inner(_inner(profile, size), "url") for size in _PICTURES), _inner(profile, "url")):
            whole = f"https:{url}" if isinstance(url, str) and url.startswith("//") else url
            if web_address(whole) is not None:
                return str(whole)
    return None


def _inner(value: Any, key: str) -> Any:
    return value.get(key) if isinstance(value, dict) else None


# --- slots


def is_public(slot: Slot) -> bool:
    """Whether a free slot is one that anybody may book; one that says no type is."""
    return slot.type is None or slot.type in _BOOKABLE


def start_of(slot: Slot, asked_at: datetime) -> datetime:
    """The wall time of a free slot. Raises NoSense."""
    offset = slot.time_offset_minutes
    if offset is None:
        raise NoSense("a free slot without timeOffsetMinutes")
    if abs(offset) > _MOST_OFFSET:
        raise NoSense("timeOffsetMinutes is no such offset")
    return asked_at + timedelta(minutes=offset)


def seatings_of(attributes: Any) -> tuple[str, ...]:
    """Where in the house a slot's tables are."""
    names = attributes if isinstance(attributes, list) else []
    shown = (_SEATINGS.get(name) or clean(name) for name in names if isinstance(name, str))
    return tuple(name for name in shown if name)


def seen_slot(
    listed: Listed,
    party_size: int,
    service_date: date,
    start: datetime,
    *,
    seatings: frozenset[str] = frozenset(),
    approximate: bool = False,
) -> SeenSlot:
    """A slot for a party size."""
    actual_time = f"{start:%Y-%m-%d %H:%M:%S}"
    return SeenSlot(
        slot_id=_named(PROVIDER, listed.venue.venue_id, actual_time),
        actual_time=intern(actual_time),
        service_date=service_date,
        seatings=_sorted_names(seatings),
        book_page=listed.page,
        book_query=book_query(listed.page, party_size, start),
        approximate=approximate,
    )


def is_in(part: Part, service_date: date, start: datetime) -> bool:
    """Whether a start is one of the part's. An edge belongs to the part after it, and the end of the hours to the last one."""
    minutes = (start - midnight(service_date)) // timedelta(minutes=1)
    return part.begin <= minutes < part.end or (part.is_last and minutes == part.end)


def book_query(page: str, party_size: int, start: datetime) -> str:
    """What follows the address of a restaurant's page where people book a table."""
    at = f"{start:%Y-%m-%dT%H:%M}"
    if urlsplit(page).path.startswith("/restaurant/profile/"):
        return intern(f"?{urlencode({'p': party_size, 'sd': at}, safe=':')}")
    return intern(f"?{urlencode({'covers': party_size, 'dateTime': at}, safe=':')}")


@lru_cache(maxsize=4_096)
def _sorted_names(names: frozenset[str]) -> tuple[str, ...]:
    return tuple(sorted(names))
