"""Budgets, proved by the provider's own log of calls: never more than were granted, half after complaints, and all again later."""

import asyncio
from datetime import date, timedelta

import anyio
import pytest

from tablewire.domain.markets import NYC
from tablewire.providers.budget import BURST
from tablewire.providers.calls import Request
from tablewire.providers.http import Caller
from tablewire.providers.protocol import Seats
from tablewire.providers.resy.client import ResyProvider
from tablewire.providers.verdict import Answered
from tablewire.simulator.requests import RequestRecord
from tablewire.simulator.server import Simulator, SimulatorOptions
from tests.integration.detection.virtual_time import MIDDAY, VirtualClock
from tests.simulation.loop import SimLoop

ASKING = 12
"""Who ask at once and without a pause: far more than any budget here allows."""
COMPLAINS = (30.0, 50.0)
"""Seconds from the start between which the provider answers 429 to three calls in ten."""
ENDS = 130.0
AGAIN = 90.0
"""By then the budget has recovered."""


def calls_at(rate: float) -> list[RequestRecord]:
    """All calls that came while everything was wanted at once, over and over."""
    with asyncio.Runner(loop_factory=SimLoop) as runner:
        return runner.run(_insist(rate))


async def _insist(rate: float) -> list[RequestRecord]:
    loop = asyncio.get_running_loop()
    clock = VirtualClock(MIDDAY, loop)
    since, until = (MIDDAY + timedelta(seconds=seconds) for seconds in COMPLAINS)
    simulator = Simulator(SimulatorOptions(venues=3, neighbourhoods=1, days=2, clock=clock.now))
    simulator.faults.set(
        [
            {"route": "search", "kind": "rate_limited", "share": 0.3, "seconds": 1, "from": since, "until": until},
        ]
    )  # fmt: skip

    async def exchange(request: Request) -> Answered:
        await anyio.sleep(0.05)
        reply = simulator.respond(
            request.method, "/3/venuesearch/search", {"User-Agent": "t", **request.headers}, request.body
        )
        return Answered(
            status=reply.status,
            content_type=reply.content_type,
            retry_after=reply.retry_after,
            body=reply.body,
        )

    caller = Caller(
        "resy", seats=Seats(8), rate=rate, timeout=5, user_agent="t", now=clock.now, exchange=exchange
    )
    resy = ResyProvider(base_url="https://city.example", api_key="made-up", auth_token=None, caller=caller)
    ends = loop.time() + ENDS

    async def ask() -> None:
        while loop.time() < ends:
            until = min(ends, loop.time() + 25)
            snapshot = await resy.search_availability(
                NYC, date(2026, 2, 12), None, (2,), pages={2: (1,)}, until=until
            )
            await asyncio.sleep(0.01 if snapshot.answers else 1.0)

    async with anyio.create_task_group() as group:
        for number in range(ASKING):
            group.start_soon(ask, name=f"asking {number}")
    return simulator.requests.records


@pytest.fixture(scope="module", params=[2.0, 5.0, 20.0], ids="{:g} calls a second".format)
def came(request: pytest.FixtureRequest) -> tuple[float, list[float]]:
    """The rate, and when calls came in seconds from the start."""
    rate: float = request.param
    return rate, [record.at - MIDDAY.timestamp() for record in calls_at(rate)]


def test_no_window_has_more_calls_than_its_share_and_the_burst(came: tuple[float, list[float]]) -> None:
    rate, times = came
    fewest = float("inf")
    for place, at in enumerate(times):
        fewest = min(fewest, place - rate * at)
        assert place - rate * at - fewest + 1 <= BURST + 0.01


def test_the_budget_is_used_up_before_and_after_complaints(came: tuple[float, list[float]]) -> None:
    rate, times = came
    assert sum(10 <= at < COMPLAINS[0] for at in times) >= 0.9 * rate * (COMPLAINS[0] - 10)
    assert sum(AGAIN <= at < ENDS for at in times) >= 0.9 * rate * (ENDS - AGAIN)


def test_the_rate_is_at_most_half_while_the_provider_complains(came: tuple[float, list[float]]) -> None:
    rate, times = came
    first, last = COMPLAINS
    during = sum(first + 5 <= at < last for at in times)
    assert 0 < during <= rate / 2 * (last - first - 5) + BURST
