"""What Resy's wire says about a venue apart from its tables."""

from datetime import date
from typing import Any

from tablewire.simulator.plan import DINNER, LUNCH, Template
from tablewire.simulator.venues import CENTRE, Venue

TIME_ZONES = {
    "America/New_York": "EST5EDT",
    "America/Chicago": "CST6CDT",
    "America/Denver": "MST7MDT",
    "America/Los_Angeles": "PST8PDT",
}
SLUG = "new-york-ny"
NO_SOURCE: dict[str, Any] = {"privacy_policy": None, "name": None, "logo": None, "terms_of_service": None}
_COLLECTION = {
    "name": "Global Dining Access",
    "collection_slug": "global-dining-access",
    "image": "https://images.invalid/lists/access.svg",
    "id": "14",
    "file_name": "access",
    "type_id": 10,
    "short_name": "Global Dining Access",
}


def search_hit(venue: Venue) -> dict[str, Any]:
    """The part of a hit that never changes: all but `travel_time` and `availability`."""
    hit = {
        "id": {"resy": venue.id},
        "name": venue.name,
        "url_slug": venue.slug,
        "neighborhood": venue.neighbourhood,
        "locality": "New York",
        "region": "NY" if venue.index % 3 else "New York",
        "country": "United States" if venue.index % 2 else "US",
        "location": {"code": "ny", "id": 1, "name": "New York", "url_slug": SLUG},
        "_geoloc": {"lat": venue.latitude, "lng": venue.longitude},
        "cuisine": list(venue.cuisine),
        "price_range_id": venue.price,
        "currency_symbol": "$",
        "currency_code": "USD",
        "rating": {"average": venue.rating, "count": venue.ratings},
        "images": [image_url(venue, image) for image in venue.images[:1]],
        "max_party_size": venue.most,
        "contact": {"phone_number": venue.phone},
        "reopen": {"date": "2024-03-01" if venue.index % 50 == 3 else None},
        "waitlist": {"available": venue.index % 2, "label": "Join Wait List", "current": None},
        "is_tock_inventory": False,
        "is_global_dining_access": venue.index % 17 == 1,
        "feature_recaptcha": False,
        "gda_concierge_booking": False,
        "is_gdc": 0,
        "is_rga": 0,
        "is_gns": 0,
        "global_dining_access": int(venue.index % 17 == 1),
        "requires_reservation_transfers": 0,
        "inventory_type_id": 2,
        "favorite": False,
        "collections": [_COLLECTION] if venue.index % 17 == 1 else [],
        "content": content_of(venue),
        "_highlightResult": _highlight(venue),
        "source": NO_SOURCE,
    }
    if venue.index % 2 == 0:
        hit["collection"] = ["4", "14"]
    return hit


_PLAIN = (
    "id", "name", "url_slug", "neighborhood", "location", "_geoloc", "cuisine", "price_range_id", "rating", "images",
    "contact", "is_tock_inventory",
)  # fmt: skip


def lean_hit(venue: Venue, extras: int) -> dict[str, Any]:
    """Of a hit only what says something, and so many bytes more."""
    whole = search_hit(venue)
    lean = {field: whole[field] for field in _PLAIN}
    return lean | {"content": "." * extras} if extras else lean


def image_url(venue: Venue, image: str) -> str:
    """Where a picture of the venue would be. The host cannot exist, so nobody is asked for it."""
    return f"https://images.invalid/3/003/2/{venue.id}/{image}/jpg/640x360"


def content_of(venue: Venue) -> list[dict[str, Any]]:
    """The house's own words about itself."""
    return [
        {
            "name": "why_we_like_it",
            "display": {"type": "text"},
            "icon": {"url": "https://images.invalid/icons/heart.svg"},
            "locale": {"language": "en-us"},
            "body": about(venue),
            "title": None,
            "attribution": None,
        }
    ]


def about(venue: Venue) -> str:
    """A sentence about an invented house."""
    kind = venue.cuisine[0] if venue.cuisine else "neighbourhood"
    return (
        f"{venue.name} exists only in this simulator. Its {kind} kitchen is invented, and so are its regulars, "
        f"but the way its tables come and go is modelled on houses that do exist."
    )


def notify_options(venue: Venue, day: str) -> list[dict[str, Any]]:
    """The spans for which guests may leave a wish."""
    spans = [(DINNER, "16:00:00", "22:00:00")]
    if serves_lunch(venue):
        spans.append((LUNCH, "11:00:00", "16:00:00"))
    return [
        {
            "min_request_datetime": f"{day} {first}",
            "max_request_datetime": f"{day} {last}",
            "step_minutes": 30,
            "service_type_id": service,
        }
        for service, first, last in spans
    ]


def serves_lunch(venue: Venue) -> bool:
    """Whether the plan has a lunch."""
    return venue.plan.serves_lunch


def template_id(venue: Venue, number: int) -> int:
    """The id under which a template of the venue goes."""
    return 1_000_000 + venue.id * 10 + number


def config_id(venue: Venue, config: int) -> int:
    """The id of a table configuration of the venue."""
    return 2_000_000 + venue.id * 100 + config


