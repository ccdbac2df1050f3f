"""One restaurant on two platforms, as clients see it."""

from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from tablewire.domain.restaurants import Decision, Link, Listing, Pair, Verdict
from tablewire.domain.slots import Venue
from tablewire.live.restaurants import Restaurant
from tablewire.storage.memory import MemoryStore
from tests.clock import START
from tests.unit.live.doubles import Server, World, make_slot, make_state, serving

CARBONE = Venue(
    provider="resy", venue_id="834", name="Carbone", url="https://resy.com/carbone", phone="+12125550142"
)
ELSEWHERE = Venue(provider="opentable", venue_id="7", name="The Carbone", address="181 Thompson St")
LILIA = Venue(provider="resy", venue_id="2", name="Lilia")
PAIR = Pair(Listing("opentable", "7"), Listing("resy", "834"))
LINK = Link(pair=PAIR, verdict=Verdict.SAME, confidence=0.98, evidence=("the names agree", "12 m apart"))
RESTAURANT = Restaurant(id="resy:834", venues=(ELSEWHERE, CARBONE), links=(LINK,))


class City:
    """Carbone at two providers, Lilia at one, and one open slot at Carbone's Resy."""

    def __init__(self, world: World, server: Server) -> None:
        self.world, self.server = world, server

    async def get(self, path: str) -> dict[str, Any]:
        answer = await self.server.get(path)
        assert answer.status == 200, answer.body
        found: dict[str, Any] = answer.json()
        return found


@pytest.fixture
async def city() -> AsyncIterator[City]:
    world, store = World(), MemoryStore()
    await store.learn([CARBONE, ELSEWHERE, LILIA], START)
    await store.relink(PAIR, [LINK], dict.fromkeys(PAIR, "resy:834"))
    world.rooms = msgspec.structs.replace(world.rooms, venues=store)
    world.rooms.restaurants.remember([RESTAURANT])
    world.board.put(make_state(make_slot("19:00")))
    await world.hub.start()
    async with serving(world) as server:
        yield City(world, server)


async def test_a_search_answers_one_entry_a_restaurant_with_its_listings(city: City) -> None:
    page = await city.get("/venues")
    first, second = page["venues"]
    assert (first["provider"], first["venue_id"], first["restaurant_id"]) == ("resy", "834", "resy:834")
    assert first["listings"] == [
        {
            "provider": "resy",
            "venue_id": "834",
            "name": "Carbone",
            "url": "https://resy.com/carbone",
            "open_slots": 1,
        },
        {"provider": "opentable", "venue_id": "7", "name": "The Carbone", "url": None, "open_slots": 0},
    ]
    assert (second["name"], len(second["listings"]), second["restaurant_id"]) == ("Lilia", 1, "resy:2")


async def test_a_search_at_one_provider_answers_its_listing(city: City) -> None:
    page = await city.get("/venues?provider=opentable")
    (only,) = page["venues"]
    assert (only["venue_id"], only["restaurant_id"], only["address"]) == ("7", "resy:834", "181 Thompson St")


async def test_one_venue_says_what_it_is_the_same_as_and_why(city: City) -> None:
    one = await city.get("/venues/resy/834")
    assert one["same_as"] == [
        {
            "provider": "opentable",
            "venue_id": "7",
            "name": "The Carbone",
            "url": None,
            "open_slots": 0,
            "confidence": 0.98,
            "evidence": ["the names agree", "12 m apart"],
            "by_hand": False,
            "why": None,
        }
    ]


async def test_what_a_person_decided_is_shown_as_such(city: City) -> None:
    decision = Decision(pair=PAIR, verdict=Verdict.SAME, by="ann", at=START, why="ate there")
    city.world.rooms.restaurants.remember([msgspec.structs.replace(RESTAURANT, decisions=(decision,))])
    one = await city.get("/venues/opentable/7")
    (same,) = one["same_as"]
    assert (same["confidence"], same["by_hand"], same["why"]) == (1.0, True, "ate there")
    assert "ann" not in str(one)


async def test_slots_of_a_restaurant_are_found_by_any_of_its_listings(city: City) -> None:
    for path in ("/still-open", "/availability", "/just-opened?within=2h"):
        joint = "&" if "?" in path else "?"
        found = await city.get(f"{path}{joint}restaurant=opentable:7")
        assert "Carbone" in str(found), path
        assert "Carbone" not in str(await city.get(f"{path}{joint}restaurant=resy:2")), path


async def test_pages_of_a_restaurant_have_the_events_of_all_its_listings(city: City) -> None:
    await city.world.drop(2, venue_id="834")
    found = await city.get("/feed?since=0&restaurant=opentable:7")
    assert len(found["events"]) == 2


async def test_a_page_is_made_anew_when_a_restaurant_comes_apart(city: City) -> None:
    await city.world.drop(2, venue_id="834")
    await city.get("/feed?since=0&limit=1&restaurant=opentable:7")
    city.world.rooms.restaurants.remember([], PAIR)
    assert (await city.get("/feed?since=0&limit=1&restaurant=opentable:7"))["events"] == []


async def test_a_page_that_depends_on_what_is_one_restaurant_is_never_kept_by_clients(city: City) -> None:
    await city.world.drop(2, venue_id="834")
    answer = await city.server.get("/feed?since=0&limit=1&restaurant=opentable:7")
    assert (answer.headers["cache-control"], "etag" in answer.headers) == ("no-store", False)


async def test_what_is_no_listing_is_a_400_that_says_how_one_is_written(city: City) -> None:
    answer = await city.server.get("/feed?restaurant=Carbone")
    assert answer.status == 400
    assert "provider:id" in answer.json()["errors"][0]["message"]
