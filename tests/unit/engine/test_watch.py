"""The loop of watches outlives a store that is away."""

from typing import Any

import anyio

from tablewire.domain.markets import NYC
from tablewire.domain.polled import Polled
from tablewire.engine.supervisor import Loop
from tablewire.engine.watch import TURN, WatchLoop
from tablewire.errors import StoreUnavailable
from tablewire.live.restaurants import Restaurants
from tests.clock import StepClock


class AwayBook:
    """A store that is away for some turns."""

    def __init__(self, turns: int) -> None:
        self.turns = turns
        self.back = anyio.Event()

    async def followed(self) -> list[Any]:
        self.turns -= 1
        if self.turns >= 0:
            raise StoreUnavailable("it is away")
        return []

    async def claim(self, *_: Any) -> list[Any]:
        self.back.set()
        return []


async def test_a_store_that_is_away_is_waited_for() -> None:
    clock, book = StepClock(), AwayBook(3)
    nobody: Any = None
    loop = WatchLoop(
        book=book,  # type: ignore[arg-type]  # it has what one turn asks for
        checks=nobody,
        writer=nobody,
        listings=Restaurants(),
        polled=Polled(markets=(NYC,), window_days=14, party_sizes=(2,)),
        clock=clock,
        wants=lambda _, __: None,
    )
    began = clock.monotonic()
    async with anyio.create_task_group() as group:
        group.start_soon(loop.run, Loop("watch", loop.run, clock))
        await book.back.wait()
        group.cancel_scope.cancel()
    assert clock.monotonic() - began >= 3 * TURN
