"""What was looked up a moment ago: remembered for seconds, in bounded memory."""

from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

MOST = 10_000


class Recall(Generic[K, V]):
    """Values by key, each good for some seconds since it was looked up; those not asked for longest are forgotten first."""

    def __init__(self, seconds: float, now: Callable[[], float], *, most: int = MOST) -> None:
        self.now = now
        self._seconds = seconds
        self._most = most
        self._kept: dict[K, tuple[V, float]] = {}

    def get(self, key: K) -> V | None:
        """The value, while it is good."""
        kept = self._kept.get(key)
        return kept[0] if kept is not None and self.now() < kept[1] else None

    def knew(self, key: K) -> bool:
        """Whether there is a value, good or old."""
        return key in self._kept

    def put(self, key: K, value: V, since: float) -> None:
        """Keep what was looked up; `since` is when that began."""
        self._kept.pop(key, None)
        self._kept[key] = (value, since + self._seconds)
        if len(self._kept) > self._most:
            del self._kept[next(iter(self._kept))]

    def forget(self, key: K) -> None:
        """Forget one value."""
        self._kept.pop(key, None)

    def forget_where(self, matching: Callable[[V], bool]) -> None:
        """Forget the values that match."""
        for key in [key for key, (value, _) in self._kept.items() if matching(value)]:
            del self._kept[key]
