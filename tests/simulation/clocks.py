"""The clocks of a simulated machine: the true time, a wall clock that may be set wrong, and each process's own reading of it."""

import asyncio
from datetime import datetime, timedelta

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


class ProcessClock:
    """The service's own clock in one process: the wall clock's, held back where that is set back (see `engine.clock`)."""

    def __init__(self, machine: Machine, loop: asyncio.AbstractEventLoop) -> None:
        self.last = machine.wall()
        self._machine = machine
        self._loop = loop

    def now(self) -> datetime:
        """Later than the answer before."""
        self.last = max(self._machine.wall(), self.last + timedelta(microseconds=1))
        return self.last

    def monotonic(self) -> float:
        """The loop's seconds, which nobody sets."""
        return self._loop.time()

    async def sleep(self, seconds: float) -> None:
        """Wait in simulated time."""
        await asyncio.sleep(max(0.0, seconds))
