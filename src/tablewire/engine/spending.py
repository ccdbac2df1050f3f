"""Spending: what a provider's calls went into, and what came of them."""

from collections import deque
from datetime import datetime, timedelta

OVER = timedelta(hours=1)
"""What calls per drop are counted over."""
_LEAST_FOR_RETRIES = 0.05
_MOST_FOR_RETRIES = 0.5
_FOLLOWS = 0.2
"""How fast the share of retries follows that of the last cycle."""


class Spending:
    """The calls, retries and drops of the last hour's cycles."""

    def __init__(self) -> None:
        self._cycles: deque[tuple[datetime, int, int]] = deque()
        self._retries = 0.0

    def spent(self, at: datetime, calls: int, retries: int, drops: int) -> None:
        """Note what one cycle came to; `calls` has the retries in it."""
        self._cycles.append((at, calls, drops))
        while at - self._cycles[0][0] > OVER:
            self._cycles.popleft()
        if calls > 0:
            self._retries += _FOLLOWS * (retries / calls - self._retries)

    @property
    def share_of_retries(self) -> float:
        """The share of calls that goes into retries, as far as can be told from lately; some of it is always set aside."""
        return min(_MOST_FOR_RETRIES, max(_LEAST_FOR_RETRIES, self._retries))

    @property
    def calls_per_drop(self) -> float | None:
        """Calls spent for each drop that was found; None where none was."""
        drops = sum(found for _, _, found in self._cycles)
        return sum(calls for _, calls, _ in self._cycles) / drops if drops else None
