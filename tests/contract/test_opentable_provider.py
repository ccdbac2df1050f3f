"""OpenTable's adapter keeps the contract of providers, reads what was captured, and gets along with the simulator."""

import json
import os
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiohttp import web

from tablewire.domain.buckets import DayParts
from tablewire.domain.markets import NYC
from tablewire.domain.snapshots import Outcome, Snapshot, VenueAnswer
from tablewire.providers.calls import Request
from tablewire.providers.contract import ProviderContract
from tablewire.providers.http import Caller
from tablewire.providers.opentable.client import OpenTableProvider
from tablewire.providers.opentable.hours import Hours, parts_of
from tablewire.providers.opentable.listing import ReadPage
from tablewire.providers.opentable.queries import AVAILABILITY, SEARCH, Operation, Queries
from tablewire.providers.opentable.reading import Asked, read_entry
from tablewire.providers.opentable.restaurants import ListPage, Restaurants
from tablewire.providers.opentable.search import OpenTableSearch
from tablewire.providers.opentable.wire import decode_availability, decode_search, error_in
from tablewire.providers.protocol import AvailabilityProvider, Seats
from tablewire.providers.registry import Kit
from tablewire.providers.verdict import Answered
from tablewire.simulator.faults import KINDS, read_rule
from tablewire.simulator.server import Simulator, SimulatorOptions
from tests.unit.providers.opentable_pages import HASHES, Platform, ask, said

ROOT = Path(__file__).resolve().parents[2]
FIXTURES = Path(os.environ.get("TABLEWIRE_FIXTURES", ROOT.parent / "shared" / "fixtures"))
CAPTURED = FIXTURES / "opentable"
needs_captures = pytest.mark.skipif(not CAPTURED.is_dir(), reason="the captured answers are not here")

NOW = datetime(2026, 10, 20, 16, 0, tzinfo=UTC)
DAY = date(2026, 10, 22)


class _OverHttp(ProviderContract):
    def answer(self, request: web.Request, body: bytes) -> web.Response:
        asked: dict[str, Any] = msgspec.json.decode(body)
        assert request.query["opname"] == asked["operationName"]
        platform = Platform()
        platform.tables = {1: [13 * 60, 19 * 60], 2: [20 * 60]}
        reply = platform.search if asked["operationName"] == SEARCH else platform.free
        return web.json_response(reply(asked["variables"]))


class TestOpenTable(_OverHttp):
    def make_provider(self, base_url: str, kit: Kit) -> AvailabilityProvider:
        queries = Queries(base_url=base_url, hashes=HASHES, caller=kit.caller("opentable", rate=1000))
        opted_out = kit.opted_out("opentable")
        return OpenTableProvider(queries, day_parts=DayParts(), hours=Hours(), opted_out=opted_out)


class TestOpenTableBySearch(_OverHttp):
    def make_provider(self, base_url: str, kit: Kit) -> AvailabilityProvider:
        queries = Queries(base_url=base_url, hashes=HASHES, caller=kit.caller("opentable", rate=1000))
        return OpenTableSearch(queries, day_parts=DayParts())


# --- what was captured


def captured(name: str) -> bytes:
    return (CAPTURED / name).read_bytes()


@needs_captures
def test_the_captured_tables_are_read() -> None:
    (raw,) = decode_availability(captured("restaurantsavailability.1779.2024-02-07.truncated.json"))
    listed = ReadPage(decode_search(captured("multisearchresults.shape-from-types.synthetic.json"))).listed
    part = parts_of(DayParts(), Hours())[1]
    found = read_entry(raw, Asked(date(2024, 2, 7), 3, part, part.reaches[0]), {1779: listed[0]})
    assert found.flaws == ()
    assert found.answer is not None
    assert found.answer.whole
    assert [(seen.actual_time, seen.seatings) for seen in found.answer.slots] == [
        ("2024-02-07 21:00:00", ("Standard",))
    ]


@needs_captures
def test_the_captured_shape_of_a_search_is_read() -> None:
    page = decode_search(captured("multisearchresults.shape-from-types.synthetic.json"))
    read = ReadPage(page)
    assert (read.flaws, page.total) == ([], 250)
    (one,) = read.listed
    assert (one.venue.price_range, one.venue.phone, one.venue.address) == (3, "+14155551234", "123 Market St")
    assert one.page == "https://www.opentable.com/r/testeria-sf"
    restaurants = Restaurants(msgspec.structs.replace(NYC, latitude=37.77, longitude=-122.41))
    restaurants.take(ListPage(listed=read.listed, records=1, total=1))
    assert restaurants.find("42") == one


@needs_captures
@pytest.mark.parametrize(
    ("name", "operation", "ours_alone"),
    [
        ("multisearchresults.2025-04.request.json", SEARCH, set()),
        (
            "restaurantsavailability.2024.request.json",
            AVAILABILITY,
            {"forwardMinutes", "backwardMinutes", "slotDiscovery", "useCBR", "privilegedAccess"},
        ),
    ],
)
async def test_our_requests_are_made_like_the_captured_ones(
    name: str, operation: Operation, ours_alone: set[str]
) -> None:
    whole = json.loads(captured(name))
    theirs = whole.get("body", whole)
    platform = Platform()
    await ask(platform.provider())
    ours = next(asked for asked in platform.asked if asked["operationName"] == operation)
    assert ours.keys() == theirs.keys()
    assert ours["extensions"]["persistedQuery"].keys() == theirs["extensions"]["persistedQuery"].keys()
    assert ours["variables"].keys() - theirs["variables"].keys() == ours_alone
    types = {key: type(value) for key, value in theirs["variables"].items()}
    assert all(type(value) is types[key] for key, value in ours["variables"].items() if key in types)


