"""Allowances: how much each client may do, filling up again with time."""

import time
from collections.abc import Callable
from math import ceil
from typing import Final

MOST_CLIENTS: Final = 10_000


class Allowances:
    """A bucket for each client: so many at once, and so many a second after that.

    Those who asked longest ago are forgotten first when there are many: their buckets have most likely filled up again.
    """

    def __init__(
        self,
        per_second: float,
        at_once: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        most: int = MOST_CLIENTS,
    ) -> None:
        self._per_second = per_second
        self._at_once = at_once
        self._clock = clock
        self._most = most
        self._left: dict[str, tuple[float, float]] = {}

    def take(self, client: str) -> int | None:
        """Use up one; where there is none left, answers after how many seconds there is, and uses up nothing."""
        now = self._clock()
        left = self._now_left(client, now)
        self._left.pop(client, None)
        self._left[client] = (left - 1 if left >= 1 else left, now)
        if len(self._left) > self._most:
            del self._left[next(iter(self._left))]
        return self._wait(left)

    def wait(self, client: str) -> int | None:
        """After how many seconds there is one again; None where there is one."""
        return self._wait(self._now_left(client, self._clock()))

    def _now_left(self, client: str, now: float) -> float:
        left, at = self._left.get(client, (self._at_once, now))
        return min(self._at_once, left + (now - at) * self._per_second)

    def _wait(self, left: float) -> int | None:
        return None if left >= 1 else max(1, ceil((1 - left) / self._per_second))
