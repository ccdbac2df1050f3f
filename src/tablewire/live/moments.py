"""When things happened in this process: of the newest ones, as long as they are remembered."""

from collections import OrderedDict
from collections.abc import Iterable
from datetime import datetime


class Moments:
    """The first moment noted for each id; the oldest are forgotten."""

    def __init__(self, most: int = 10_000) -> None:
        self._most = most
        self._known: OrderedDict[int, datetime] = OrderedDict()

    def note(self, ids: Iterable[int], at: datetime) -> None:
        """It happened to these just now; an earlier note stays."""
        for id in ids:
            self._known.setdefault(id, at)
        while len(self._known) > self._most:
            self._known.popitem(last=False)

    def of(self, id: int) -> datetime | None:
        """When it happened, as far as is remembered."""
        return self._known.get(id)
