"""Simulated time for real sockets: the loop's clock stands still while anything moves, and jumps to the next timer when nothing does."""

import asyncio
import selectors
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import anyio

T = TypeVar("T")

GRACE = 0.0005
"""Real seconds in which something may still come over the loopback before time jumps."""
_LONGEST_LOOK = 1.0
_TURN = 1e-6
"""Simulated seconds that each turn of the loop takes: whoever waits for less than a float can tell still gets there."""


class _JumpingSelector(selectors.DefaultSelector):
    """Waits for sockets a moment only; after that it is time that moves."""

    def __init__(self, jump: Callable[[float], bool]) -> None:
        super().__init__()
        self._jump = jump
        self.grace = GRACE

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self._jump(_TURN)
        if timeout is not None and timeout <= 0:
            return super().select(0)
        found = super().select(self.grace)
        if found:
            return found
        if timeout is None or not self._jump(timeout):
            return super().select(_LONGEST_LOOK)
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop whose seconds cost nothing: a day of waiting passes as fast as its work is done."""

    def __init__(self) -> None:
        self._seconds = 1000.0
        self._held = 0
        self._looking = _JumpingSelector(self._jump)
        super().__init__(self._looking)

    def expect_no_sockets(self) -> None:
        """Nothing will ever come from outside: time need not wait for it."""
        self._looking.grace = 0.0

    def time(self) -> float:
        return self._seconds

    @contextmanager
    def held(self) -> Iterator[None]:
        """Time stands still in the block: somebody outside of this process is at work."""
        self._held += 1
        try:
            yield
        finally:
            self._held -= 1

    def _jump(self, seconds: float) -> bool:
        if self._held:
            return False
        self._seconds += seconds
        return True


class VirtualClock:
    """The loop's time as UTC, for the engine and for the city: no two readings are the same, and none goes back."""

    def __init__(self, start: datetime, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._zero = start - timedelta(seconds=loop.time())
        self._last = start

    def now(self) -> datetime:
        at = self._zero + timedelta(seconds=self._loop.time())
        self._last = max(at, self._last + timedelta(microseconds=1))
        return self._last

    def not_before(self, at: datetime) -> None:
        self._last = max(self._last, at)

    def monotonic(self) -> float:
        return self._loop.time()

    async def sleep(self, seconds: float) -> None:
        await anyio.sleep(max(0.0, seconds))


def run_virtual(work: Callable[[VirtualLoop], Coroutine[Any, Any, T]]) -> T:
    """Run `work` to its end in a loop of simulated time."""

    async def start() -> T:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        return await work(loop)

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(start())


MIDDAY = datetime(2026, 2, 11, 17, 0, tzinfo=UTC)
"""Noon in New York, on a Wednesday."""
