"""What Resy says of a restaurant, as a normalised venue."""

from typing import Any
from urllib.parse import quote

import msgspec

from tablewire.domain.slots import Venue
from tablewire.providers.resy.wire import FoundVenue, Hit
from tablewire.providers.texts import LONGEST_TEXT, clean, coordinates, text_or_none, web_address

PROVIDER = "resy"
WEB = "https://resy.com"


class NoSense(ValueError):
    """A slot whose parts are typed as they should be, but cannot be true."""


def as_hit(found: FoundVenue, entry: msgspec.Raw) -> Hit:
    """A per-venue answer's restaurant under the names and types of a search; `entry` has its slots and templates."""
    location = found.location if isinstance(found.location, dict) else {}
    place = location.get("geo")
    geo = {"lat": place.get("lat"), "lng": place.get("lon")} if isinstance(place, dict) else None
    return Hit(
        id=found.id,
        name=found.name,
        url_slug=found.url_slug,
        neighborhood=location.get("neighborhood"),
        location=location,
        geo=geo,
        price_range_id=found.price_range,
        cuisine=found.type,
        images=_originals(found.responsive_images),
        availability=entry,
    )


def _originals(images: Any) -> list[Any]:
    """The urls of a per-venue answer's pictures, best first."""
    originals = images.get("originals") if isinstance(images, dict) else None
    named = originals.values() if isinstance(originals, dict) else ()
    return [one.get("url") for one in named if isinstance(one, dict)]


def to_venue(hit: Hit) -> Venue:
    """What a hit says of its restaurant. Raises NoSense where it has no name."""
    name = clean(hit.name)
    if not name:
        raise NoSense("a venue without a name")
    place = hit.geo if isinstance(hit.geo, dict) else {}
    latitude, longitude = coordinates(place.get("lat"), place.get("lng"))
    price = hit.price_range_id
    return Venue(
        provider=PROVIDER,
        venue_id=str(hit.id.resy),
        name=name,
        neighborhood=text_or_none(hit.neighborhood),
        price_range=price if price in (1, 2, 3, 4) and type(price) is int else None,
        cuisine=_cuisine(hit.cuisine),
        latitude=latitude,
        longitude=longitude,
        url=_page(hit),
        image_url=_image(hit.images),
        phone=text_or_none(hit.contact.get("phone_number")) if isinstance(hit.contact, dict) else None,
    )


def _cuisine(value: Any) -> str | None:
    names = value if isinstance(value, list) else [value]
    return ", ".join(name for name in map(text_or_none, names) if name)[:LONGEST_TEXT] or None


def _page(hit: Hit) -> str | None:
    city = text_or_none(hit.location.get("url_slug")) if isinstance(hit.location, dict) else None
    venue = text_or_none(hit.url_slug)
    return f"{WEB}/cities/{quote(city, safe='')}/venues/{quote(venue, safe='')}" if city and venue else None


def _image(value: Any) -> str | None:
    url = value[0] if isinstance(value, list) and value else None
    return url if web_address(url) is not None else None
