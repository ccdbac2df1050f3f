"""Wanted venues: restaurants that somebody waits for."""

from datetime import date

import msgspec


class WantedVenue(msgspec.Struct, frozen=True, kw_only=True):
    """One venue at one provider, and for which dates and party sizes it is waited for."""

    provider: str
    venue_id: str
    dates: frozenset[date] | None = None
    """None: all of the window."""
    sizes: frozenset[int] | None = None
    """None: all that are polled."""

    def is_for(self, day: date, size: int) -> bool:
        """Whether it is waited for on a date with a party size."""
        return (self.dates is None or day in self.dates) and (self.sizes is None or size in self.sizes)