def shift_id(venue: Venue, service: int) -> int:
    """The id of a shift of the venue."""
    return 3_000_000 + venue.id * 10 + service


def search_template(venue: Venue, number: int) -> dict[str, Any]:
    """A template as a search shows it."""
    template = venue.plan.templates[number]
    shown: dict[str, Any] = {
        "id": template_id(venue, number),
        "venue_id": venue.id,
        "name": str(template_id(venue, number)),
        "is_paid": False,
        "cancellation_fee": template.fee,
        "deposit_fee": None,
        "payment_structure": None,
        "large_party_cancellation_fee": template.fee,
        "large_party_size_cancel": 5 if template.fee is not None else None,
        "secs_cancel_cut_off": 86400 if template.fee is not None else None,
        "is_default": int(number == 0),
        "reservation_config": off_market(template),
    }
    if template.kind != "plain":
        shown["is_event"] = int(template.kind == "event")
        shown["is_pickup"] = int(template.kind == "pickup")
    return shown


def off_market(template: Template) -> dict[str, Any]:
    """When tables of a template leave the market, as the wire says it."""
    return {
        "type": template.reservation_type,
        "badge": None,
        "secs_off_market": template.seconds_off,
        "time_off_market": template.time_off,
    }


def venue_answer(venue: Venue, time_zone: str) -> dict[str, Any]:
    """The answer of GET /3/venue: the fields that clients use."""
    hour = {0: "midnight", 540: "9 AM", 600: "10 AM"}[venue.release_minute]
    policy = f"Tables open {venue.lead_days} days in advance, with each new day becoming available at {hour}."
    return {
        "id": {"foursquare": None, "google": f"invented-{venue.id}", "resy": venue.id, "fb_pixel": None},
        "name": venue.name,
        "type": venue.cuisine[0] if venue.cuisine else "",
        "url_slug": venue.slug,
        "is_active": 1,
        "price_range_id": venue.price,
        "currency_symbol": "$",
        "min_party_size": 1,
        "max_party_size": venue.most,
        "large_party_message": "For a larger party, please call the house.",
        "contact": {"phone_number": venue.phone, "url": None, "menu_url": None},
        "images": [image_url(venue, image) for image in venue.images],
        "inventory": {"type": {"id": 2}},
        "reopen": {"date": None},
        "links": {
            "deep": f"resy://resy.com/VenueDetails?venue_id={venue.id}",
            "web": f"https://resy.com/cities/{SLUG}/venues/{venue.slug}",
        },
        "locale": {"currency": "USD", "time_zone": TIME_ZONES.get(time_zone, time_zone)},
        "location": _address(venue),
        "rater": [{"name": "Resy", "scale": 5, "score": venue.rating, "total": venue.ratings}],
        "content": [*content_of(venue), {**content_of(venue)[0], "name": "need_to_know", "body": policy}],
        "source": NO_SOURCE,
        "travel_time": {"distance": None},
    }


def location_config(time_zone: str) -> list[dict[str, Any]]:
    """The answer of GET /3/location/config: the one city there is."""
    return [
        {
            "code": "ny",
            "id": 1,
            "name": "New York",
            "url_slug": SLUG,
            "country_code": "US",
            "country_id": 233,
            "country_name": "United States",
            "content_tier": 1,
            "latitude": CENTRE[0],
            "longitude": CENTRE[1],
            "map_center": {"latitude": CENTRE[0], "longitude": CENTRE[1]},
            "radius": 10,
            "shape_data": None,
            "show_in_app": 1,
            "show_in_display": 1,
            "show_on_web": 1,
            "time_zone": TIME_ZONES.get(time_zone, time_zone),
        }
    ]


def venue_config(venue: Venue, today: date) -> dict[str, Any]:
    """The answer of GET /2/config: how far ahead the house sells."""
    services = [(DINNER, "dinner", "Dinner")]
    if serves_lunch(venue):
        services.append((LUNCH, "lunch", "Lunch"))
    last = date.fromordinal(today.toordinal() + venue.lead_days)
    return {
        "lead_time_in_days": venue.lead_days,
        "calendar_date_to": last.isoformat(),
        "venue": {"name": venue.name, "min_party_size": 1, "max_party_size": venue.most},
        "service_types": [
            {"id": number, "key": key, "value": value, "filters": []} for number, key, value in services
        ],
    }


def _address(venue: Venue) -> dict[str, Any]:
    return {
        "id": 1,
        "code": "ny",
        "url_slug": SLUG,
        "address_1": venue.street,
        "address_2": None,
        "locality": "New York",
        "region": "NY",
        "country": "United States",
        "country_iso3166": "US",
        "postal_code": venue.post_code,
        "neighborhood": venue.neighbourhood,
        "latitude": venue.latitude,
        "longitude": venue.longitude,
    }


def _highlight(venue: Venue) -> dict[str, Any]:
    def plain(value: str) -> dict[str, Any]:
        return {"value": value, "matchLevel": "none", "matchedWords": []}

    return {
        "name": plain(venue.name),
        "cuisine": [plain(one) for one in venue.cuisine],
        "neighborhood": plain(venue.neighbourhood),
        "locality": plain("New York"),
        "location": {"name": plain("New York")},
    }
