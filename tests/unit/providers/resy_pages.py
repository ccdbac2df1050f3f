"""Look-alikes of Resy's search answers, made from what is known of the wire."""

from typing import Any

import msgspec

DAY = "2026-10-22"


def slot(time: str, **changes: Any) -> dict[str, Any]:
    """One table at a time of day; `changes` replace whole fields, None among them."""
    start = time if len(time) > 8 else f"{DAY} {time}"
    return {
        "config": {
            "id": 1,
            "type": "Dining Room",
            "token": f"rgs://resy/1/2/2/{DAY}/{DAY}/{start[11:]}/2/Dining Room",
        },
        "date": {"start": start, "end": f"{DAY} 23:45:00"},
        "template": {"id": 11},
        "shift": {"id": 7, "day": DAY, "service": {"type": {"id": 2}}},
        "exclusive": {"id": 0, "is_eligible": True},
        "is_global_dining_access": False,
    } | changes


def template(secs: Any = None, time: Any = None, **changes: Any) -> dict[str, Any]:
    """Terms under which tables are offered."""
    config = {"type": "", "badge": None, "secs_off_market": secs, "time_off_market": time}
    return {"id": 11, "is_default": 0, "reservation_config": config} | changes


def hit(
    venue_id: int, *slots: dict[str, Any] | None, templates: Any = None, **changes: Any
) -> dict[str, Any]:
    """One venue with its tables; `changes` replace whole fields."""
    return {
        "id": {"resy": venue_id},
        "name": f"House {venue_id}",
        "url_slug": f"house-{venue_id}",
        "neighborhood": "Old Harbour",
        "location": {"code": "ny", "id": 1, "name": "New York", "url_slug": "new-york-ny"},
        "_geoloc": {"lat": 40.71, "lng": -74.0},
        "cuisine": ["Noodles"],
        "price_range_id": 2,
        "rating": {"average": 4.5, "count": 10},
        "images": [f"https://image.example/{venue_id}/640x360"],
        "is_tock_inventory": False,
        "availability": {
            "status": None,
            "templates": {"11": template()} if templates is None else templates,
            "slots": list(slots),
        },
    } | changes


def page(hits: list[Any], *, page: int = 1, total_pages: int = 1, total: int | None = None) -> bytes:
    """One page of a search."""
    meta = {
        "engine": "ELASTIC",
        "total": len(hits) if total is None else total,
        "page": page,
        "per_page": 75,
        "total_pages": total_pages,
    }
    return msgspec.json.encode(
        {"meta": meta, "search": {"hits": hits, "nbPages": total_pages}, "suggestions": []}
    )


def find(*entries: Any) -> bytes:
    """The answer for one venue: one entry, or none."""
    return msgspec.json.encode(
        {
            "query": {"day": DAY, "party_size": 2, "time_filter": None},
            "results": {"venues": list(entries), "meta": {"offset": 1, "limit": None}},
        }
    )


def found(
    venue_id: int, *slots: dict[str, Any] | None, templates: Any = None, **changes: Any
) -> dict[str, Any]:
    """One venue as the per-venue call writes it; `changes` replace whole fields of the restaurant."""
    venue = {
        "id": {"resy": venue_id},
        "name": f"House {venue_id}",
        "type": "Noodles",
        "url_slug": f"house-{venue_id}",
        "price_range": 2,
        "rating": 4.5,
        "location": {
            "time_zone": "EST5EDT",
            "neighborhood": "Old Harbour",
            "geo": {"lat": 40.71, "lon": -74.0},
            "url_slug": "new-york-ny",
        },
        "responsive_images": {"originals": {"a": {"url": f"https://image.example/{venue_id}/640x360"}}},
    } | changes
    return {
        "venue": venue,
        "templates": {"11": template()} if templates is None else templates,
        "slots": list(slots),
    }
