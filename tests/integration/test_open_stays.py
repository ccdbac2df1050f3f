"""Roll-ups take what is open from memory where that is as far as the store, and from the store where it is not."""

import pytest

from tablewire.domain.buckets import BucketKey
from tablewire.domain.restaurants import Listing
from tablewire.domain.state import BucketState
from tablewire.insights.stays import Stay
from tablewire.storage.store import PostgresStore
from tests.stored_scenes import StoredScene
from tests.unit.domain.scenes import EIGHT, KEY, NINE, call

V, W = Listing("resy", "v"), Listing("resy", "w")


class Memory:
    """The memory of one bucket, and how often it was asked for."""

    def __init__(self, state: BucketState) -> None:
        self.state = state
        self.asked = 0

    def __call__(self, key: BucketKey, provider: str) -> BucketState | None:
        self.asked += 1
        assert (key, provider) == (KEY, "resy")
        return self.state


def nothing(_: BucketKey, __: str) -> BucketState | None:
    return None


@pytest.fixture
async def scene(store: PostgresStore) -> StoredScene:
    """A bucket with something of every origin: baseline, drops, and one that is held open for two sizes."""
    scene = await StoredScene.begin(store)
    await scene.keep(call(0, {"v": [EIGHT], "w": []}))
    await scene.keep(call(1, {"v": [EIGHT, NINE], "w": [NINE]}))
    await scene.keep(call(2, {"v": [EIGHT, NINE], "w": [NINE]}, size=4))
    return scene


async def read(
    store: PostgresStore, memory: object, venues: set[Listing] | None = None
) -> dict[Listing, list[Stay]]:
    assert callable(memory)
    async with store.figures.rolled.reading("19:00", memory) as view:
        return await view.open("nyc", venues)


def in_order(found: dict[Listing, list[Stay]]) -> dict[Listing, list[Stay]]:
    return {listing: sorted(stays, key=lambda stay: stay.minute) for listing, stays in sorted(found.items())}


async def test_memory_says_what_the_store_says(store: PostgresStore, scene: StoredScene) -> None:
    memory = Memory(scene.state)

    remembered = in_order(await read(store, memory))

    assert memory.asked
    assert remembered == in_order(await read(store, nothing))
    assert {listing.venue_id: len(stays) for listing, stays in remembered.items()} == {"v": 2, "w": 1}
    assert all(stay.prime for stay in remembered[V])


async def test_memory_is_used_where_it_is_as_far_as_the_store(
    store: PostgresStore, scene: StoredScene
) -> None:
    scene.state.by_venue = {"x": scene.state.by_venue["v"]}

    assert set(await read(store, Memory(scene.state))) == {Listing("resy", "x")}


async def test_memory_that_is_behind_or_ahead_is_passed_over(
    store: PostgresStore, scene: StoredScene
) -> None:
    behind = await StoredScene.begin(store)
    await scene.keep(call(5, {"v": [EIGHT], "w": [NINE]}), call(5, {"v": [EIGHT], "w": [NINE]}, size=4))
    stored = in_order(await read(store, nothing))
    ahead = await StoredScene.begin(store)
    ahead.poll(call(9, {"v": [], "w": []}), call(9, {"v": [], "w": []}, size=4))

    assert len(stored[V]) == 1
    assert in_order(await read(store, Memory(behind.state))) == stored
    assert in_order(await read(store, Memory(ahead.state))) == stored


async def test_only_the_venues_that_are_wanted_are_read(store: PostgresStore, scene: StoredScene) -> None:
    wanted = {W, Listing("opentable", "v"), Listing("resy", "nobody")}

    for memory in (Memory(scene.state), nothing):
        assert set(await read(store, memory, wanted)) == {W}
