"""A new baseline in the store: the same tests for the one on PostgreSQL and the one in memory."""

import pytest

from tablewire.domain.rebaseline import rebaseline
from tablewire.storage.memory import MemoryStore
from tablewire.storage.protocol import Store
from tablewire.storage.store import PostgresStore
from tests.stored_scenes import StoredScene, facts
from tests.unit.domain.scenes import EIGHT, RULES, TEN, after, call


async def rebaselined(store: Store) -> StoredScene:
    scene = await StoredScene.begin(store)
    await scene.keep(call(0, {"v": [EIGHT]}))
    await scene.keep(call(60, {"v": [EIGHT, TEN]}))
    change = rebaseline(scene.state, after(61), RULES)
    assert change is not None
    await scene.commit(change)
    return scene


async def test_a_new_baseline_is_there_after_a_restart(store: Store) -> None:
    scene = await rebaselined(store)
    again = await StoredScene.begin(store)
    assert facts(again.state) == facts(scene.state)
    assert len(again.state.baseline) == 2


async def test_its_members_stay_members_when_they_close(store: Store) -> None:
    scene = await rebaselined(store)
    await scene.keep(call(62, {"v": [EIGHT]}))
    again = await StoredScene.begin(store)
    assert again.state.baseline == scene.state.baseline
    assert len(again.state.baseline) == 2


async def test_the_bucket_counts_them(store: Store) -> None:
    if isinstance(store, MemoryStore):
        pytest.skip("the store in memory has no counts")
    await rebaselined(store)
    assert isinstance(store, PostgresStore)
    count = await store._pool.fetchval("SELECT baseline_slots FROM discovery_buckets WHERE open_slots > 0")
    assert count == 2
