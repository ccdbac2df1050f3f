"""The service's own clock: UTC that never goes back, and the sleep that goes with it."""

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

import anyio


class Clock(Protocol):
    """What the engine asks of time. Tests and simulated days bring their own."""

    def now(self) -> datetime:
        """The time in UTC; each answer is later than the one before, whatever was done to the machine's clock."""
        ...

    def monotonic(self) -> float:
        """Seconds of the running loop's clock."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


class SystemClock:
    """The machine's clock, held back where it is set back: two readings never come in the wrong order."""

    def __init__(self) -> None:
        self._last = datetime.now(UTC)

    def now(self) -> datetime:
        """The machine's time, or a microsecond after the last answer where the machine went back."""
        self._last = max(datetime.now(UTC), self._last + timedelta(microseconds=1))
        return self._last

    def monotonic(self) -> float:
        """Seconds of the monotonic clock that asyncio's loop reads too."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait in the running loop."""
        await anyio.sleep(max(0.0, seconds))
