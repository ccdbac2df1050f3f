"""Asking a provider for one date: portions of the sweep's pages, and of venues by name, each a snapshot as it comes."""

from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from functools import reduce

import anyio
import msgspec
from anyio.streams.memory import MemoryObjectSendStream

from tablewire.domain.markets import Market
from tablewire.domain.snapshots import Outcome, Snapshot
from tablewire.engine.clock import Clock
from tablewire.engine.merging import merged
from tablewire.engine.portions import portions_of
from tablewire.engine.sweep import Ask
from tablewire.errors import StoreError
from tablewire.providers.protocol import AvailabilityProvider, VenueLooks

LATE = 5.0
"""Seconds after its own time-out at which a provider that does not come back is given up."""

Take = Callable[[Snapshot, int], Awaitable[None]]
"""Takes over what a portion brought back, and is told how many are still to come; it may raise StoreError."""


class Asking:
    """Asks one provider about one market, and waits no longer than a poll may take."""

    def __init__(
        self,
        market: Market,
        provider: AvailabilityProvider,
        timeout: timedelta,
        clock: Clock,
        opted_out: frozenset[str] = frozenset(),
    ) -> None:
        """What providers say of venues in `opted_out`, which want to be left alone, is not passed on."""
        self._market = market
        self._provider = provider
        self._timeout = timeout.total_seconds()
        self._clock = clock
        self._opted_out = opted_out

    @property
    def venues_per_call(self) -> int:
        """How many venues one call by name asks for; 0 where there is no such call."""
        return self._provider.venues_per_call if isinstance(self._provider, VenueLooks) else 0

    async def ask(self, day: date, ask: Ask, take: Take) -> None:
        """Ask for everything at once, and hand over portion by portion, one at a time; whatever goes wrong is a portion's outcome.

        Raises the StoreError that `take` raises: then what has not been handed over is given up.
        """
        portions = portions_of(ask, self.venues_per_call)
        until = self._clock.monotonic() + self._timeout
        send, come = anyio.create_memory_object_stream[Snapshot](len(portions))
        refused: StoreError | None = None
        with send, come:
            async with anyio.create_task_group() as group:
                for number, portion in enumerate(portions, 1):
                    group.start_soon(
                        self._portion, day, portion, until, send, name=f"portion {number}, {day}"
                    )
                try:
                    for left in reversed(range(len(portions))):
                        await take(await come.receive(), left)
                except StoreError as error:
                    refused = error
                    group.cancel_scope.cancel()
        if refused is not None:
            raise refused

    async def _portion(
        self, day: date, portion: Ask, until: float, send: MemoryObjectSendStream[Snapshot]
    ) -> None:
        """The pages and the looks by name of one portion at once."""
        halves: list[Snapshot] = []
        async with anyio.create_task_group() as group:
            if portion.pages or not portion.looks:
                group.start_soon(self._sweep, day, portion, until, halves, name=f"sweep {day}")
            if portion.looks:
                group.start_soon(self._look, day, portion, until, halves, name=f"look {day}")
        send.send_nowait(self._without_opted_out(reduce(merged, halves)))

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

    def _without_opted_out(self, snapshot: Snapshot) -> Snapshot:
        if not self._opted_out:
            return snapshot
        answers = tuple(
            msgspec.structs.replace(
                answer, venues=tuple(said for said in answer.venues if said.venue_id not in self._opted_out)
            )
            for answer in snapshot.answers
        )
        return msgspec.structs.replace(snapshot, answers=answers)
