"""The door of the providers: what the engine asks of any of them, and what each promises."""

import asyncio
from collections import Counter, deque
from collections.abc import Mapping
from datetime import date
from math import ceil
from typing import Literal, Protocol, runtime_checkable

import msgspec

from tablewire.domain.markets import Market
from tablewire.domain.snapshots import Snapshot

BreakerState = Literal["closed", "open", "half_open"]


class ProviderStatus(msgspec.Struct, frozen=True, kw_only=True):
    """What a provider says of itself for health and metrics."""

    enabled: bool
    """Whether it is polled: it has what it needs to be asked."""
    breaker: BreakerState = "closed"
    rate: float = 0.0
    """Calls a second it may be sent at most."""
    rate_now: float = 0.0
    """Calls a second it may be sent now, after what it answered lately."""
    error_rate: float = 0.0
    """Share of the last calls that failed, 0 to 1."""
    problems: tuple[str, ...] = ()
    """What is wrong with it, in plain words: keys refused, blocked, drift of its answers."""
    calls: int = 0
    """Requests sent since the start, retries included."""
    retries: int = 0
    """How many of them were a call's second or third attempt."""
    waiting: int = 0
    """Calls that it has been asked for and that wait to be sent, for the budget or for a seat."""
    outcomes: Mapping[str, int] = {}
    """How the calls ended, by kind, since the start."""


class AvailabilityProvider(Protocol):
    """A reservation platform that can be asked what is free.

    It never raises for what the platform answers: an answer that is late, refused, blocked or senseless is an outcome of the
    snapshot with a cause in plain words, and what was answered before it is kept. It raises only when it is cancelled.
    """

    @property
    def provider_id(self) -> str:
        """The id under which it is registered, e.g. `resy`."""
        ...

    async def search_availability(
        self,
        market: Market,
        service_date: date,
        time_slot: str | None,
        party_sizes: tuple[int, ...],
        *,
        pages: Mapping[int, tuple[int, ...]] | None = None,
        until: float | None = None,
    ) -> Snapshot:
        """Ask what is free on a date for each of the party sizes.

        `time_slot` narrows the question to one part of the day; None asks for all of it, and one answer serves all its buckets.
        `pages` says which pages (from 1) to ask for by party size; None asks for all. A provider without pages ignores it.
        `until` is a moment of the running loop's clock: by then it returns what it has, and counts the rest as not answered.
        """
        ...

    def status(self) -> ProviderStatus:
        """How it is doing."""
        ...

    async def probe(self) -> str | None:
        """One real call, the lightest there is: what is wrong, in plain words, or None. For `tablewire doctor`."""
        ...

    async def aclose(self) -> None:
        """Give back connections."""
        ...


@runtime_checkable
class VenueLooks(Protocol):
    """A provider that can be asked for venues by name, beside its sweep. What it promises is what `AvailabilityProvider` promises."""

    @property
    def venues_per_call(self) -> int:
        """How many venues one call asks for at most."""
        ...

    async def look_at(
        self,
        market: Market,
        service_date: date,
        venues: Mapping[int, tuple[str, ...]],
        *,
        until: float | None = None,
    ) -> Snapshot:
        """Ask what is free on a date at some venues: their ids by party size.

        The answers have page 0: they are no part of a sweep. `until` is as in `search_availability`.
        """
        ...


class Seats:
    """How many calls may be in flight at once, over all providers and buckets.

    Some are kept for each provider, so that one whose calls all hang does not take the others' too: as many as it sends calls a
    second, but at most its fair share. The rest are for whoever comes first.
    """

    def __init__(self, seats: int) -> None:
        self.seats = seats
        self._wanted: dict[str, int] = {}
        self._held: Counter[str] = Counter()
        self._waiting: deque[asyncio.Future[None]] = deque()

    def keep(self, provider: str, rate: float) -> None:
        """A provider that is sent so many calls a second is going to take seats."""
        self._wanted[provider] = ceil(rate)

    async def take(self, provider: str) -> None:
        """Wait for a seat."""
        while not self._is_free(provider):
            turn = asyncio.get_running_loop().create_future()
            self._waiting.append(turn)
            try:
                await turn
            finally:
                self._waiting.remove(turn)
        self._held[provider] += 1

    def give_back(self, provider: str) -> None:
        """A seat that was taken is free again."""
        self._held[provider] -= 1
        for turn in self._waiting:
            if not turn.done():
                turn.set_result(None)

    def _is_free(self, provider: str) -> bool:
        kept = sum(
            max(0, min(wanted, self._fair_share) - self._held[other])
            for other, wanted in self._wanted.items()
            if other != provider
        )
        return self._held.total() + kept < self.seats

    @property
    def _fair_share(self) -> int:
        return self.seats // len(self._wanted)
