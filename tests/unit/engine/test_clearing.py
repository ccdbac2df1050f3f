"""Emptying the store under a running engine: nothing is remembered, and nothing that is there already is news."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from tablewire.engine.clearing import Clearing
from tablewire.engine.rebaselining import Rebaselining
from tablewire.errors import CommitUnknown, StoreUnavailable
from tablewire.storage.memory import MemoryStore
from tests.unit.engine.world import World

EVENING = "20:30:00"


class Emptied:
    """A store in memory that is emptied by putting a new one into its place."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.fails: Exception | None = None
        self.meanwhile: list[bool] = []

    async def clear(self) -> tuple[str, ...]:
        self.meanwhile.append(self.world.discovery._is_holding())
        if self.fails is not None:
            raise self.fails
        events = self.world.store.events
        self.world.store.__dict__.update(MemoryStore().__dict__)
        self.world.store.events = events  # ids go on
        return ("venues",)


async def world_with_a_drop() -> World:
    world = World()
    world.provider.free = {("834", 2): set()}
    await world.start()
    await world.cycle()
    world.provider.free[("834", 2)] = {f"{world.today + timedelta(days=1)} {EVENING}"}
    await world.cycle()
    assert world.kinds() == ["NEW_DROP"]
    return world


def clearing_of(world: World, store: Emptied) -> Clearing:
    return Clearing(store, still=[world.discovery.still], forget=[world.discovery.forget])


async def test_polling_pauses_meanwhile_and_goes_on_afterwards() -> None:
    world = await world_with_a_drop()
    store = Emptied(world)
    assert await clearing_of(world, store).clear() == ("venues",)
    assert store.meanwhile == [True]
    assert not world.discovery._is_holding()


async def test_nothing_is_shown_any_more_and_every_bucket_is_built_anew_in_silence() -> None:
    world = await world_with_a_drop()
    await clearing_of(world, Emptied(world)).clear()
    assert not any(state.open for state in world.listener.shown.values())
    assert (world.progress[-1].built, world.progress[-1].total) == (0, 4)
    await world.cycle()
    assert [slot.origin for state in world.listener.shown.values() for slot in state.open.values()] == [
        "baseline"
    ]
    assert (world.progress[-1].built, world.kinds()) == (4, ["NEW_DROP"])


async def test_what_opens_afterwards_is_a_drop_again() -> None:
    world = await world_with_a_drop()
    await clearing_of(world, Emptied(world)).clear()
    await world.cycle()
    world.provider.free[("834", 2)] |= {f"{world.today + timedelta(days=1)} 21:00:00"}
    await world.cycle()
    assert world.kinds() == ["NEW_DROP", "NEW_DROP"]


async def test_venues_are_stored_again() -> None:
    world = await world_with_a_drop()
    await world.turn()
    assert await world.store.get("resy", "834") is not None
    await clearing_of(world, Emptied(world)).clear()
    assert await world.store.get("resy", "834") is None
    await world.cycle()
    await world.turn()
    assert await world.store.get("resy", "834") is not None


async def test_a_store_that_refuses_leaves_memory_as_it_was() -> None:
    world = await world_with_a_drop()
    store = Emptied(world)
    store.fails = StoreUnavailable("it is away")
    with pytest.raises(StoreUnavailable):
        await clearing_of(world, store).clear()
    assert any(state.open for state in world.listener.shown.values())
    assert not world.discovery._is_holding()


async def test_memory_is_dropped_where_nobody_knows_whether_the_store_was_emptied() -> None:
    world = await world_with_a_drop()
    store = Emptied(world)
    store.fails = CommitUnknown("it broke off")
    with pytest.raises(CommitUnknown):
        await clearing_of(world, store).clear()
    assert not any(state.open for state in world.listener.shown.values())
    await world.cycle()  # the store had not been emptied: everything is as it was
    assert [slot.origin for state in world.listener.shown.values() for slot in state.open.values()] == [
        "drop"
    ]
    assert world.kinds() == ["NEW_DROP"]


async def test_everybody_stands_still_before_the_store_is_emptied_and_forgets_before_anybody_goes_on() -> (
    None
):
    order: list[str] = []

    @asynccontextmanager
    async def still() -> AsyncIterator[None]:
        order.append("stands still")
        yield
        order.append("goes on")

    class Store:
        async def clear(self) -> tuple[str, ...]:
            order.append("is emptied")
            return ()

    await Clearing(Store(), still=[still, still], forget=[lambda: order.append("forgets")]).clear()
    assert order == ["stands still", "stands still", "is emptied", "forgets", "goes on", "goes on"]


async def test_a_bucket_gets_a_new_baseline_through_its_owner() -> None:
    world = World()
    world.provider.free = {("834", 2): set()}
    await world.start()
    await world.cycle()
    world.provider.free[("834", 2)] = {f"{world.today + timedelta(days=1)} {EVENING}"}
    await world.cycle(after=timedelta(hours=1))
    [slot] = [slot for state in world.listener.shown.values() for slot in state.open.values()]
    assert slot.origin == "after_gap"
    rebaselining = Rebaselining(world.discovery, world.clock)
    [key] = rebaselining.watched(f"{world.today + timedelta(days=1)}_19:00")
    assert await rebaselining.rebaseline(key) == {"resy": 1}
    assert await rebaselining.rebaseline(key) == {"resy": 0}
    assert [slot.origin for slot in world.listener.shown[key].open.values()] == ["baseline"]
    assert world.kinds() == []
