"""How often one client may make the service ask the providers."""

import time
from collections.abc import Callable
from math import ceil

from tablewire.api.problems import Refusal

_AT_ONCE = 3.0
_MOST_CLIENTS = 10_000


class AskLimit:
    """A small allowance for each client, which fills up again with time."""

    def __init__(self, per_minute: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_second = per_minute / 60
        self._clock = clock
        self._left: dict[str, tuple[float, float]] = {}

    def take(self, client: str) -> None:
        """Use up one ask. Raises `Refusal` (429) that says when the next one is allowed."""
        now = self._clock()
        left, at = self._left.pop(client, (_AT_ONCE, now))
        left = min(_AT_ONCE, left + (now - at) * self._per_second)
        self._left[client] = (left - 1 if left >= 1 else left, now)
        if len(self._left) > _MOST_CLIENTS:
            del self._left[next(iter(self._left))]
        if left < 1:
            wait = ceil((1 - left) / self._per_second)
            detail = (
                f"The providers can be asked again in {wait} s; without live=true the answer is from memory."
            )
            raise Refusal(429, "too-many-asks", detail, retry_after=wait)
