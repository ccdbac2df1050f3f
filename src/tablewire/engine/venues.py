"""Learning venues: what snapshots say of them goes to the store, now and then, and only what is new."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

from tablewire.domain.slots import Venue
from tablewire.storage.protocol import VenueBook

SEEN_AGAIN_AFTER = timedelta(hours=1)
"""How old a stored last sighting may be before it is written again."""
AT_ONCE = 500
"""Venues written in one statement."""

Learned = Callable[[Sequence[Venue], datetime], None]
"""Told of venues once they are stored, and when they were seen."""


class VenueLearner:
    """Keeps what is new of venues until it is written."""

    def __init__(self, book: VenueBook, learned: Learned = lambda _, __: None) -> None:
        self._book = book
        self._learned = learned
        self._known: dict[tuple[str, str], tuple[Venue, datetime]] = {}
        self._pending: dict[tuple[str, str], Venue] = {}

    def see(self, venues: Iterable[Venue], at: datetime) -> None:
        """Take over what a snapshot says."""
        for venue in venues:
            key = (venue.provider, venue.venue_id)
            known = self._known.get(key)
            if (
                known is None
                or at - known[1] >= SEEN_AGAIN_AFTER
                or (known[0] is not venue and known[0] != venue)
            ):
                self._pending[key] = venue

    async def write(self, at: datetime) -> int:
        """Write what is pending; answers how many venues that were. Raises `StoreError`, and keeps what it could not write."""
        written = 0
        while self._pending:
            keys = list(self._pending)[:AT_ONCE]
            venues = [self._pending[key] for key in keys]
            await self._book.learn(venues, at)
            for key, venue in zip(keys, venues, strict=True):
                self._known[key] = (venue, at)
                if self._pending.get(key) is venue:
                    del self._pending[key]
            self._learned(venues, at)
            written += len(venues)
        return written
