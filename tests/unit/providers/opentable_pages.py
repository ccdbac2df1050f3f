"""Look-alikes of OpenTable's answers, made from what is known of the wire, and a platform that gives them."""

import asyncio
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import msgspec

from tablewire.domain.buckets import DayParts
from tablewire.domain.markets import NYC, Market
from tablewire.domain.snapshots import Snapshot, VenueAnswer
from tablewire.providers.calls import Request
from tablewire.providers.http import Caller
from tablewire.providers.opentable.client import OpenTableProvider
from tablewire.providers.opentable.hours import Hours
from tablewire.providers.opentable.queries import AVAILABILITY, SEARCH, Operation, Queries
from tablewire.providers.opentable.search import OpenTableSearch
from tablewire.providers.protocol import Seats
from tablewire.providers.verdict import Answered

DAY = date(2026, 10, 22)
NOW = datetime(2026, 10, 20, 16, 0, tzinfo=UTC)
HASHES: dict[Operation, str | None] = {SEARCH: "a" * 64, AVAILABILITY: "b" * 64}
UNAVAILABLE = {"isAvailable": False, "__typename": "UnavailableSlot"}
STALE = {"message": "PersistedQueryNotFound", "extensions": {"code": "PERSISTED_QUERY_NOT_FOUND"}}


def slot(offset: Any, **changes: Any) -> dict[str, Any]:
    """A free table so many minutes from the time asked for; `changes` replace whole fields."""
    return {
        "isAvailable": True,
        "timeOffsetMinutes": offset,
        "slotHash": "451763209",
        "type": "Standard",
        "attributes": ["default"],
        "isMandatory": False,
        "__typename": "AvailableSlot",
    } | changes


def entry(restaurant_id: Any, *slots: Any, **changes: Any) -> dict[str, Any]:
    """What is free at one restaurant."""
    day = {"dayOffset": 0, "noTimesReasons": [], "slots": list(slots)}
    return {"restaurantId": restaurant_id, "availabilityDays": [day]} | changes


def restaurant(restaurant_id: int, **changes: Any) -> dict[str, Any]:
    """One record of a search; `changes` replace whole fields."""
    return {
        "restaurantId": restaurant_id,
        "name": f"House {restaurant_id}",
        "type": "GuestCenter",
        "isInstantBookable": True,
        "primaryCuisine": {"name": "Noodles"},
        "neighborhood": {"name": "Old Harbour"},
        "priceBand": {"priceBandId": 2, "name": "$31 to $50", "currencySymbol": "$"},
        "address": {"line1": "7 Quay Street", "line2": None},
        "coordinates": {"latitude": 40.72, "longitude": -74.0},
        "contactInformation": {"phoneNumber": "5550100", "formattedPhoneNumber": "(555) 0100"},
        "urls": {"profileLink": {"link": f"/r/house-{restaurant_id}"}},
        "photos": {"profileV3": {"url": "//image.example/huge", "medium": {"url": "//image.example/medium"}}},
    } | changes


def availability(*entries: Any) -> dict[str, Any]:
    """A whole answer on tables."""
    return {"data": {"availability": list(entries)}}


def found(*restaurants: Any, total: Any = None) -> dict[str, Any]:
    """One page of a search."""
    count = len(restaurants) if total is None else total
    results = {"totalRestaurantCount": count, "restaurants": list(restaurants)}
    return {"data": {"restaurantSearchV2": {"searchResults": results}}}


def json_answer(content: Any, status: int = 200) -> Answered:
    """An answer as it comes in."""
    return Answered(status=status, content_type="application/json", body=msgspec.json.encode(content))


class Platform:
    """Answers in process: its restaurants by page of the search, and their tables by minutes from midnight."""

    def __init__(self, restaurants: int = 3) -> None:
        self.now = NOW
        self.list: list[dict[str, Any]] = [restaurant(number + 1) for number in range(restaurants)]
        self.tables: dict[int, list[int]] = {}
        """Starts in minutes from the midnight that begins the date, by restaurant."""
        self.asked: list[dict[str, Any]] = []
        self.requests: list[Request] = []
        self.instead: Callable[[str, dict[str, Any]], Answered | None] = lambda _operation, _variables: None
        """What is answered in place of the truth."""
        self.hanging: Callable[[str], bool] = lambda _operation: False

    async def exchange(self, request: Request) -> Answered:
        self.requests.append(request)
        sent = msgspec.json.decode(request.body or b"")
        self.asked.append(sent)
        operation, variables = sent["operationName"], sent["variables"]
        await asyncio.sleep(0)
        if self.hanging(operation):
            await asyncio.Event().wait()
        if (instead := self.instead(operation, variables)) is not None:
            return instead
        return json_answer(self.search(variables) if operation == SEARCH else self.free(variables))

    def search(self, variables: dict[str, Any]) -> dict[str, Any]:
        skip = variables["skipSearchResults"]
        return found(*self.list[skip : skip + variables["maxSearchResults"]], total=len(self.list))

    def free(self, variables: dict[str, Any]) -> dict[str, Any]:
        hour, minute = map(int, variables["time"].split(":"))
        middle = hour * 60 + minute + 1440 * (date.fromisoformat(variables["date"]) - DAY).days
        low, high = middle - variables["backwardMinutes"], middle + variables["forwardMinutes"]
        return availability(
            *(
                entry(one, *(slot(at - middle) for at in self.tables.get(one, ()) if low <= at <= high))
                for one in variables["restaurantIds"]
            )
        )

    def sent(self, operation: str) -> list[dict[str, Any]]:
        """The variables of all queries of one kind."""
        return [one["variables"] for one in self.asked if one["operationName"] == operation]

    def queries(self, *, seats: Seats | None = None, hashes: dict[Operation, str | None] = HASHES) -> Queries:
        caller = Caller(
            "opentable",
            seats=seats or Seats(8),
            rate=100_000,
            timeout=20,
            user_agent="tablewire/test",
            now=lambda: self.now,
            jitter=lambda _longest: 0.0,
            exchange=self.exchange,
        )
        return Queries(base_url="https://tables.example/", hashes=hashes, caller=caller)

    def provider(
        self, *, hours: Hours | None = None, opted_out: frozenset[str] = frozenset()
    ) -> OpenTableProvider:
        return OpenTableProvider(
            self.queries(), day_parts=DayParts(), hours=hours or Hours(), opted_out=opted_out
        )

    def searcher(self, *, opted_out: frozenset[str] = frozenset()) -> OpenTableSearch:
        return OpenTableSearch(self.queries(), day_parts=DayParts(), opted_out=opted_out)


async def ask(
    provider: OpenTableProvider | OpenTableSearch,
    *sizes: int,
    pages: Any = None,
    time_slot: str | None = None,
    market: Market = NYC,
    day: date = DAY,
    seconds: float | None = None,
) -> Snapshot:
    """A poll."""
    until = None if seconds is None else asyncio.get_running_loop().time() + seconds
    return await provider.search_availability(market, day, time_slot, sizes or (2,), pages=pages, until=until)


def said(snapshot: Snapshot) -> dict[tuple[int, str, str], VenueAnswer]:
    """What was said of each venue, by party size, venue and part of the day."""
    return {
        (answer.party_size, one.venue_id, part): one
        for answer in snapshot.answers
        for one in answer.venues
        for part in answer.time_slots or ()
    }


def starts(snapshot: Snapshot) -> dict[tuple[str, str], list[str]]:
    """Starts by venue and part of the day, for whoever has some."""
    return {
        (venue, part): [seen.actual_time for seen in one.slots]
        for (_, venue, part), one in said(snapshot).items()
        if one.slots
    }
