"""The service's own clock: UTC that never goes back, and the sleep that goes with it."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

import anyio

SLOWED = 0.5
"""Seconds that the service's clock goes on in a second, while it is ahead of a machine's clock that was set back."""
MOST_AHEAD = timedelta(days=1)
"""What was stored further ahead of the machine's clock was stored by a clock that was wrong: nobody waits for it."""
_TICK = timedelta(microseconds=1)


class Clock(Protocol):
    """What the engine asks of time. Tests and simulated days bring their own."""

    def now(self) -> datetime:
        """The time in UTC; each answer is later than the one before, whatever was done to the machine's clock."""
        ...

    def not_before(self, at: datetime) -> None:
        """Go on from `at` where that is later, unless it is so much later that it cannot have been right."""
        ...

    def monotonic(self) -> float:
        """Seconds of the running loop's clock."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


class SteadyClock:
    """A wall clock made fit to compare by: where it is set back, it goes on at half speed until it has been caught up with.

    Standing still until then would be simpler, but ages would stand still too: pages would never be overdue for hours.
    """

    def __init__(self, wall: Callable[[], datetime], monotonic: Callable[[], float]) -> None:
        self._wall = wall
        self._monotonic = monotonic
        self._last = wall()
        self._read_at = monotonic()

    @property
    def last(self) -> datetime:
        """The latest answer of `now`."""
        return self._last

    def now(self) -> datetime:
        """The wall clock's time; where it went back, the last answer and half of what has passed since, but later than that answer."""
        read_at = self._monotonic()
        passed = timedelta(seconds=(read_at - self._read_at) * SLOWED)
        self._last = max(self._wall(), self._last + max(passed, _TICK))
        self._read_at = read_at
        return self._last

    def not_before(self, at: datetime) -> None:
        """Go on from where another process had got to, if the machine's clock was set back in between."""
        if self._last < at <= self._last + MOST_AHEAD:
            self._last = at

    def monotonic(self) -> float:
        """Seconds of a clock that nobody sets."""
        return self._monotonic()


class SystemClock(SteadyClock):
    """The machine's clock, and the sleep of the running loop."""

    def __init__(self) -> None:
        super().__init__(lambda: datetime.now(UTC), time.monotonic)

    async def sleep(self, seconds: float) -> None:
        """Wait in the running loop."""
        await anyio.sleep(max(0.0, seconds))
