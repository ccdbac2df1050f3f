"""The simulator's Resy wire has the fields and types of the captured answers, where those are at hand."""

import json
import os
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tablewire.simulator.run import running_simulator
from tablewire.simulator.server import Simulator, SimulatorOptions

ROOT = Path(__file__).resolve().parents[2]
FIXTURES = Path(os.environ.get("TABLEWIRE_FIXTURES", ROOT.parent / "shared" / "fixtures"))
pytestmark = pytest.mark.skipif(not (FIXTURES / "resy").is_dir(), reason="the captured answers are not here")

NOW = datetime(2026, 10, 20, 16, 0, tzinfo=UTC)
DAY = "2026-10-22"
HEADERS = {"Authorization": 'ResyAPI api_key="any"', "User-Agent": "tests"}
Schema = dict[str, set[str]]
# Fields that event and pick-up templates carry; no template of the trimmed capture is one.
SEARCH_EXTRAS = {f".search.hits[].availability.templates.*.{field}" for field in ("is_event", "is_pickup")}
# The captured house has a full set of pictures and no limit of sizes; an invented one may lack what is listed here.
NULLABLE = {"NoneType"}


def captured(name: str) -> Any:
    return json.loads((FIXTURES / "resy" / name).read_text())


def schema_of(value: Any, path: str = "", found: Schema | None = None) -> Schema:
    """Every path of a value with the types seen there; ids used as keys count as one."""
    found = {} if found is None else found
    found.setdefault(path, set()).add(type(value).__name__)
    if isinstance(value, dict):
        for key, inner in value.items():
            name = "*" if re.fullmatch(r"\d+|[0-9a-f]{40}", key) else key
            schema_of(inner, f"{path}.{name}", found)
    elif isinstance(value, list):
        for inner in value:
            schema_of(inner, f"{path}[]", found)
    return found


def assert_like(ours: Schema, theirs: Schema, extras: set[str]) -> None:
    assert set(theirs) - set(ours) == set(), "fields that the capture has"
    assert set(ours) - set(theirs) - extras == set(), "fields that the capture has not"
    strange = {path: ours[path] - theirs[path] for path in theirs if ours[path] - theirs[path] - NULLABLE}
    assert strange == {}, "types that the capture has not"
    lacking = {path: theirs[path] - ours[path] for path in theirs if theirs[path] - ours[path] - NULLABLE}
    assert lacking == {}, "types that the capture has"


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    options = SimulatorOptions(seed=7, venues=600, start=NOW, clock=lambda: NOW)
    async with running_simulator(options) as running:
        yield running


async def test_a_search_answer_has_the_captured_fields_and_types(simulator: Simulator) -> None:
    request = captured("venuesearch-search.geo-nyc.request.json")
    hits: list[Any] = []
    answer: Any = None
    async with aiohttp.ClientSession(headers=HEADERS) as session:
        for page in range(1, 9):
            body = request | {"page": page, "per_page": 75}
            async with session.post(f"{simulator.base_url}/3/venuesearch/search", json=body) as response:
                answer = await response.json()
                hits += answer["search"]["hits"]
    answer["search"]["hits"] = hits
    theirs = captured("venuesearch-search.geo-nyc.2026-10-22.json")
    assert_like(schema_of(answer), schema_of(theirs), SEARCH_EXTRAS)


async def test_a_find_answer_has_the_captured_fields_and_types(simulator: Simulator) -> None:
    slots = {slot.venue_id for slot in simulator.city.open_slots(datetime(2026, 10, 22).date())}
    houses = [venue for venue in simulator.city.venues if venue.id in slots and len(venue.images) > 1][:40]
    ours: Schema = {}
    async with aiohttp.ClientSession(headers=HEADERS) as session:
        for house in houses:
            body = captured("find.request.json") | {"venue_id": house.id, "day": DAY, "party_size": 2}
            async with session.post(f"{simulator.base_url}/4/find", json=body) as response:
                schema_of(await response.json(), "", ours)
    assert_like(ours, schema_of(captured("find.87134.2026-10-22.json")), set())
