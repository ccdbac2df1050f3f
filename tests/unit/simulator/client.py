"""A client of a small simulated city whose clock is turned by hand."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp

from tablewire.simulator.run import running_simulator
from tablewire.simulator.server import Simulator, SimulatorOptions

START = datetime(2026, 11, 21, 15, 30, tzinfo=UTC)  # 10:30 in New York, a Saturday
HEADERS = {"Authorization": 'ResyAPI api_key="any"', "User-Agent": "tests"}
SEARCH = "/3/venuesearch/search"


class HandClock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def move(self, **by: float) -> None:
        self.now += timedelta(**by)


class Wire:
    """A client of one simulator."""

    def __init__(self, sim: Simulator, clock: HandClock, session: aiohttp.ClientSession) -> None:
        self.sim, self.clock, self.session = sim, clock, session

    async def search(self, **changes: Any) -> dict[str, Any]:
        async with self.session.post(self.sim.base_url + SEARCH, json=query(**changes)) as response:
            assert response.status == 200
            found: dict[str, Any] = await response.json()
            return found

    async def call(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        async with self.session.request(method, self.sim.base_url + path, json=body) as response:
            return response.status, await response.json()


Starter = Callable[..., AbstractAsyncContextManager[Wire]]


def query(day: str = "2026-11-22", party_size: int = 2, page: int = 1, **changes: Any) -> dict[str, Any]:
    return {
        "availability": True,
        "page": page,
        "per_page": 75,
        "query": "",
        "types": ["venue"],
        "order_by": "availability",
        "geo": {"latitude": 40.7128, "longitude": -74.006, "radius": 16100},
        "slot_filter": {"day": day, "party_size": party_size},
        **changes,
    }


@asynccontextmanager
async def started(**options: Any) -> AsyncIterator[Wire]:
    clock = HandClock()
    given: dict[str, Any] = {
        "seed": 7,
        "venues": 150,
        "neighbourhoods": 12,
        "clock": clock,
        "keep_served": True,
    } | options
    async with running_simulator(SimulatorOptions(**given)) as sim:
        timeout = aiohttp.ClientTimeout(total=20)
        async with aiohttp.ClientSession(headers=HEADERS, timeout=timeout) as session:
            yield Wire(sim, clock, session)
