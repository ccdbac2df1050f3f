"""The tables of one venue and day as Resy's /4/find writes them, and its calendar."""

from datetime import date
from typing import Any

from tablewire.simulator.city import City
from tablewire.simulator.inventory import Sheet
from tablewire.simulator.local_time import day_text
from tablewire.simulator.plan import Place
from tablewire.simulator.resy_venues import (
    NO_SOURCE,
    SLUG,
    TIME_ZONES,
    about,
    config_id,
    content_of,
    image_url,
    notify_options,
    off_market,
    serves_lunch,
    shift_id,
    template_id,
)
from tablewire.simulator.venues import Venue, metres_between

_NO_COLOUR: dict[str, Any] = {"color": {"font": None, "background": None}}
_RATIOS = {"1:1": ("200", "400"), "4:3": ("400", "800"), "16:9": ("400", "800")}


def find_answer(
    city: City, venue: Venue, day: date, party_size: int, where: tuple[float, float]
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The answer for one venue, day and party size, with its public starts; a day off the calendar has no slots."""
    sheet = city.inventory.sheet(day.toordinal(), venue)
    places = [] if sheet is None else [one for one in sheet.places() if one.least <= party_size <= one.most]
    slots = [] if sheet is None else [_slot(city, sheet, place, party_size) for place in places]
    shown = {
        "venue": _venue(city, venue, day.isoformat(), where),
        "templates": {
            str(template_id(venue, number)): _template(venue, number)
            for number in sorted({0, *(place.template for place in places)})
        },
        "slots": slots,
        "gating_errors": {},
        "notifies": [],
        "pickups": {"slots": [], "service_types": {}},
    }
    starts = sorted({place.start for place in places if place.public})
    answer = {
        "query": {"day": day.isoformat(), "party_size": party_size, "time_filter": None},
        "bookmark": None,
        "results": {"venues": [shown], "meta": {"offset": 1, "limit": None}},
        "platinum_night": None,
    }
    return answer, tuple(city.local.wall(day.toordinal(), start) for start in starts)


def calendar_answer(city: City, venue: Venue, seats: int, first: date, last: date) -> dict[str, Any]:
    """For each date whether the venue has a table for so many; `closed` is also what is not released yet."""
    scheduled = []
    for day in range(first.toordinal(), min(last.toordinal(), first.toordinal() + 365) + 1):
        sheet = city.inventory.sheet(day, venue)
        if sheet is None or not venue.opens_on(day) or not (sheet.released or sheet.scripted):
            state = "closed"
        else:
            fits = any(place.public and place.least <= seats <= place.most for place in sheet.places())
            state = "available" if fits else "sold-out"
        inventory = {"reservation": state, "event": "not available", "walk-in": "available"}
        scheduled.append({"date": day_text(day), "inventory": inventory})
    return {"scheduled": scheduled, "last_calendar_day": day_text(max(city.inventory.days))}


def _slot(city: City, sheet: Sheet, place: Place, party_size: int) -> dict[str, Any]:
    venue, local, day = sheet.venue, city.local, day_text(sheet.day)
    start, end = local.wall(sheet.day, place.start), local.wall(sheet.day, place.start + place.turn)
    template = template_id(venue, place.template)
    token = f"rgs://resy/{venue.id}/{template}/{place.service}/{day}/{start[:10]}/{start[11:]}/{party_size}/"
    on_market = local.instant(sheet.day - venue.lead_days, venue.release_minute)
    return {
        "availability": {"id": 3},
        "config": {
            "id": config_id(venue, place.config),
            "custom_config_name": None,
            "token": token + place.seating,
            "type": place.config_type,
            "is_visible": False,
        },
        "custom_config": {"object_id": None, "name": None},
        "date": {"start": start, "end": end},
        "exclusive": {"id": place.exclusive, "is_eligible": place.eligible},
        "is_global_dining_access": place.dining_access,
        "floorplan": {"id": 90_000 + venue.index},
        "id": None,
        "market": {"date": {"on": int(on_market), "off": int(local.instant(sheet.day, place.off))}},
        "meta": {"size": {"assumed": party_size}, "type": {"id": 1}},
        "lock": None,
        "pacing": {"beyond": False},
        "score": {"total": 100.0},
        "shift": {
            "id": shift_id(venue, place.service),
            "day": day,
            "service": {"type": {"id": place.service}},
        },
        "size": {"min": place.least, "max": place.most},
        "status": {"id": 1},
        "table": {"id": [config_id(venue, place.config) + 50]},
        "template": {"id": template},
        "time": {"turn": {"actual": place.turn * 60, "estimated": place.turn * 60}},
        "quantity": 1,
        "display_config": _NO_COLOUR,
        "reservation_config": {"badge": None},
        "gdc_perk": None,
        "has_add_ons": False,
        "payment": _payment(),
    }


def _payment() -> dict[str, Any]:
    return {
        "is_paid": False,
        "is_add_on_required": False,
        "cancellation_fee": None,
        "deposit_fee": None,
        "service_charge": None,
        "venue_share": None,
        "payment_structure": None,
        "secs_cancel_cut_off": None,
        "time_cancel_cut_off": None,
        "secs_change_cut_off": None,
        "time_change_cut_off": None,
        "service_charge_options": [],
    }


def _template(venue: Venue, number: int) -> dict[str, Any]:
    template = venue.plan.templates[number]
    turns = [(size, size) for size in range(1, 5)] if number == 0 else []
    words = {"attribution": None, "body": about(venue), "enhanced_body": None, "title": None}
    first = number == 0
    return {
        **{key: value for key, value in _payment().items() if key != "is_add_on_required"},
        "id": template_id(venue, number),
        "venue_id": venue.id,
        "name": "DEFAULT_TEMPLATE" if first else str(template_id(venue, number)),
        "restriction_id": None,
        "large_party_size_cancel": None,
        "large_party_cancellation_fee": None,
        "large_party_secs_cancel_cut_off": None,
        "large_party_time_cancel_cut_off": None,
        "large_party_secs_change_cut_off": None,
        "large_party_time_change_cut_off": None,
        "images": [image_url(venue, image) for image in venue.images] if first else None,
        "raw_image_names": list(venue.images) if first else None,
        "image_dimensions": [[640, 360] for _ in venue.images] if first else None,
        "is_default": int(first),
        "is_event": int(template.kind == "event"),
        "is_pickup": int(template.kind == "pickup"),
        "pickup_highlight": 0,
        "reservation_config": off_market(template),
        "turn_times": [
            *({"secs_amount": 5400, "size": {"min": low, "max": high}} for low, high in turns),
            {"secs_amount": 5400, "size": {"min": len(turns) + 1, "max": None}},
        ],
        "display_config": _NO_COLOUR,
        "content": {"en-us": {"about": words, "why_we_like_it": words}},
        "menu": {},
        "item_ids": [],
        "menu_ids": [],
    }


def _venue(city: City, venue: Venue, day: str, where: tuple[float, float]) -> dict[str, Any]:
    # Asked without a place (0, 0) the wire gives the distance from there: nonsense, but so it is.
    distance = metres_between(where, (venue.latitude, venue.longitude)) / 1609.344
    average = 15.0 * venue.price
    return {
        "id": {"resy": venue.id},
        "venue_group": {"id": 200_000 + venue.index, "name": venue.name, "venues": []},
        "name": venue.name,
        "type": venue.cuisine[0] if venue.cuisine else "",
        "url_slug": venue.slug,
        "price_range": venue.price,
        "average_bill_size": average,
        "currency_symbol": "$",
        "hospitality_included": 0,
        "resy_select": 0,
        "is_gdc": 0,
        "is_global_dining_access": False,
        "is_global_dining_access_only": False,
        "requires_reservation_transfers": 0,
        "is_gns": 0,
        "transaction_processor": "none",
        "hide_allergy_question": False,
        "hide_occasion_question": False,
        "hide_special_request_question": False,
        "gda_concierge_booking": False,
        "tax_included": False,
        "feature_recaptcha": False,
        "rating": venue.rating,
        "total_ratings": venue.ratings,
        "inventory": {"type": {"id": 2}},
        "reopen": {"date": None},
        "location": {
            "time_zone": TIME_ZONES.get(city.local.name, city.local.name),
            "neighborhood": venue.neighbourhood,
            "geo": {"lat": venue.latitude, "lon": venue.longitude},
            "code": "ny",
            "name": "New York",
            "url_slug": SLUG,
        },
        "travel_time": {"distance": distance},
        "source": NO_SOURCE,
        "service_types": {"2": {}, "3": {}} if serves_lunch(venue) else {"2": {}},
        "top": False,
        "ticket": {"average": average, "average_str": f"${average:.0f}"},
        "currency": {"symbol": "$", "code": "USD"},
        "is_rga": False,
        "is_rga_only": False,
        "default_template": str(template_id(venue, 0)),
        "responsive_images": _responsive(venue),
        "notify_options": notify_options(venue, day),
        "favorite": False,
        "waitlist": {"available": 0, "label": "Join Wait List", "current": None},
        "supports_pickups": 0,
        "collections": [],
        "content": content_of(venue),
        "allow_bypass_payment_method": 1,
        "events": [],
    }


def _responsive(venue: Venue) -> dict[str, Any]:
    def url(image: str, ratio: str, width: str) -> str:
        return f"https://images.invalid/3/003/2/{venue.id}/{image}/jpg/{ratio}/{width}"

    widths = sorted({width for ratio in _RATIOS.values() for width in ratio})
    return {
        "originals": {image: {"url": image_url(venue, image)} for image in venue.images},
        "urls": {
            image: {
                ratio: {width: url(image, ratio, width) for width in sizes}
                for ratio, sizes in _RATIOS.items()
            }
            for image in venue.images
        },
        "urls_by_resolution": {
            image: {
                width: {ratio: url(image, ratio, width) for ratio, sizes in _RATIOS.items() if width in sizes}
                for width in widths
            }
            for image in venue.images
        },
        "file_names": list(venue.images),
        "aspect_ratios": {
            ratio: {width: f"{width}x{width}" for width in sizes} for ratio, sizes in _RATIOS.items()
        },
    }
