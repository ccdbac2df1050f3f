"""Starting and stopping the simulator."""

import asyncio

import pytest

from tablewire.simulator.run import running_simulator, serve
from tablewire.simulator.server import Simulator, SimulatorOptions

TINY = SimulatorOptions(venues=10, neighbourhoods=2)


async def test_serve_tells_when_it_listens_and_stops_when_cancelled() -> None:
    listening: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def ready(simulator: Simulator) -> None:
        listening.set_result(simulator.base_url)

    async with asyncio.timeout(20):
        async with asyncio.TaskGroup() as group:
            serving = group.create_task(serve(TINY, ready=ready), name="serve")
            assert (await listening).startswith("http://127.0.0.1:")
            serving.cancel()
    assert serving.cancelled()


async def test_a_port_that_is_taken_is_an_error() -> None:
    async with running_simulator(TINY) as first:
        port = int(first.base_url.rpartition(":")[2])
        with pytest.raises(OSError, match="address already in use"):
            async with running_simulator(TINY, port=port):
                pass
