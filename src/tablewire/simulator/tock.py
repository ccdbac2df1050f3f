"""Another platform's restaurants that a Resy search lists on request, under ids that clash with Resy's own."""

import random
from typing import Any
from urllib.parse import quote

import msgspec

from tablewire.simulator.chance import key_of, unit
from tablewire.simulator.resy_venues import NO_SOURCE, SLUG, search_hit
from tablewire.simulator.venues import Venue

_SHARE = 0.045
_COLOUR = {"color": {"font": "#FFFFFF", "background": "#1A1A1A"}}
_HOURS = ("17:30", "18:00", "19:45", "20:30")


class TockVenue(msgspec.Struct, frozen=True):
    """A house of the other platform: `model` gives it a place and a name, `id` is one that Resy uses as well."""

    id: int
    slug: str
    model: Venue


def draw_tock_venues(seed: int, venues: list[Venue]) -> list[TockVenue]:
    """Invent the other platform's houses; the same arguments always give the same ones."""
    rng = random.Random(f"tock {seed}")
    models = rng.sample(venues, max(1, int(len(venues) * _SHARE)))
    ids = rng.sample([venue.id for venue in venues], len(models))
    return [TockVenue(number, f"tock-{model.slug}", model) for number, model in zip(ids, models, strict=True)]


def tock_hit(venue: TockVenue, distance: float, day: str | None, party_size: int | None) -> bytes:
    """One hit as JSON; availability is in it where a day is given."""
    page = f"https://tock.invalid/{venue.slug}/?size={party_size}&date={day}"
    hit = search_hit(venue.model)
    hit.pop("collection", None)
    hit |= {
        "id": {"resy": venue.id},
        "name": f"{venue.model.name} Counter",
        "url_slug": venue.slug,
        "country": "US",
        "neighborhood": "",
        "location": {"code": "ny", "id": 0, "name": "New York", "url_slug": SLUG},
        "contact": {"phone_number": None},
        "waitlist": {},
        "source": NO_SOURCE,
        "favorite": None,
        "content": [],
        "collections": [],
        "is_tock_inventory": True,
        "tock_business_page_url": page,
        "tock_business_search_url": page,
        "travel_time": {"distance": distance},
    }
    if day is not None:
        hit["availability"] = _availability(venue, day, party_size)
    return msgspec.json.encode(hit)


def _availability(venue: TockVenue, day: str, party_size: int | None) -> dict[str, Any]:
    key = key_of(venue.id, int(day.replace("-", "")))
    hours = [hour for number, hour in enumerate(_HOURS) if unit(key, number) < 0.4]
    wishes = f"https://tock.invalid/{venue.slug}/waitlist?date={day}&size={party_size}"
    experience = {
        "id": str(400_000 + venue.id),
        "name": "Counter Menu",
        "images": ["https://images.invalid/counter.jpg"],
        "price_type_display": "Prepaid",
        "event_time_display": None,
        "experience_type_display": "",
        "hide_experience_chip": False,
        "tock_notify_url": wishes,
        "slots": [_slot(venue, day, hour, link=True, kind="Bar") for hour in hours],
    }
    return {
        "status": None,
        "notifies": [],
        "events": [],
        "templates": {},
        "notify_options": [],
        "slots": [_slot(venue, day, hour, link=False, kind=None) for hour in hours],
        "service_types": {},
        "tock_notify_url": wishes,
        "gating_errors": {},
        "experiences": [experience],
    }


def _slot(venue: TockVenue, day: str, hour: str, *, link: bool, kind: str | None) -> dict[str, Any]:
    url = f"https://tock.invalid/{venue.slug}/syndicate?dateTime={quote(f'{day}T{hour}', safe='')}"
    end = f"{int(hour[:2]) + 1:02d}{hour[2:]}"
    return {
        "config": {"type": kind, "token": None, "id": None, "table_config_id": None},
        "date": {"start": f"{day} {hour}:00", "end": f"{day} {end}:00"},
        "template": {"id": 0},
        "shift": {"id": None, "day": day, "service": {"type": {"id": None}}},
        "exclusive": {"id": 0, "is_eligible": False},
        "is_global_dining_access": False,
        "reservation_config": {"badge": None},
        "display_config": _COLOUR,
        "has_add_ons": False,
        "tock_booking_url": url if link else None,
    }
