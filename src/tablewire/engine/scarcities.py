"""How hard a table is to get at each venue, in memory: what goals are scored with."""

import msgspec

from tablewire.domain.restaurants import Listing
from tablewire.engine.finished_days import WINDOW_DAYS
from tablewire.insights.figures import Figure
from tablewire.storage.figure_door import RolledBook


class _Scored(msgspec.Struct, frozen=True):
    """As much of a venue's figures as is needed here."""

    scarcity_score: Figure


_decode = msgspec.json.Decoder(_Scored).decode


class Scarcities:
    """Read again after each roll-up."""

    def __init__(self, book: RolledBook) -> None:
        self._book = book
        self._known: dict[Listing, float] = {}

    def of(self, provider: str, venue_id: str) -> float | None:
        """0 to 1; None where it is not known."""
        return self._known.get(Listing(provider, venue_id))

    def forget(self) -> None:
        """The store has been emptied."""
        self._known = {}

    async def load(self) -> None:
        """Read what is stored. Raises `StoreUnavailable`."""
        scores = (
            (row.listing, _decode(row.body).scarcity_score) for row in await self._book.metrics(WINDOW_DAYS)
        )
        self._known = {listing: score.value / 100 for listing, score in scores if score.value is not None}
