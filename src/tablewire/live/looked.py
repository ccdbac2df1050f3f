"""When venues were looked at, as the board knows it."""

from collections.abc import Iterator
from datetime import date, datetime

from tablewire.live.board import Board


class BoardLooked:
    """`domain.looked.LookedAt` over the buckets that are shown."""

    def __init__(self, board: Board) -> None:
        self._board = board

    def last_looked(self, provider: str, venue_id: str, day: date, size: int) -> datetime | None:
        """The latest observation of any part of the day."""
        pairs = (
            place.state.pair(size, venue_id)
            for place in self._board.places()
            if place.state.provider == provider and place.state.key.service_date == day
        )
        return max((pair.observed_at for pair in pairs if pair and pair.observed_at), default=None)

    def share_observed(self, provider: str, venue_id: str, since: datetime) -> float | None:
        """The share of the venue's pairs that were observed since then."""
        fresh = [at is not None and at >= since for at in self._observations(provider, venue_id)]
        return sum(fresh) / len(fresh) if fresh else None

    def _observations(self, provider: str, venue_id: str) -> Iterator[datetime | None]:
        for place in self._board.places():
            if place.state.provider != provider:
                continue
            for of_size in place.state.pairs.values():
                pair = of_size.get(venue_id)
                if pair is not None:
                    yield pair.observed_at
