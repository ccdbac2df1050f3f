"""The venues that are asked for, by who asks for them."""

from collections.abc import Iterable, Sequence
from datetime import date

from tablewire.domain.wanted import WantedVenue

Pair = tuple[date, int, str]
"""(date, party size, venue id) at one provider."""


class Wanted:
    """What all sources want together. A source says all that it wants at once, and may say it anew at any time."""

    def __init__(self) -> None:
        self._by_source: dict[str, tuple[WantedVenue, ...]] = {}

    def set_wanted(self, source: str, venues: Iterable[WantedVenue]) -> None:
        """All that one source wants from now on, in place of what it wanted before."""
        self._by_source[source] = tuple(venues)

    def venues_of(self, provider: str) -> frozenset[str]:
        """The venues of a provider that are wanted at all."""
        return frozenset(one.venue_id for one in self._all() if one.provider == provider)

    def pairs(self, provider: str, dates: Sequence[date], sizes: Sequence[int]) -> list[Pair]:
        """What is wanted of a provider within some dates and party sizes, each pair once."""
        found: dict[Pair, None] = {}
        for one in self._all():
            if one.provider == provider:
                found |= {
                    (day, size, one.venue_id): None
                    for day in dates
                    for size in sizes
                    if one.is_for(day, size)
                }
        return list(found)

    def _all(self) -> Iterable[WantedVenue]:
        return (one for venues in self._by_source.values() for one in venues)
