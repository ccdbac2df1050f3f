"""The simulator's OpenTable wire has the fields and types of the captured answers, and takes the captured requests."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tablewire.simulator.server import Simulator, SimulatorOptions

ROOT = Path(__file__).resolve().parents[2]
FIXTURES = Path(os.environ.get("TABLEWIRE_FIXTURES", ROOT.parent / "shared" / "fixtures"))
CAPTURED = FIXTURES / "opentable"
pytestmark = pytest.mark.skipif(not CAPTURED.is_dir(), reason="the captured answers are not here")

NOW = datetime(2026, 10, 20, 16, 0, tzinfo=UTC)
DAY = "2026-10-23"
HEADERS = {"User-Agent": "tests", "X-CSRF-Token": "any"}
Schema = dict[str, set[str]]
ROW = ".data.restaurantSearchV2.searchResults.restaurants[]"
# The page at hand is a short one made up from types; the real one has these, too.
SEARCH_EXTRAS = {
    f"{ROW}.{field}"
    for field in (
        "features", "features.bar", "features.counter", "features.highTop", "features.outdoor", "offers",
        "isPromoted", "isPinned", "campaignId", "__typename",
    )
}  # fmt: skip
# The captured evening has no house without tables, no experience and no time-out of its own.
TABLES_EXTRAS = {
    ".data.availability[].availabilityDays[].noTimesReasons[]",
    ".data.availability[].availabilityDays[].slots[].experienceIds[]",
}
NULLABLE = {"NoneType"}


def captured(name: str) -> Any:
    return json.loads((CAPTURED / name).read_text())


def schema_of(value: Any, path: str = "", found: Schema | None = None) -> Schema:
    """Every path of a value with the types seen there."""
    found = {} if found is None else found
    found.setdefault(path, set()).add(type(value).__name__)
    if isinstance(value, dict):
        for key, inner in value.items():
            schema_of(inner, f"{path}.{key}", found)
    elif isinstance(value, list):
        for inner in value:
            schema_of(inner, f"{path}[]", found)
    return found


def assert_like(ours: Schema, theirs: Schema, extras: set[str]) -> None:
    assert set(theirs) - set(ours) == set(), "fields that the capture has"
    assert set(ours) - set(theirs) - extras == set(), "fields that the capture has not"
    strange = {path: ours[path] - theirs[path] for path in theirs if ours[path] - theirs[path] - NULLABLE}
    assert strange == {}, "types that the capture has not"


@pytest.fixture(scope="module")
def simulator() -> Simulator:
    return Simulator(
        SimulatorOptions(
            seed=7, venues=60, opentable_venues=150, neighbourhoods=6, days=5, start=NOW, clock=lambda: NOW
        )
    )


def sent(simulator: Simulator, request: dict[str, Any]) -> Any:
    path = f"/dapi/fe/gql?optype=query&opname={request['operationName']}"
    reply = simulator.respond("POST", path, HEADERS, json.dumps(request).encode())
    assert reply.status == 200, reply.body
    return json.loads(reply.body)


def with_variables(request: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return request | {"variables": request["variables"] | changes}


def tables(simulator: Simulator) -> Schema:
    request = captured("restaurantsavailability.2024.request.json")["body"]
    ours: Schema = {}
    everyone = list(simulator.city.opentable_by_id)
    for first in range(0, len(everyone), 50):
        asked = everyone[first : first + 50]
        schema_of(
            sent(simulator, with_variables(request, restaurantIds=asked, date=DAY, partySize=2)), "", ours
        )
    return ours


def test_an_answer_on_tables_has_the_captured_fields_and_types(simulator: Simulator) -> None:
    theirs = schema_of(captured("restaurantsavailability.1779.2024-02-07.truncated.json"))
    assert_like(tables(simulator), theirs, TABLES_EXTRAS)


def test_an_answer_on_restaurants_has_the_fields_and_types_at_hand(simulator: Simulator) -> None:
    request = captured("multisearchresults.nyc.request.json")
    ours: Schema = {}
    for skip in (0, 50, 100):
        schema_of(sent(simulator, with_variables(request, skipSearchResults=skip)), "", ours)
    theirs = schema_of(captured("multisearchresults.shape-from-types.synthetic.json"))
    assert_like(ours, theirs, SEARCH_EXTRAS)


def test_the_captured_search_elsewhere_is_understood_and_finds_nobody_here(simulator: Simulator) -> None:
    answer = sent(simulator, captured("multisearchresults.2025-04.request.json"))
    assert answer["data"]["restaurantSearchV2"]["searchResults"]["restaurants"] == []


def test_the_refused_hash_looks_as_reported(simulator: Simulator) -> None:
    reported = json.loads(
        (FIXTURES / "errors" / "opentable-persistedquerynotfound.reconstructed.json").read_text()
    )
    simulator.faults.set([{"kind": "stale_hash"}])
    request = captured("multisearchresults.nyc.request.json")
    path = f"/dapi/fe/gql?optype=query&opname={request['operationName']}"
    reply = simulator.respond("POST", path, HEADERS, json.dumps(request).encode())
    simulator.faults.clear()
    assert json.loads(reply.body) == reported["body"]
