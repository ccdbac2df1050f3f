"""The clocks of a simulated machine: the true time, a wall clock that may be set wrong, and each process's own reading of it."""

import asyncio
from datetime import datetime, timedelta

from tablewire.engine.clock import SteadyClock
from tests.simulation.loop import FIRST_SECOND


class Machine:
    """The time as it is, and as the machine's wall clock has it."""

    def __init__(self, loop: asyncio.AbstractEventLoop, start: datetime) -> None:
        self.start = start
        self.wrong = timedelta(0)
        """How far the wall clock is ahead of the true time."""
        self._loop = loop

    def now(self) -> datetime:
        """The true time: the city lives by it."""
        return self.start + timedelta(seconds=self._loop.time() - FIRST_SECOND)

    def seconds(self) -> float:
        """True seconds since the start."""
        return self._loop.time() - FIRST_SECOND

    def wall(self) -> datetime:
        """What the wall clock shows."""
        return self.now() + self.wrong


class ProcessClock(SteadyClock):
    """The service's own clock in one process, by the machine's wall clock and the loop's seconds."""

    def __init__(self, machine: Machine, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(machine.wall, loop.time)

    async def sleep(self, seconds: float) -> None:
        """Wait in simulated time."""
        await asyncio.sleep(max(0.0, seconds))
