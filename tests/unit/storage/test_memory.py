import pytest

from tablewire.errors import StoreUnavailable
from tablewire.storage.memory import MemoryStore
from tests.stored_scenes import StoredScene, facts, made_up_event, quiet_poll
from tests.unit.domain.scenes import EIGHT, KEY, call


async def test_a_store_that_is_away_does_nothing_and_comes_back() -> None:
    store = MemoryStore()
    scene = await StoredScene.begin(store)
    store.away = StoreUnavailable("gone for now")
    for attempt in (
        store.ping(),
        store.load([KEY], "resy"),
        store.record(quiet_poll(scene.state), scene.state),
    ):
        with pytest.raises(StoreUnavailable):
            await attempt
    store.away = None
    assert (await StoredScene.begin(store)).state.row.poll_seq == 0


async def test_memory_that_was_loaded_is_not_the_stores_own() -> None:
    store = MemoryStore()
    scene = await StoredScene.begin(store)
    await scene.keep(call(0, {"v": [EIGHT]}))
    before = facts((await StoredScene.begin(store)).state)
    spoilt = (await StoredScene.begin(store)).state
    spoilt.open.clear()
    spoilt.row.poll_seq = 99
    assert facts((await StoredScene.begin(store)).state) == before


def test_made_up_events_differ() -> None:
    assert made_up_event(1).dedupe_key != made_up_event(2).dedupe_key
