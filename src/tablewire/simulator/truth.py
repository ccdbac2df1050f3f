"""What really happened: every opening and closing of a table, for tests and benchmarks to count against."""

from collections import deque
from itertools import islice
from typing import Literal

import msgspec

from tablewire.simulator.routes import RESY

What = Literal["open", "close"]
Why = Literal["release", "cancellation", "booking", "expired", "calendar", "script"]


class Happening(msgspec.Struct, frozen=True, gc=False):
    """One (slot, party size) that became publicly bookable or ceased to be. `at` is seconds since 1970.

    A venue's id says who it is only together with its provider.
    """

    n: int
    at: float
    venue_id: int
    actual_time: str
    party_size: int
    what: What
    why: Why
    provider: str = RESY


class OpenSlot(msgspec.Struct, frozen=True, gc=False):
    """A slot that a whole answer would show now, for one party size."""

    venue_id: int
    actual_time: str
    party_size: int
    provider: str = RESY


class Truth:
    """The log of happenings, numbered from 1; the oldest fall out once `limit` is passed."""

    def __init__(self, limit: int = 300_000) -> None:
        self._events: deque[Happening] = deque(maxlen=limit)
        self._count = 0

    @property
    def events(self) -> list[Happening]:
        """All happenings still kept, oldest first."""
        return list(self._events)

    @property
    def count(self) -> int:
        """How many happenings there have ever been; also the number of the latest."""
        return self._count

    def record(
        self,
        at: float,
        venue_id: int,
        actual_time: str,
        party_size: int,
        what: What,
        why: Why,
        provider: str = RESY,
    ) -> None:
        """Add one happening."""
        self._count += 1
        self._events.append(
            Happening(self._count, at, venue_id, actual_time, party_size, what, why, provider)
        )

    def since(self, number: int, limit: int | None = None) -> list[Happening]:
        """The happenings after that number, oldest first, at most `limit` of them."""
        first_kept = self._count - len(self._events)
        skip = max(0, number - first_kept)
        stop = None if limit is None else skip + limit
        return list(islice(self._events, skip, stop))
