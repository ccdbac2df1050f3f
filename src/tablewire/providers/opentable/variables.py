"""The variables of the two queries, as the wire wants them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import uuid4

from tablewire.domain.markets import Market

PER_PAGE = 50
"""Restaurants a page of a search."""
_AROUND = 180
"""Minutes round the requested time within which a search looks for tables."""


def search_variables(
    market: Market, at: datetime, party_size: int, *, skip: int, most: int = PER_PAGE, anytime: bool
) -> dict[str, Any]:
    """The restaurants of a market's area, so many of them from `skip` on: those with a table round a time, or `anytime` that day."""
    return {
        "backwardMinutes": _AROUND,
        "forwardMinutes": _AROUND,
        "diningType": "ALL",
        "groupsRids": False,
        "isAffiliateSearch": False,
        "isRestrefRequest": False,
        "maxCarouselResults": 3,
        "skipCarouselResults": 3,
        "withCarouselResults": False,
        "maxSearchResults": most,
        "skipSearchResults": skip,
        "sortBy": "WEB_CONVERSION",
        "withAnytimeAvailability": anytime,
        "withFallbackToListingMode": False,
        "latitude": market.latitude,
        "longitude": market.longitude,
        "metroId": market.opentable_metro_id,
        "metroIds": [market.opentable_metro_id],
        "date": f"{at:%Y-%m-%d}",
        "time": f"{at:%H:%M}",
        "partySize": party_size,
        "originalTerm": "",
        "countryCode": "US",
        "debug": False,
        "device": "desktop",
        "tld": "com",
    }


def availability_variables(
    restaurant_ids: Sequence[int], at: datetime, party_size: int, *, backward: int, forward: int
) -> dict[str, Any]:
    """The tables of some restaurants, of every type, so many minutes before and after a time."""
    return {
        "onlyPop": False,
        "forwardDays": 0,
        "forwardMinutes": forward,
        "backwardMinutes": backward,
        "requireTimes": False,
        "requireTypes": [],
        "useCBR": False,
        "privilegedAccess": [],
        "restaurantIds": list(restaurant_ids),
        "restaurantAvailabilityTokens": [],
        "slotDiscovery": ["on"] * len(restaurant_ids),
        "loyaltyRedemptionTiers": [],
        "date": f"{at:%Y-%m-%d}",
        "time": f"{at:%H:%M}",
        "partySize": party_size,
        "databaseRegion": "NA",
        "attributionToken": "",
        "correlationId": str(uuid4()),
    }
