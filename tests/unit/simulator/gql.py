"""A client of OpenTable's persisted queries, over the simulator's in-process door."""

import json
from typing import Any

from tablewire.simulator.door import Reply
from tablewire.simulator.server import Simulator, SimulatorOptions
from tests.unit.simulator.client import HandClock

HEADERS = {"User-Agent": "tests", "x-csrf-token": "any", "Content-Type": "application/json"}
HASH = "0" * 64
DAY = "2026-11-22"
SEARCH, TABLES = "MultiSearchResults", "RestaurantsAvailability"


def a_city(**options: Any) -> Simulator:
    given: dict[str, Any] = {
        "seed": 7,
        "venues": 60,
        "opentable_venues": 90,
        "neighbourhoods": 6,
        "days": 5,
        "clock": HandClock(),
        "keep_served": True,
    }
    return Simulator(SimulatorOptions(**(given | options)))


def envelope(operation: str, variables: dict[str, Any], sha: str = HASH) -> bytes:
    query = {"version": 1, "sha256Hash": sha}
    whole = {
        "operationName": operation,
        "variables": variables,
        "extensions": {"persistedQuery": query},
    }
    return json.dumps(whole).encode()


def sent(simulator: Simulator, operation: str, variables: dict[str, Any], sha: str = HASH) -> Reply:
    path = f"/dapi/fe/gql?optype=query&opname={operation}"
    return simulator.respond("POST", path, HEADERS, envelope(operation, variables, sha))


def search_variables(skip: int = 0, **changes: Any) -> dict[str, Any]:
    return {
        "date": DAY,
        "time": "19:30:00",
        "partySize": 2,
        "latitude": 40.747654,
        "longitude": -73.98629,
        "metroId": 8,
        "maxSearchResults": 50,
        "skipSearchResults": skip,
        "forwardMinutes": 180,
        "backwardMinutes": 180,
        **changes,
    }


def tables_variables(restaurants: list[int], **changes: Any) -> dict[str, Any]:
    return {
        "restaurantIds": restaurants,
        "restaurantAvailabilityTokens": [],
        "requireTypes": ["Standard", "Experience"],
        "date": DAY,
        "time": "20:00",
        "partySize": 2,
        "databaseRegion": "NA",
        "correlationId": "8e0f2f4e",
        "forwardMinutes": 180,
        "backwardMinutes": 180,
        **changes,
    }


def restaurants(simulator: Simulator, **changes: Any) -> list[Any]:
    answer = json.loads(sent(simulator, SEARCH, search_variables(**changes)).body)
    found: list[Any] = answer["data"]["restaurantSearchV2"]["searchResults"]["restaurants"]
    return found


def tables(simulator: Simulator, asked: list[int], **changes: Any) -> list[Any]:
    answer = json.loads(sent(simulator, TABLES, tables_variables(asked, **changes)).body)
    found: list[Any] = answer["data"]["availability"]
    return found


def offsets(entry: Any) -> set[int]:
    [day] = entry["availabilityDays"]
    return {slot["timeOffsetMinutes"] for slot in day["slots"] if slot["isAvailable"]}


def ids(simulator: Simulator) -> list[int]:
    """The first batch of the restaurants that there are."""
    return list(simulator.city.opentable_by_id)[:50]