@needs_captures
def test_the_captured_refusal_of_a_hash_is_known() -> None:
    body = (FIXTURES / "errors" / "opentable-persistedquerynotfound.reconstructed.json").read_bytes()
    error = error_in(body) or error_in(msgspec.json.encode(json.loads(body).get("body")))
    assert error is not None
    assert error[0] == "stale_query"


# --- against the simulator


def city(**options: Any) -> Simulator:
    given: dict[str, Any] = {"seed": 7, "venues": 40, "opentable_venues": 130, "neighbourhoods": 6, "days": 4}
    return Simulator(SimulatorOptions(start=NOW, clock=lambda: NOW, **(given | options)))


class InProcess:
    """Calls that go to the simulator without a socket."""

    def __init__(self, simulator: Simulator) -> None:
        self.simulator = simulator

    async def __call__(self, request: Request) -> Answered:
        path = request.url.removeprefix("http://simulator")
        headers = {**request.headers, "User-Agent": "tablewire/test"}
        reply = await self.simulator.exchange(request.method, path, headers, request.body or b"")
        return Answered(
            status=reply.status,
            content_type=reply.content_type,
            retry_after=reply.retry_after,
            body=reply.body,
        )

    def queries(self) -> Queries:
        caller = Caller(
            "opentable",
            seats=Seats(8),
            rate=100_000,
            timeout=20,
            user_agent="tablewire/test",
            now=lambda: NOW,
            exchange=self,
        )
        return Queries(base_url="http://simulator", hashes=HASHES, caller=caller)

    def provider(self) -> OpenTableProvider:
        return OpenTableProvider(self.queries(), day_parts=DayParts(), hours=Hours())


@pytest.fixture(scope="module")
def quiet_city() -> Simulator:
    return city()


@pytest.fixture
async def swept(quiet_city: Simulator) -> Snapshot:
    return await ask(InProcess(quiet_city).provider(), 2, 4, day=DAY)


def strikes(kind: str, route: str) -> bool:
    return read_rule({"kind": kind}).meets(route, 0)


async def test_a_sweep_of_the_simulator_is_whole(swept: Snapshot) -> None:
    assert (swept.outcome, swept.cause) == (Outcome.OK, None)
    assert all(one.whole for one in said(swept).values())
    assert len(swept.venues) > 100


def times(one: VenueAnswer) -> list[str]:
    return [slot.actual_time for slot in one.slots]


def shown(snapshot: Snapshot) -> set[tuple[int, str, int]]:
    return {
        (int(venue), slot.actual_time, size)
        for (size, venue, _), one in said(snapshot).items()
        for slot in one.slots
    }


def truth(simulator: Simulator) -> set[tuple[int, str, int]]:
    """What is free in the hours that are asked for."""
    return {
        (slot.venue_id, slot.actual_time, slot.party_size)
        for slot in simulator.city.open_slots(DAY)
        if slot.provider == "opentable"
        and slot.party_size in (2, 4)
        and f"{DAY} 11:00:00" <= slot.actual_time <= f"{DAY} 23:00:00"
    }


async def test_a_sweep_finds_what_is_free_in_the_hours_asked_for(
    swept: Snapshot, quiet_city: Simulator
) -> None:
    asked = {int(venue) for venue in swept.venues}
    true = {one for one in truth(quiet_city) if one[0] in asked}
    assert len(true) > 100
    assert shown(swept) == true


@pytest.mark.parametrize(
    "kind", [kind for kind in KINDS if strikes(kind, "availability") and "soft_block" not in kind]
)
async def test_no_fault_raises_or_shows_what_is_not_true(kind: str, quiet_city: Simulator) -> None:
    provider = InProcess(quiet_city).provider()
    whole = await ask(provider, 2, 4, day=DAY)
    quiet_city.faults.set([{"route": "availability", "kind": kind, "share": 0.5, "seconds": 0}])
    try:
        snapshot = await ask(provider, 2, 4, day=DAY, seconds=0.3)
    finally:
        quiet_city.faults.clear()
    assert shown(snapshot) <= shown(whole)
    before, after = said(whole), said(snapshot)
    lost = [key for key, one in after.items() if one.whole and times(one) != times(before[key])]
    assert lost == [], "nothing that counts as whole has lost a table"


@pytest.mark.parametrize("kind", [kind for kind in KINDS if strikes(kind, "multisearch")])
async def test_no_fault_of_the_list_takes_a_restaurant_away(kind: str, quiet_city: Simulator) -> None:
    provider = InProcess(quiet_city).provider()
    whole = await ask(provider, 2, day=DAY)
    quiet_city.faults.set([{"route": "multisearch", "kind": kind, "share": 1.0, "seconds": 0}])
    try:
        spoilt = InProcess(quiet_city).provider()
        await ask(spoilt, 2, day=DAY, seconds=0.1)
        known = await ask(provider, 2, day=DAY)
    finally:
        quiet_city.faults.clear()
    assert said(known) == said(whole)
    healed = await ask(spoilt, 2, day=DAY)
    assert healed.venues.keys() <= whole.venues.keys()
