"""Pages of a make-believe search as Resy writes them: 75 venues and about 1 MB each, a few tables changed in every generation."""

import random
from datetime import date
from functools import lru_cache

import msgspec

VENUES = 75
"""Venues on a page."""
CHANGED = 2
"""Venues of a page at which a table opens in every generation; the one before it closes."""
_SOUNDS = ("ba", "co", "den", "fir", "gal", "hu", "lim", "mor", "ne", "pos", "ra", "sil", "tum", "ver")
_STARTS = ("17:15:00", "18:30:00", "19:45:00", "21:00:00", "22:15:00")


def page(
    day: date, number: int, total: int, generation: int, *, noise: bool = False, few: bool = False
) -> bytes:
    """One page of `total`; generation 0 has nothing changed. With noise, something that does not matter changes in every hit.

    Each venue has five tables, or where there are `few` six of seven have one.
    """
    first = (number - 1) * VENUES
    extra = {(generation * CHANGED + place) % VENUES for place in range(CHANGED)} if generation else set()
    hits = [
        _hit(first + place + 1, day, f"17:{generation % 60:02}:30" if place in extra else None, few=few)
        for place in range(VENUES)
    ]
    if noise:
        hits = [{**hit, "viewers": generation} for hit in hits]
    return msgspec.json.encode(
        {
            "meta": {"total": VENUES * total, "page": number, "per_page": VENUES, "total_pages": total},
            "search": {"hits": hits, "nbPages": total},
            "suggestions": [],
        }
    )


@lru_cache(maxsize=100_000)
def _texts(venue_id: int) -> tuple[str, ...]:
    """What a house says of itself: as long as the wire's, and no easier to pack."""
    chance = random.Random(venue_id)
    words = ["".join(chance.choices(_SOUNDS, k=3)) for _ in range(420)]
    return tuple(" ".join(chance.choices(words, k=125)) for _ in range(7))


def _hit(venue_id: int, day: date, extra: str | None, *, few: bool) -> dict[str, object]:
    usual = _STARTS if not few else (_STARTS[venue_id % 5],) if venue_id % 7 else ()
    starts = [*usual, extra] if extra else list(usual)
    seatings = ("Dining Room", "Bar")
    return {
        "id": {"resy": venue_id},
        "name": f"House ~ {venue_id}",
        "url_slug": f"house-{venue_id}",
        "neighborhood": ("Old Harbour", "Mill Hill", "Gasworks")[venue_id % 3],
        "location": {"code": "ny", "id": 1, "name": "New York", "url_slug": "new-york-ny"},
        "_geoloc": {"lat": 40.71, "lng": -74.0},
        "cuisine": ["Noodles"],
        "price_range_id": 1 + venue_id % 4,
        "rating": {"average": 4.5, "count": 10},
        "images": [f"https://image.example/{venue_id}/{place}/640x360" for place in range(8)],
        "is_tock_inventory": False,
        "content": [{"name": f"about {place}", "body": text} for place, text in enumerate(_texts(venue_id))],
        "availability": {
            "status": None,
            "templates": {
                "11": {
                    "id": 11,
                    "is_event": 0,
                    "is_pickup": 0,
                    "reservation_config": {"secs_off_market": 900, "time_off_market": None},
                }
            },
            "slots": [_slot(venue_id, day, start, seating) for start in starts for seating in seatings],
        },
    }


def _slot(venue_id: int, day: date, start: str, seating: str) -> dict[str, object]:
    return {
        "config": {
            "id": venue_id * 10 + len(seating),
            "type": seating,
            "token": f"rgs://resy/{venue_id}/11/2/{day}/{day}/{start}/2/{seating}",
        },
        "date": {"start": f"{day} {start}", "end": f"{day} 23:45:00"},
        "template": {"id": 11},
        "shift": {"id": 7, "day": f"{day}", "service": {"type": {"id": 2}}},
        "exclusive": {"id": 0, "is_eligible": True},
        "is_global_dining_access": False,
        "reservation_config": {"badge": None},
        "display_config": {"color": {"font": None, "background": None}},
        "has_add_ons": False,
    }
