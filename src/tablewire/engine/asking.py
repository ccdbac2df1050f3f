"""Asking a provider for one date: pages of the sweep, and venues by name, as one snapshot."""

from collections.abc import Awaitable
from datetime import date, timedelta
from functools import reduce

import anyio

from tablewire.domain.markets import Market
from tablewire.domain.snapshots import Outcome, Snapshot
from tablewire.engine.clock import Clock
from tablewire.engine.merging import merged
from tablewire.engine.sweep import Ask
from tablewire.providers.protocol import AvailabilityProvider, VenueLooks

LATE = 5.0
"""Seconds after its own time-out at which a provider that does not come back is given up."""


class Asking:
    """Asks one provider about one market, and waits no longer than a poll may take."""

    def __init__(
        self, market: Market, provider: AvailabilityProvider, timeout: timedelta, clock: Clock
    ) -> None:
        self._market = market
        self._provider = provider
        self._timeout = timeout.total_seconds()
        self._clock = clock

    async def ask(self, day: date, ask: Ask) -> Snapshot:
        """The sweep's pages and the looks by name at once, as one snapshot; whatever goes wrong is its outcome."""
        until = self._clock.monotonic() + self._timeout
        halves: list[Snapshot] = []
        async with anyio.create_task_group() as group:
            if ask.pages or not ask.looks:
                group.start_soon(self._sweep, day, ask, until, halves, name=f"sweep {day}")
            if ask.looks:
                group.start_soon(self._look, day, ask, until, halves, name=f"look {day}")
        return reduce(merged, halves)

    async def _sweep(self, day: date, ask: Ask, until: float, halves: list[Snapshot]) -> None:
        asking = self._provider.search_availability(
            self._market, day, None, tuple(ask.pages), pages=ask.pages, until=until
        )
        halves.append(await self._in_time(day, asking))

    async def _look(self, day: date, ask: Ask, until: float, halves: list[Snapshot]) -> None:
        if isinstance(self._provider, VenueLooks):
            asking = self._provider.look_at(self._market, day, ask.looks, until=until)
            halves.append(await self._in_time(day, asking))

    async def _in_time(self, day: date, asking: Awaitable[Snapshot]) -> Snapshot:
        """What a provider answers, or nothing where it does not come back though its time is over."""
        allowed = self._timeout + LATE
        with anyio.move_on_after(allowed):
            return await asking
        return self._nothing(day, f"no answer within {allowed:.0f} s")

    def _nothing(self, day: date, cause: str) -> Snapshot:
        return Snapshot(
            provider=self._provider.provider_id,
            market=self._market.id,
            service_date=day,
            finished_at=self._clock.now(),
            answers=(),
            outcome=Outcome.FAILED,
            cause=cause,
        )
