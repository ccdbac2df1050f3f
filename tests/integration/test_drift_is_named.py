"""A provider whose answers change their shape says so in its problems, and says it no more when they are back."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime

import pytest

from tablewire.domain.markets import NYC
from tablewire.domain.snapshots import Outcome, Snapshot
from tablewire.providers.http import Caller
from tablewire.providers.protocol import Seats
from tablewire.providers.resy.client import ResyProvider
from tablewire.simulator.run import running_simulator
from tablewire.simulator.server import Simulator, SimulatorOptions

NOW = datetime(2026, 10, 20, 18, 2, tzinfo=UTC)
DAY = date(2026, 10, 22)


class World:
    def __init__(self, simulator: Simulator) -> None:
        self.simulator = simulator
        caller = Caller("resy", seats=Seats(4), rate=10_000, timeout=20, user_agent="tests", now=lambda: NOW)
        self.resy = ResyProvider(base_url=simulator.base_url, api_key="any", auth_token=None, caller=caller)

    async def poll(self, times: int = 1) -> Snapshot:
        snapshots = [await self.resy.search_availability(NYC, DAY, None, (2,)) for _ in range(times)]
        return snapshots[-1]


@pytest.fixture
async def world() -> AsyncIterator[World]:
    options = SimulatorOptions(seed=3, venues=60, start=NOW, clock=lambda: NOW, quiet=True)
    async with running_simulator(options) as simulator:
        world = World(simulator)
        yield world
        await world.resy.aclose()


async def test_a_field_whose_type_changes_is_named_while_it_lasts(world: World) -> None:
    await world.poll()
    world.simulator.faults.set([{"route": "search", "kind": "changed_types", "share": 1.0}])
    snapshot = await world.poll(3)
    assert snapshot.outcome is Outcome.OK
    problems = world.resy.status().problems
    assert problems == ("resy: cuisine str instead of array in 100% of hits since 14:02",)
    world.simulator.faults.clear()
    await world.poll()
    assert world.resy.status().problems == ()
