"""The supervisor: keeps the loops alive, and gives up loudly where one is beyond saving."""

from collections import deque
from collections.abc import Awaitable, Callable
from datetime import datetime

import anyio

from tablewire.engine.clock import Clock
from tablewire.errors import TablewireError
from tablewire.telemetry import LogEvent, get_logger

log = get_logger("engine.supervisor")

FIRST_PAUSE = 1.0
"""Seconds before a loop that raised is started again; doubled each time."""
LONGEST_PAUSE = 30.0
TOO_MANY = 8
"""A loop that raises so often within `WITHIN` is beyond saving."""
WITHIN = 600.0
"""Seconds."""


class BeyondSaving(TablewireError):
    """A loop failed again and again: the process has to end."""


class Loop:
    """One named loop: what it runs, and how it is doing."""

    def __init__(self, name: str, run: Callable[["Loop"], Awaitable[None]], clock: Clock) -> None:
        self.name = name
        self.restarts = 0
        self.last_error: str | None = None
        self.heartbeat_at: datetime | None = None
        self.alive = False
        self._run = run
        self._clock = clock
        self._failures: deque[float] = deque()

    def beat(self) -> None:
        """Say that the loop is at work: once each turn."""
        self.heartbeat_at = self._clock.now()
        self.alive = True

    async def keep_alive(self, restarted: Callable[["Loop"], None]) -> None:
        """Run for ever, starting again after a pause where the loop raises.

        Raises `BeyondSaving` where it raises too often.
        """
        while True:
            try:
                await self._run(self)
                error: Exception = RuntimeError("the loop ended by itself")
            except Exception as raised:  # noqa: BLE001 - the edge of a loop
                error = raised
            self._note(error)
            restarted(self)
            await self._clock.sleep(min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (len(self._failures) - 1)))

    def _note(self, error: Exception) -> None:
        self.alive = False
        self.restarts += 1
        self.last_error = f"{type(error).__name__}: {error}"
        now = self._clock.monotonic()
        self._failures.append(now)
        while now - self._failures[0] > WITHIN:
            self._failures.popleft()
        message = f"the loop {self.name} failed and is started again: {self.last_error}"
        log.error(
            LogEvent.LOOP_FAILED, message=message, loop=self.name, restarts=self.restarts, exc_info=error
        )
        if len(self._failures) >= TOO_MANY:
            raise BeyondSaving(
                f"loop {self.name} failed {len(self._failures)} times in {WITHIN:.0f} s"
            ) from error


async def beating(loop: Loop, work: Callable[[], Awaitable[None]]) -> None:
    """Run work that never ends, and say each second beside it that its loop is alive."""
    async with anyio.create_task_group() as group:
        group.start_soon(_beat_forever, loop, name=f"{loop.name}_beat")
        await work()


async def _beat_forever(loop: Loop) -> None:
    while True:
        loop.beat()
        await anyio.sleep(1)


class Supervisor:
    """All loops in one task group: one that raises never takes its siblings with it."""

    def __init__(self, clock: Clock, restarted: Callable[[Loop], None] = lambda _: None) -> None:
        self._clock = clock
        self._restarted = restarted
        self.loops: list[Loop] = []

    def add(self, name: str, run: Callable[[Loop], Awaitable[None]]) -> Loop:
        """Name a loop that `run` will keep alive."""
        loop = Loop(name, run, self._clock)
        self.loops.append(loop)
        return loop

    async def run(self) -> None:
        """Keep every loop alive until cancelled. Raises `BeyondSaving`."""
        try:
            async with anyio.create_task_group() as group:
                for loop in self.loops:
                    group.start_soon(loop.keep_alive, self._restarted, name=loop.name)
        except* BeyondSaving as lost:
            raise lost.exceptions[0] from None
