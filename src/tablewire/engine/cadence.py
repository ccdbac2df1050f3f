"""Cadence: ticks that keep to the clock, however long the work between them takes."""

from collections.abc import AsyncIterator

from tablewire.engine.clock import Clock


def next_tick(started: float, interval: float, now: float) -> float:
    """The first moment after `now` that lies a whole number of intervals after `started`."""
    return started + (int((now - started) / interval) + 1) * interval


class Cadence:
    """Ticks every `interval` seconds of the clock; ticks that were missed become one, at once."""

    def __init__(self, interval: float, clock: Clock) -> None:
        self.interval = interval
        self._clock = clock
        self._next: float | None = None

    @property
    def until_next(self) -> float:
        """Seconds until the next tick; 0 where it is due."""
        return 0.0 if self._next is None else max(0.0, self._next - self._clock.monotonic())

    async def ticks(self) -> AsyncIterator[None]:
        """A tick at once, then one each interval."""
        started = self._clock.monotonic()
        self._next = started
        while True:
            await self._clock.sleep(self._next - self._clock.monotonic())
            # A sleep may end a moment early: the tick that it was for has come all the same.
            self._next = next_tick(started, self.interval, max(self._next, self._clock.monotonic()))
            yield
