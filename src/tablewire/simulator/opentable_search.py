"""The restaurants of an area as OpenTable lists them; their tables are not in it."""

from collections.abc import Sequence
from typing import Any

import msgspec

from tablewire.simulator.answers import Answer
from tablewire.simulator.city import City
from tablewire.simulator.opentable_query import AvailabilityQuery, SearchQuery
from tablewire.simulator.opentable_slots import TOKEN, EntryWriter
from tablewire.simulator.venues import CENTRE, Venue, metres_between

METRO = 8
"""New York."""
_AROUND = 40_000.0
_BANDS = {
    1: (1, "$30 and under"),
    2: (2, "$30 and under"),
    3: (3, "$31 to $50"),
    4: (4, "$50 and over"),
}
_STYLES = ("Casual Dining", "Casual Elegant", "Fine Dining")


class Listing(msgspec.Struct, frozen=True):
    """One page of restaurants, before it becomes bytes: each still by itself."""

    query: SearchQuery
    total: int
    restaurants: list[bytes]

    def answer(self) -> Answer:
        """The page as an answer."""
        body = (
            b'{"data":{"restaurantSearchV2":{"searchResults":{"totalRestaurantCount":%d,"restaurants":[%b]}}}}'
        ) % (self.total, b",".join(self.restaurants))
        return Answer(status=200, body=body, asked=self.query.asked(), venues=len(self.restaurants))


class Listings:
    """Lists restaurants, the liveliest first."""

    def __init__(self, city: City, writer: EntryWriter, extras: int | None) -> None:
        self._writer = writer
        self._extras = extras
        venues = [twin.venue for twin in city.twins]
        self._ranked = sorted(venues, key=lambda venue: (-venue.popularity, venue.id))
        self._records: dict[int, bytes] = {}

    def page(self, query: SearchQuery, slip: int = 0) -> Listing:
        """One page. `slip` moves its borders by that many places, as a ranking in motion does."""
        found = self._found(query)
        start = max(0, query.skip + slip)
        rows = found[start : start + query.most]
        return Listing(query, len(found) + slip, [self._record(venue) for venue in rows])

    def _found(self, query: SearchQuery) -> Sequence[Venue]:
        if query.metro is not None:
            found: Sequence[Venue] = self._ranked if query.metro == METRO else ()
        elif metres_between(query.centre, CENTRE) > _AROUND:
            found = ()
        else:
            found = self._ranked
        return found if query.anytime else [venue for venue in found if self._has_table(venue, query)]

    def _has_table(self, venue: Venue, query: SearchQuery) -> bool:
        asked = AvailabilityQuery(
            window=query.window,
            party_size=query.party_size,
            restaurants=(),
            types=frozenset(),
            days_more=0,
        )
        return bool(self._writer.write(venue, asked).actual_times)

    def _record(self, venue: Venue) -> bytes:
        known = self._records.get(venue.id)
        if known is None:
            record = restaurant(venue)
            if self._extras is not None:
                for field in _DECORATION:
                    del record[field]
                record["description"] = "." * self._extras
            known = self._records[venue.id] = msgspec.json.encode(record)
        return known


def listing_only(venue: Venue) -> bool:
    """Whether the house is only listed: it sells no tables there."""
    return not venue.plan.places


_DECORATION = ("diningStyle", "statistics", "topReview", "features", "offers", "campaignId")


def restaurant(venue: Venue) -> dict[str, Any]:
    """A house as a search shows it."""
    band, name = _BANDS[venue.price]
    link = f"/r/{venue.slug}-{venue.id}"
    listed = listing_only(venue)
    return {
        "restaurantId": venue.id,
        "name": venue.name,
        "type": "Listing" if listed else "GuestCenter",
        "isInstantBookable": not listed,
        "primaryCuisine": {"name": venue.cuisine[0] if venue.cuisine else "American"},
        "neighborhood": {"name": venue.neighbourhood},
        "priceBand": {"name": name, "currencySymbol": "$", "priceBandId": band},
        "diningStyle": _STYLES[venue.index % len(_STYLES)],
        "description": f"{venue.name} exists only in this simulator.",
        "address": {
            "line1": venue.street,
            "line2": None,
            "city": "New York",
            "state": "NY",
            "postCode": venue.post_code,
        },
        "contactInformation": _contact(venue.phone),
        "coordinates": {"latitude": venue.latitude, "longitude": venue.longitude},
        "statistics": {
            "recentReservationCount": int(venue.popularity * 100),
            "reviews": {
                "allTimeTextReviewCount": venue.ratings,
                "ratings": {"overall": {"rating": round(venue.rating, 1)}},
            },
        },
        "topReview": {"highlightedText": "It could not be more make-believe."},
        "urls": {"profileLink": {"link": link if venue.index % 3 else f"https://www.opentable.com{link}"}},
        "photos": {"profileV3": _photos(venue)},
        "features": {"bar": True, "counter": False, "highTop": False, "outdoor": venue.index % 2 == 0},
        "restaurantAvailabilityToken": TOKEN,
        "slotDiscovery": "on",
        "offers": [],
        "isPromoted": False,
        "isPinned": False,
        "campaignId": None,
        "__typename": "Restaurant",
    }


def _contact(phone: str | None) -> dict[str, Any]:
    if not phone:
        return {"phoneNumber": None, "formattedPhoneNumber": None}
    digits = phone.removeprefix("+1")
    return {"phoneNumber": digits, "formattedPhoneNumber": f"({digits[:3]}) {digits[3:6]}-{digits[6:]}"}


def _photos(venue: Venue) -> dict[str, Any] | None:
    """Pictures at a host that cannot exist, so that nobody is asked for them; their addresses lack the protocol."""
    if not venue.images:
        return None
    at = f"//images.invalid/opentable/{venue.id}/{venue.images[0]}"
    return {
        "url": f"{at}/huge.jpg",
        "medium": {"url": f"{at}/medium.jpg", "width": 400},
        "legacy": {"url": f"{at}/legacy.jpg"},
    }
