"""A clock that only moves when it is told to, or slept on."""

from datetime import UTC, datetime, timedelta

import anyio.lowlevel

START = datetime(2026, 2, 11, 15, 0, tzinfo=UTC)


class StepClock:
    """Simulated time: sleeping takes no time of the machine's."""

    def __init__(self, start: datetime = START) -> None:
        self._now = start
        self._seconds = 1000.0

    def now(self) -> datetime:
        self._now += timedelta(microseconds=1)
        return self._now

    def not_before(self, at: datetime) -> None:
        self._now = max(self._now, at)

    def monotonic(self) -> float:
        return self._seconds

    async def sleep(self, seconds: float) -> None:
        self.advance(max(0.0, seconds))
        await anyio.lowlevel.checkpoint()

    def advance(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)
        self._seconds += seconds
